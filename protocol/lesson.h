/* What an act of people teaches the router: who took the lead, who said that it is not theirs, what
 * the coordinator chose. A lesson holds ids, codes and the grounds of the router's decision
 * (routing/grounds.h), never a word of a person: it may outlive the request's text. */
#ifndef PROTOCOL_LESSON_H
#define PROTOCOL_LESSON_H

#include "protocol/transition.h"

/* A new reference, NULL: this act teaches nothing.
 *
 *   {request, at, action, by?, role?, proposed?, reason?, better?, lead?, support?, grounds}
 *
 * by: the secretariat that acts, absent: the coordinator; role: as what it acts, lead or support;
 * proposed: the lead until now; lead, support: what a coordinator set.
 * before, after: the record around the act; grounds: borrowed, NULL: the router kept none. */
json_t *lesson_json(const struct record *before, const struct record *after, enum action a,
                    const struct principal *who, const struct transition_input *in,
                    const json_t *grounds, int64_t now_ms);

#endif
