/* Writes whose final answer has not come: the Idempotency-Key of each, kept in a file named by a
 * hash of what is sent, from before the first attempt until a final answer. So the same command
 * after a crash or a lost link is the same write, not a second one.
 *
 *   pending_begin (key from the file, or a new one) -> send, perhaps often -> pending_end
 */
#ifndef CLI_PENDING_H
#define CLI_PENDING_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { PENDING_KEY_BYTES = 32 + 1 };

struct pending {
    char key[PENDING_KEY_BYTES];
    char *path;   /* owned; NULL: it could not be kept */
    bool resumed; /* an earlier run left it behind */
};

/* What makes two writes the same. All borrowed for the call. */
struct pending_write {
    const char *server, *method, *path;
    const char *token_id;
    const void *body;
    size_t body_n;
};

/* Always gives a key. ERR_IO: it could not be kept; the write may go on without this safety. */
enum err_code pending_begin(const struct pending_write *write, struct pending *ret_pending,
                            struct err *e) ERR_CHECK;
/* is_final: the server has decided, so the next such write is a new one. Clears p. */
void pending_end(struct pending *p, bool is_final);

#endif
