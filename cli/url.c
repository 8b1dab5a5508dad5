#include "cli/url.h"

#include <ctype.h>
#include <string.h>

void url_add(struct buf *url, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80 && (isalnum(c) || strchr("-._~:,", c)))
            buf_add(url, text, 1);
        else
            buf_printf(url, "%%%02X", c);
    }
}

void url_add_query(struct buf *url, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(url, "%c%s=", strchr(buf_text(url), '?') ? '&' : '?', name);
    url_add(url, value);
}
