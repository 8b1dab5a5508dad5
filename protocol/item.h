/* The pieces of help that a request asks for (domain reference 5.3, 5.7), numbered from 1 in the
 * order of its document's `items`:
 *
 *   open -> offered -> taken -> done        taken -> open, offered when its responder is gone
 *   open, offered, taken -> dropped         done -> taken when its country says that it did not
 * help
 *
 * A piece has at most one responder. What no supporter has taken is with whoever the request is
 * with, so nothing is ever forgotten between two: item_settle says so after each step.
 *
 * What others brought in by a merge is not counted here: its answer is the survivor's answer. */
#ifndef PROTOCOL_ITEM_H
#define PROTOCOL_ITEM_H

#include "protocol/principal.h"
#include "protocol/word.h"

#include <jansson.h>
#include <stddef.h>

enum { ITEMS_MAX = 8 };

enum item_state { ITEM_OPEN, ITEM_OFFERED, ITEM_TAKEN, ITEM_DONE, ITEM_DROPPED };
extern const char *const item_state_words[]; /* ends with NULL */

struct item {
    int kind; /* enum kind, -1: not said */
    enum item_state state;
    char holder[PRINCIPAL_OF_BYTES]; /* taken: who has it; done, dropped: who had it; else "" */
};

struct record;

/* From the request document: its items, and the kinds of help as bits. */
void item_begin(struct record *r, const json_t *body);

/* Whether a plan comes before the help: mission, funding, training, equipment. Of the pieces that
 * are left where they say their kind, else of the whole request. */
bool item_needs_plan(const struct record *r);
/* Whether anything is said of the kind of help. */
bool item_is_kind_known(const struct record *r);

/* Marks the numbers in list as done or dropped, where that one may: its lead all that no supporter
 * has, a supporter its own. list NULL: none. */
void item_finish(struct record *r, const json_t *list, enum item_state as, const char *by);
/* Marks as done all that this one has. */
void item_finish_rest(struct record *r, const char *by);
/* Gives the numbers in list to somebody. */
void item_give(struct record *r, const json_t *list, const char *to);
/* Its country says that it did not help: those in list, or all that were done, are taken again. */
void item_reopen(struct record *r, const json_t *list);
/* Who has what, after any step. */
void item_settle(struct record *r);

/* Whether each piece is done, dropped, or with a supporter whose part follows. done, dropped: what
 * the lead says with its answer; NULL: nothing. */
bool item_all_accounted(const struct record *r, const json_t *done, const json_t *dropped);
/* Whether that one may say of this number that it is done or dropped, or give it to another. */
bool item_is_of(const struct record *r, int64_t number, const char *by);

#endif
