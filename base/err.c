#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    if (e) {
        va_list ap;

        e->code = code;
        va_start(ap, fmt);
        vsnprintf(e->detail, sizeof e->detail, fmt, ap);
        va_end(ap);
    }
    return code;
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "level=error event=bug at=%s:%d msg=\"", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputs("\"\n", stderr);
    abort();
}

void *mem_new(unsigned long n, unsigned long size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        bug("out of memory: %lu x %lu bytes", n, size);
    return p;
}

void *mem_grow(void *p, unsigned long n, unsigned long size)
{
    void *q = reallocarray(p, n ? n : 1, size ? size : 1);

    if (!q)
        bug("out of memory: %lu x %lu bytes", n, size);
    return q;
}

char *mem_text(const char *text)
{
    return mem_text_n(text, strlen(text));
}

char *mem_text_n(const char *text, unsigned long bytes)
{
    char *copy = mem_new(bytes + 1, 1);

    memcpy(copy, text, bytes);
    return copy;
}
