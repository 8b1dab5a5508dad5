#include "store/args.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void args_add_n(struct args *a, const void *bytes, size_t n)
{
    if (a->n == a->room) {
        a->room = a->room ? 2 * a->room : 16;
        a->ends = mem_grow(a->ends, a->room, sizeof *a->ends);
    }
    buf_add(&a->bytes, bytes, n);
    a->ends[a->n++] = a->bytes.bytes;
}

void args_add(struct args *a, const char *text)
{
    args_add_n(a, text, strlen(text));
}

void args_add_int(struct args *a, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    args_add(a, text);
}

void args_printf(struct args *a, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        bug("args: word too long");
    args_add_n(a, text, (size_t)n);
}

void args_append(struct args *a, const struct args *from)
{
    size_t start = 0;

    for (size_t i = 0; i < from->n; i++) {
        args_add_n(a, from->bytes.text + start, from->ends[i] - start);
        start = from->ends[i];
    }
}

void args_clear(struct args *a)
{
    buf_clear(&a->bytes);
    free(a->ends);
    *a = (struct args){0};
}

void args_vector(const struct args *a, const char **argv, size_t *lengths)
{
    size_t start = 0;

    for (size_t i = 0; i < a->n; i++) {
        argv[i] = a->bytes.text + start;
        lengths[i] = a->ends[i] - start;
        start = a->ends[i];
    }
}
