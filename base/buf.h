/* Growing text. Zero-initialised it is empty and valid: `struct buf b = {0};`. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

struct buf {
    char *text;   /* owned; NUL-terminated once anything was added, NULL before */
    size_t bytes; /* without the NUL */
    size_t room;
};

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_text(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The text, "" when empty; borrowed from b. */
const char *buf_text(const struct buf *b);
/* Gives the text to the caller, who frees it; b is empty afterwards. Never NULL. */
char *buf_take(struct buf *b);
void buf_clear(struct buf *b);

#define BUF_AUTO __attribute__((cleanup(buf_clear)))

#endif
