/* Labelled cases to learn from: the grounds of a decision, and what people say is right. They come
 * from labelled texts (tests/cases/routing) and from lessons (protocol/lesson.h). */
#ifndef ROUTING_EXAMPLE_H
#define ROUTING_EXAMPLE_H

#include "routing/grounds.h"
#include "routing/label.h"

enum { EXAMPLE_FOLDS = 5 };

struct example {
    char id[64];
    unsigned fold; /* 0..EXAMPLE_FOLDS-1, by a hash of the id */
    struct grounds grounds;
    struct label label;
    int language;        /* -1: not known */
    char difficulty[24]; /* "": not known */
    char set[48];        /* name of the file that it came from, cut; "": recorded */
};

struct examples {
    struct example *list; /* owned; after examples_sort by id */
    size_t n, room;
};

void examples_clear(struct examples *x);

/* line: a draft with id and gold, perhaps difficulty. ERR_VALIDATION: it is not. */
enum err_code examples_add_text(struct examples *x, const struct engine *g, const json_t *line,
                                struct err *e) ERR_CHECK;

struct lesson_count {
    size_t acts;        /* lessons taken */
    size_t unreadable;  /* of another form, left out */
    size_t other_rules; /* of acts: whose request was read under another ruleset */
};
/* One example for each request that the lessons say something about, from its lessons in the order
 * of time. */
void examples_add_lessons(struct examples *x, const struct config *c, const json_t *lessons,
                          struct lesson_count *ret_count);

/* In the order of ids, so that the order in which they came means nothing. ERR_VALIDATION: two have
 * the same id. */
enum err_code examples_sort(struct examples *x, struct err *e) ERR_CHECK;

#endif
