/* The words of one notice for one person, in their language. Pure. */
#ifndef WORKERS_LETTER_H
#define WORKERS_LETTER_H

#include "config/load.h"
#include "store/notice_store.h"

struct letter {
    const struct config *config;
    const struct notice *notice;
    const struct record *record; /* as it is now */
    const json_t *body;          /* the request document */
    const json_t *line;          /* of the history, for the event; NULL: none */
    bool takes_reply;            /* an answer by mail can be given */
    int64_t until_ms;            /* .. until then */
    bool current;                /* the record is still as the event left it */
};

/* Who is written to: their role, from the notice's person. False: unreadable. */
bool letter_reader(const struct notice *n, struct principal *ret_who);
/* How the text is to be read aloud: index of language_codes. */
int letter_language(const struct notice *n);

/* Both are the caller's to free. Texts of a restricted request are never in them (domain reference
 * 5.11/7), a title only for who may see it. */
char *letter_subject(const struct letter *l) __attribute__((malloc, returns_nonnull));
char *letter_text(const struct letter *l) __attribute__((malloc, returns_nonnull));

#endif
