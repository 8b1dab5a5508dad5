#include "daemon/coding.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ZLIB_CONST /* what is packed is only read */
#include <zlib.h>

static size_t blanks(const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && (text[i] == ' ' || text[i] == '\t'))
        i++;
    return i;
}

/* Whether what stands behind a coding says that it is refused: ";q=0", ";q=0.0" .. */
static bool is_refused(const char *text, size_t n)
{
    size_t at = blanks(text, n);

    if (at == n || text[at] != ';')
        return false;
    at++;
    at += blanks(text + at, n - at);
    if (n - at < 3 || strncasecmp(text + at, "q=0", 3) != 0)
        return false;
    for (at += 3; at < n; at++)
        if (text[at] >= '1' && text[at] <= '9')
            return false;
    return true;
}

bool coding_is_accepted(const char *value, size_t n, const char *coding)
{
    size_t coding_n = strlen(coding);

    while (n) {
        size_t at = blanks(value, n);
        const char *comma = memchr(value, ',', n);
        size_t part_n = comma ? (size_t)(comma - value) : n;
        size_t word_n = at;

        while (word_n < part_n && !strchr(" \t;", value[word_n]))
            word_n++;
        if (at <= part_n && word_n - at == coding_n && !strncasecmp(value + at, coding, coding_n))
            return !is_refused(value + word_n, part_n - word_n);
        if (!comma)
            break;
        n -= part_n + 1;
        value = comma + 1;
    }
    return false;
}

/* --- gzip ------------------------------------------------------------------------------------- */

enum {
    LEAST_BYTES = 1024,     /* below it the head outweighs what is saved */
    MOST_BYTES = 256 << 10, /* above it somebody else would wait for it too long */
    LEVEL = 4,
    WINDOW_GZIP = 15 + 16, /* zlib: the largest window, and a gzip head */
    MEMORY = 8             /* zlib's own default */
};

bool coding_gzip(const void *bytes, size_t n, struct buf *ret_packed)
{
    z_stream z = {.next_in = (const Bytef *)bytes, .avail_in = (uInt)n};
    char *out;

    if (n < LEAST_BYTES || n > MOST_BYTES)
        return false;
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        bug("out of memory");
    out = mem_new(n, 1); /* what does not become shorter goes as it is */
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)n;
    if (deflate(&z, Z_FINISH) == Z_STREAM_END)
        buf_add(ret_packed, out, n - z.avail_out);
    deflateEnd(&z);
    free(out);
    return ret_packed->bytes > 0;
}
