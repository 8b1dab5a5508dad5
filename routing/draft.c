#include "routing/draft.h"

#include <string.h>

static const char *text_of(const json_t *doc, const char *member)
{
    return json_string_value(json_object_get(doc, member));
}

static bool is_word(const json_t *doc, const char *member, const char *word)
{
    const char *text = text_of(doc, member);

    return text && strcmp(text, word) == 0;
}

enum err_code draft_read(const struct mandate *m, const json_t *doc,
                         const char *themes[DRAFT_THEMES_MAX + 1], struct draft *ret_draft,
                         struct err *e)
{
    static const char *const required[] = {"country", "language", "title", "description"};
    const json_t *list = json_object_get(doc, "themes");
    const char *preferred = text_of(doc, "preferred_secretariat");
    size_t n = 0;

    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++)
        if (!text_of(doc, required[i]))
            return err_set(e, ERR_VALIDATION, "%s is not a text", required[i]);
    if (language_find(text_of(doc, "language")) < 0)
        return err_set(e, ERR_VALIDATION, "language is none of ar en es fr ru zh");
    if (strlen(text_of(doc, "country")) != 3)
        return err_set(e, ERR_VALIDATION, "country is no ISO 3166-1 alpha-3 code");
    for (size_t i = 0; i < json_array_size(list) && n < DRAFT_THEMES_MAX; i++) {
        const char *theme = json_string_value(json_array_get(list, i));

        if (theme)
            themes[n++] = theme;
    }
    themes[n] = NULL;
    *ret_draft = (struct draft){
        .country = text_of(doc, "country"),
        .language = language_find(text_of(doc, "language")),
        .title = text_of(doc, "title"),
        .description = text_of(doc, "description"),
        .themes = themes,
        .emergency = is_word(doc, "urgency", "emergency"),
        .preferred = preferred ? mandate_secretariat(m, preferred) : -1,
        .beyond_jurisdiction = json_is_true(json_object_get(doc, "beyond_jurisdiction")),
        .restricted = is_word(doc, "disclosure", "restricted"),
    };
    return ERR_OK;
}
