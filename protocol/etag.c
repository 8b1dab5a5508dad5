#include "protocol/etag.h"

#include "protocol/word.h"

#include <stdio.h>
#include <string.h>

char *etag_write(int64_t version, const char *language, char out[ETAG_BYTES])
{
    snprintf(out, ETAG_BYTES, "\"r%lld%s%.2s\"", (long long)version, *language ? "-" : "",
             language);
    return out;
}

/* What a proxy adds that compresses. */
static bool is_coding(const char *text, size_t n)
{
    return n == 0 || (n == 5 && !memcmp(text, "-gzip", 5)) || (n == 3 && !memcmp(text, "-br", 3));
}

/* The tag of that version and language, with any coding. at, end: within the quotes. */
static bool names(const char *at, const char *end, int64_t version, const char *language)
{
    char ours[ETAG_BYTES];
    size_t n = strlen(etag_write(version, language, ours)) - 2; /* without the quotes */

    return (size_t)(end - at) >= n && !memcmp(at, ours + 1, n) &&
           is_coding(at + n, (size_t)(end - at) - n);
}

static bool names_any(const char *at, const char *end, int64_t version)
{
    bool found = names(at, end, version, "");

    for (const char *const *language = language_words; *language && !found; language++)
        found = names(at, end, version, *language);
    return found;
}

/* language: NULL for any. */
static bool listed(const char *list, int64_t version, const char *language, bool weak_counts)
{
    while (*list) {
        bool weak;
        const char *end;

        list += strspn(list, " \t,");
        weak = !strncmp(list, "W/", 2);
        if (weak)
            list += 2;
        if (*list == '*')
            return !weak;
        if (*list != '"' || !(end = strchr(list + 1, '"')))
            return false;
        if ((!weak || weak_counts) && (language ? names(list + 1, end, version, language)
                                                : names_any(list + 1, end, version)))
            return true;
        list = end + 1;
        list += strspn(list, " \t");
        if (*list && *list != ',')
            return false;
    }
    return false;
}

bool etag_matches(const char *if_match, int64_t version)
{
    return listed(if_match, version, NULL, false);
}

bool etag_none_matches(const char *if_none_match, int64_t version, const char *language)
{
    return listed(if_none_match, version, language, true);
}
