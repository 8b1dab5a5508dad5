#include "routing/tongue.h"

#include "base/buf.h"
#include "config/mandate.h"
#include "routing/text.h"

#include <stddef.h>

enum {
    SAMPLE_BYTES = 4000,
    SCRIPT_PERCENT = 20 /* Latin names and commands stand in texts of all scripts */
};

/* Tokens of a script, and function words of the language it was read in. */
struct counts {
    size_t words, han, arabic, cyrillic, function_words;
};

static struct counts counts_of(const char *sample, int language)
{
    struct counts c = {0};
    struct text t;

    text_read(sample, language, &t);
    for (size_t i = 0; i < t.tokens_n; i++) {
        c.words += !(t.tokens[i].flags & TOKEN_NUMBER);
        c.han += (t.tokens[i].flags & TOKEN_HAN) != 0;
        c.arabic += (t.tokens[i].flags & TOKEN_ARABIC) != 0;
        c.cyrillic += (t.tokens[i].flags & TOKEN_CYRILLIC) != 0;
        c.function_words += (t.tokens[i].flags & TOKEN_STOP) != 0;
    }
    text_clear(&t);
    return c;
}

static int latin_tongue(const char *sample)
{
    static const char *const codes[] = {"en", "es", "fr"}; /* the first wins a draw */
    size_t most = 0;
    int best = language_find(codes[0]);

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        int language = language_find(codes[i]);
        size_t n = counts_of(sample, language).function_words;
        if (n > most) {
            most = n;
            best = language;
        }
    }
    return best;
}

int tongue_of(const char *language, const char *title, const char *text)
{
    BUF_AUTO struct buf sample = {0};
    struct counts c;
    int known = language_find(language);

    if (known >= 0)
        return known;
    buf_printf(&sample, "%.*s\n%.*s", SAMPLE_BYTES, title, SAMPLE_BYTES, text);
    c = counts_of(buf_text(&sample), -1);
    if (c.han * 100 > c.words * SCRIPT_PERCENT)
        return language_find("zh");
    if (c.arabic * 100 > c.words * SCRIPT_PERCENT)
        return language_find("ar");
    if (c.cyrillic * 100 > c.words * SCRIPT_PERCENT)
        return language_find("ru");
    return latin_tongue(buf_text(&sample));
}
