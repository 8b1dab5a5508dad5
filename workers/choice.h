/* What a person's answer by mail says: their own words without what their mail program quotes, and,
 * where one of three answers is asked for, which one - in any of our languages. Pure. */
#ifndef WORKERS_CHOICE_H
#define WORKERS_CHOICE_H

#include "config/words.h"
#include "protocol/word.h"

/* The person's own lines of a mail's text: up to the mark that our mails begin with, a quotation, a
 * signature, or the line in which a mail program names us (address: where our mails come from).
 * Without blank lines at both ends. The caller frees. */
char *choice_own_text(const struct words *words, const char *text, const char *address)
    __attribute__((malloc, returns_nonnull));

enum choice_fault {
    CHOICE_GOOD,
    CHOICE_NONE,           /* the first line is none of the words */
    CHOICE_CONTRADICTION,  /* what follows says something else */
    CHOICE_NOTHING_MISSING /* "partly" or "not solved", and not a word of what is missing */
};
/* own: as choice_own_text gives it. On CHOICE_GOOD *ret_outcome is resolved, partly or not_resolved
 * and *ret_rest what was said beside it (borrowed from own, "" for nothing). */
enum choice_fault choice_read(const struct words *words, const char *own, enum outcome *ret_outcome,
                              const char **ret_rest);

#endif
