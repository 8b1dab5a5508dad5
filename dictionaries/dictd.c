#include "dictionaries/dictd.h"

#include "base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { FILE_BYTES_MAX = 64 << 20, CHUNK_BYTES = 1 << 16 };

enum err_code dictd_inflate(const char *path, struct buf *ret_text, struct err *e)
{
    BUF_AUTO struct buf text = {0};
    char *chunk = mem_new(CHUNK_BYTES, 1);
    enum err_code rc = ERR_OK;
    gzFile f = gzopen(path, "rbe");
    int n = 0;

    if (!f)
        rc = err_set(e, ERR_CONFIG, "cannot open %s: %s", path, strerror(errno));
    while (rc == ERR_OK && (n = gzread(f, chunk, CHUNK_BYTES)) > 0) {
        buf_add(&text, chunk, (size_t)n);
        if (text.bytes > FILE_BYTES_MAX)
            rc = err_set(e, ERR_CONFIG, "%s: larger than %d bytes", path, FILE_BYTES_MAX);
    }
    if (rc == ERR_OK && n < 0)
        rc = err_set(e, ERR_CONFIG, "%s: damaged", path);
    if (f && gzclose(f) != Z_OK && rc == ERR_OK)
        rc = err_set(e, ERR_CONFIG, "%s: ends too early", path);
    free(chunk);
    if (rc != ERR_OK)
        return rc;
    *ret_text = text;
    text = (struct buf){0};
    return ERR_OK;
}

/* A number in the letters of base 64, the most significant first. *at moves behind it and the
 * tab or end of line that must follow. */
static bool number_read(const char **at, uint64_t *ret_number)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t number = 0;
    const char *p = *at;
    const char *digit;

    while (*p && (digit = strchr(digits, *p)) && p - *at < 10) {
        number = number * 64 + (uint64_t)(digit - digits);
        p++;
    }
    if (p == *at || (*p && *p != '\t' && *p != '\n'))
        return false;
    *at = *p ? p + 1 : p;
    *ret_number = number;
    return true;
}

/* line: NUL-terminated. */
static bool line_read(const char *line, const struct buf *texts, dictd_fn fn, void *arg)
{
    uint64_t from, bytes;
    const char *at = strchr(line, '\t');

    if (!at)
        return false;
    at++;
    if (!number_read(&at, &from) || !number_read(&at, &bytes) || from > texts->bytes ||
        bytes > texts->bytes - from)
        return false;
    if (strncmp(line, "00", 2) != 0)
        fn(arg, texts->text + from, bytes);
    return true;
}

enum err_code dictd_read(const char *base, dictd_fn fn, void *arg, struct err *e)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf index = {0};
    BUF_AUTO struct buf texts = {0};
    enum err_code rc;
    char *line;

    buf_printf(&path, "%s.dict.dz", base);
    if ((rc = dictd_inflate(buf_text(&path), &texts, e)) != ERR_OK)
        return rc;
    buf_clear(&path);
    buf_printf(&path, "%s.index", base);
    if ((rc = dictd_inflate(buf_text(&path), &index, e)) != ERR_OK)
        return rc;
    line = index.text;
    for (unsigned n = 1; line && *line; n++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        if (!line_read(line, &texts, fn, arg))
            return err_set(e, ERR_CONFIG, "%s:%u: not a line of an index", buf_text(&path), n);
        line = end ? end + 1 : NULL;
    }
    return ERR_OK;
}
