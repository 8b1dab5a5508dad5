/* A person's answer by mail becomes an action of their country, or a reason why not. */
#ifndef WORKERS_ANSWER_H
#define WORKERS_ANSWER_H

#include "workers/crew.h"
#include "workers/incoming.h"

enum answer_result {
    ANSWER_DONE,      /* also: had been done before */
    ANSWER_LATER,     /* the store is away: try the same mail again */
    ANSWER_NO_TOKEN,  /* sent to none of our addresses */
    ANSWER_BAD_TOKEN, /* forged, run out, or of a notice that asked nothing */
    ANSWER_AUTOMATIC, /* a machine wrote it */
    ANSWER_NO_TEXT,   /* no plain text in it */
    ANSWER_NO_CHOICE, /* from here on the person is told */
    ANSWER_CONTRADICTION,
    ANSWER_NEEDS_TEXT,  /* empty, or what is missing is not said */
    ANSWER_UNFIT,       /* too long, or otherwise not to be taken */
    ANSWER_WRONG_STATE, /* the request has moved on */
    ANSWER_RESULTS_N
};
extern const char *const answer_words[]; /* "done", "later", "no_token" .. */

typedef void (*answer_fn)(void *arg, enum answer_result result);
/* m is given. print: of the whole mail, names it when it has no Message-ID. fn is called once, not
 * before this returned. */
void answer_begin(struct crew *crew, struct incoming *m, const uint8_t print[32], answer_fn fn,
                  void *arg);

#endif
