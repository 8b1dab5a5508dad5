#include "cli/credential.h"

#include "cli/private_file.h"

#include <ctype.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

/* The member `as` of a credentials.json. Borrowed from file. */
static enum err_code choose(const json_t *file, const char *path, const char *as,
                            const char **ret_text, struct err *e)
{
    const char *text = as ? json_string_value(json_object_get(file, as)) : NULL;

    if (!json_is_object(file))
        return err_set(e, ERR_CONFIG, "%.150s is no JSON object", path);
    if (!as)
        return err_set(e, ERR_CONFIG, "%.100s has several tokens: choose one, --as country:KEN",
                       path);
    if (!text)
        return err_set(e, ERR_CONFIG, "%.100s has no token of %.60s", path, as);
    *ret_text = text;
    return ERR_OK;
}

/* A copy without the blanks around it. */
static char *guarded_copy(const char *text)
{
    size_t n = strlen(text);
    char *copy;

    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    copy = sodium_malloc(n + 1);
    if (!copy)
        bug("no guarded memory");
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

static enum err_code token_check(const char *text, const char *path, struct err *e)
{
    for (const char *c = text; *c; c++)
        if (!isgraph((unsigned char)*c))
            return err_set(e, ERR_CONFIG, "%.150s holds no token", path);
    return *text ? ERR_OK : err_set(e, ERR_CONFIG, "%.150s is empty", path);
}

enum err_code credential_text_read(const char *path, const char *as,
                                   struct credential_text *ret_credential, struct err *e)
{
    struct credential_text c = {0};
    char *file = NULL;
    const char *text = "";
    json_auto_t *members = NULL;
    struct token token;
    enum err_code rc = ERR_OK;

    if (path)
        rc = private_file_read(path, &file, e);
    if (rc == ERR_OK && path) {
        text = file + strspn(file, " \t\r\n");
        if (*text == '{') {
            members = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
            rc = choose(members, path, as, &text, e);
        }
    }
    if (rc == ERR_OK) {
        c.text = guarded_copy(text);
        if (path)
            rc = token_check(c.text, path, e);
        if (token_read(c.text, strlen(c.text), &token))
            memcpy(c.id, token.id, sizeof c.id);
        sodium_memzero(&token, sizeof token);
    }
    if (rc == ERR_OK)
        *ret_credential = c;
    else
        credential_text_clear(&c);
    sodium_free(file);
    return rc;
}

void credential_text_clear(struct credential_text *c)
{
    sodium_free(c->text);
    *c = (struct credential_text){0};
}
