#include "protocol/etag.h"

#include <stdio.h>
#include <string.h>

char *etag_write(int64_t version, char out[ETAG_BYTES])
{
    snprintf(out, ETAG_BYTES, "\"r%lld\"", (long long)version);
    return out;
}

static bool listed(const char *list, int64_t version, bool weak_counts)
{
    char ours[ETAG_BYTES];
    size_t n;

    n = strlen(etag_write(version, ours)) - 1; /* without the closing quote */
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
        if ((!weak || weak_counts) && !strncmp(list, ours, n) &&
            (list + n == end || !strncmp(list + n, "-gzip\"", 6) || !strncmp(list + n, "-br\"", 4)))
            return true;
        list = end + 1;
    }
    return false;
}

bool etag_matches(const char *if_match, int64_t version)
{
    return listed(if_match, version, false);
}

bool etag_none_matches(const char *if_none_match, int64_t version)
{
    return listed(if_none_match, version, true);
}
