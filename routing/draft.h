/* A draft from a request document. */
#ifndef ROUTING_DRAFT_H
#define ROUTING_DRAFT_H

#include "routing/engine.h"

#include <jansson.h>

enum { DRAFT_THEMES_MAX = 16 };

/* doc: country, language, title, description; optional themes, urgency, preferred_secretariat,
 * beyond_jurisdiction, disclosure. All of ret_draft stays borrowed from doc and themes.
 * ERR_VALIDATION: a member is missing or wrong. */
enum err_code draft_read(const struct mandate *m, const json_t *doc,
                         const char *themes[DRAFT_THEMES_MAX + 1], struct draft *ret_draft,
                         struct err *e) ERR_CHECK;

#endif
