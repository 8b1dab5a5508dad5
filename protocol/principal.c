#include "protocol/principal.h"

#include "protocol/word.h"

#include <stdio.h>
#include <string.h>

const char *const role_words[] = {"country",  "secretariat", "coordinator",
                                  "operator", "system",      NULL};

char *principal_text(const struct principal *p, char out[PRINCIPAL_TEXT_BYTES])
{
    snprintf(out, PRINCIPAL_TEXT_BYTES, "%s%s%s", role_words[p->role], *p->of ? ":" : "", p->of);
    return out;
}

bool principal_make(const char *role, const char *of, struct principal *ret_p)
{
    int index = word_index(role_words, role);
    bool owned = index == ROLE_COUNTRY || index == ROLE_SECRETARIAT;
    struct principal p = {0};

    if (index < 0 || owned != (of && *of) || (owned && strlen(of) >= sizeof p.of))
        return false;
    p.role = (enum role)index;
    if (owned)
        memcpy(p.of, of, strlen(of));
    *ret_p = p;
    return true;
}

bool principal_read(const char *text, struct principal *ret_p)
{
    const char *colon = strchr(text, ':');
    char role[16];
    size_t n = colon ? (size_t)(colon - text) : strlen(text);

    if (n >= sizeof role)
        return false;
    memcpy(role, text, n);
    role[n] = '\0';
    return principal_make(role, colon ? colon + 1 : "", ret_p);
}
