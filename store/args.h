/* The words of one command, gathered one after the other; binary-safe. */
#ifndef STORE_ARGS_H
#define STORE_ARGS_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct args {
    struct buf bytes;
    size_t *ends; /* owned: where each word ends in bytes */
    size_t n, room;
};

void args_add(struct args *a, const char *text);
void args_add_n(struct args *a, const void *bytes, size_t n);
void args_add_int(struct args *a, int64_t value);
void args_printf(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends all words of from. */
void args_append(struct args *a, const struct args *from);
void args_clear(struct args *a);

/* argv and lengths for link_call, pointing into a; both arrays have room for a->n. */
void args_vector(const struct args *a, const char **argv, size_t *lengths);

#endif
