/* The audit log as it lies in its folder:
 *
 *   leaves        a line a leaf, never changed; what is hashed is the line without its end
 *   checkpoints   signed notes, oldest first: the root at ever larger sizes
 *   checkpoint    the last of them, to publish
 *
 * What stands in `leaves` behind the last checkpoint is not promised yet. A line without its end is
 * what a crash left, and is cut off. */
#ifndef PROTOCOL_AUDITLOG_H
#define PROTOCOL_AUDITLOG_H

#include "base/err.h"
#include "protocol/note.h"
#include "protocol/tree.h"

#include <jansson.h>
#include <stdio.h>

struct auditlog_report {
    struct tree tree;       /* of all leaves */
    struct checkpoint last; /* size 0: none was signed yet */
    size_t checkpoints_n;
    int64_t good_bytes; /* of leaves: up to the end of the last whole line */
};

/* Called for each leaf in order; false ends the walk with the fault that it has set. */
typedef bool (*auditlog_leaf_fn)(void *arg, uint64_t index, const char *text, size_t n,
                                 struct err *e);

/* Reads all of folder and compares each checkpoint's root with the leaves. ERR_IO: it cannot be
 * read; ERR_INTERNAL: it does not fit together, with the first fault that was found. A folder
 * without the files is an empty log. fn may be NULL. */
enum err_code auditlog_check(const char *folder, const struct note_key *key, auditlog_leaf_fn fn,
                             void *arg, struct auditlog_report *ret_report,
                             struct err *e) ERR_CHECK;

#endif
