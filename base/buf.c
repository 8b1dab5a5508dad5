#include "base/buf.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->bytes + more + 1;
    size_t room = b->room ? b->room : 64;

    if (need <= b->room)
        return;
    while (room < need)
        room *= 2;
    b->text = mem_grow(b->text, room, 1);
    b->room = room;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    buf_reserve(b, n);
    if (n)
        memcpy(b->text + b->bytes, bytes, n);
    b->bytes += n;
    b->text[b->bytes] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        bug("bad format");
    buf_reserve(b, (size_t)n);
    va_start(ap, fmt);
    vsnprintf(b->text + b->bytes, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->bytes += (size_t)n;
}

const char *buf_text(const struct buf *b)
{
    return b->text ? b->text : "";
}

char *buf_take(struct buf *b)
{
    char *text = b->text ? b->text : mem_text("");

    *b = (struct buf){0};
    return text;
}

void buf_clear(struct buf *b)
{
    free(b->text);
    *b = (struct buf){0};
}
