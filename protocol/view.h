/* A record as its reader gets it: the resource of the API, bounded by what they may see. */
#ifndef PROTOCOL_VIEW_H
#define PROTOCOL_VIEW_H

#include "protocol/transition.h"

/* body: the request document, inner: the sealed object of record.h; both borrowed, NULL: not
 * there. summary: for lists, without description, routing detail and dialogue. The caller has
 * made sure that the view is not RECORD_HIDDEN, and adds what is said of other requests
 * (others.h). New reference. */
json_t *view_resource(const struct record *r, const json_t *body, const json_t *inner,
                      const struct principal *who, int64_t now_ms, bool summary)
    __attribute__((returns_nonnull));

/* The members that view_resource adds to those of the request document, for the API description;
 * ends with a row without name. type: JSON Schema type, "?" behind it when null is possible. */
struct view_member {
    const char *name, *type, *about;
};
extern const struct view_member view_members[];

/* The line that a transition leaves in the history. from and to by row; new reference. */
json_t *view_history(const struct record *before, const struct record *after, enum action a,
                     const struct principal *who, const struct transition_input *in, int64_t now_ms)
    __attribute__((returns_nonnull));
/* A history line for a reader: texts withheld unless the view is full, names of officers unless
 * they work together. Changes line. */
void view_history_narrow(json_t *line, enum record_view view, const struct principal *who);

/* Notes in inner what the action said: question, reply, plan, answer, contribution, redirection
 * (what the desk declines or refers), confirmation. False: it said nothing to keep. An answer names
 * all who take part: whose contribution it carries, and whose is to follow; one that follows is
 * marked late. after: the record that the action left. */
bool view_remember(json_t *inner, const struct record *after, enum action a,
                   const struct principal *who, const struct transition_input *in, int64_t now_ms);

#endif
