/* Which requests a reader wishes to see, by ?state=, ?country= ..: the filters in one table, the
 * narrowest index that holds all of them, and reading it step by step. Shared by the list's pages
 * and its export. */
#ifndef DAEMON_SELECTION_H
#define DAEMON_SELECTION_H

#include "daemon/task.h"
#include "store/list_store.h"

enum { SELECTION_FILTERS_N = 8, SELECTION_FILTER_BYTES = 96 };

struct selection {
    struct principal who;
    char values[SELECTION_FILTERS_N][SELECTION_FILTER_BYTES]; /* "" when not asked for */
    bool is_filtered;                                         /* beyond what the index tells */
    struct list_query query;                                  /* n and cursor are the caller's */
    char rest[2][40];
    int64_t total; /* of the index */
    bool has_more; /* after the last step */
};

/* *op must be zero, and does not move afterwards. order: where ?sort= says nothing. */
void selection_read(struct selection *op, const struct task *t, enum list_order order,
                    struct faults *faults);
/* Everything that must be the same on the next page, as one text. */
void selection_text(const struct selection *op, char *out, size_t n);
/* Whether the reader wants that record; view: how much of it they may see. */
bool selection_passes(const struct selection *op, const struct stored *s, enum record_view view);

/* The next query.n of the index: rows tell where each record stands in it. list is borrowed as in
 * request_store_read_many; what the reader may not see is still among it. */
typedef void (*selected_fn)(void *arg, const struct cursor *rows, struct stored *list, size_t n,
                            const struct err *e);
void selection_next(struct selection *op, struct store *store, selected_fn fn, void *arg);

/* A fault of the query member `name`. */
void selection_refuse(struct faults *faults, const char *name, const char *code, int64_t max,
                      const char *const *words);

#endif
