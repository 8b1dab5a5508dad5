/* The reference data and the engine over it, for commands that need no server: from --data, else
 * LIAISON_DATA, else the server's settings. */
#ifndef CLI_REFERENCE_H
#define CLI_REFERENCE_H

#include "routing/engine.h"

struct line;

struct reference {
    struct config *config; /* owned */
    struct engine *engine; /* owned */
};

/* ret_r is filled only on success. ERR_CONFIG: a setting or a data file is wrong. */
enum err_code reference_open(const struct line *line, struct reference *ret_r,
                             struct err *e) ERR_CHECK;
/* Also of a zeroed one. */
void reference_close(struct reference *r);

#endif
