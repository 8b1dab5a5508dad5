/* The request form: what a country sends. The document itself is kept as it came; this is what
 * the service must know of it. Members and limits: contract section 4, domain reference 4. */
#ifndef PROTOCOL_REQUEST_H
#define PROTOCOL_REQUEST_H

#include "protocol/field.h"
#include "protocol/word.h"

struct request {
    const char *country;
    int language; /* enum language */
    const char *title;
    const char *description;
    int urgency;                       /* enum urgency, default routine */
    int disclosure;                    /* enum disclosure, default routed */
    const json_t *themes;              /* array of texts, NULL: none */
    const char *preferred_secretariat; /* NULL: none */
    bool beyond_jurisdiction;
    const char *join; /* id or reference of an own request that it belongs to; NULL: none */
};

extern const struct field request_fields[];

/* Decodes doc; everything stored stays borrowed from doc. country: the caller's own, a request
 * for another one is the fault foreign_country. True when there is no fault. */
bool request_decode(const json_t *doc, const char *country, const struct field_codes *codes,
                    struct request *ret_request, struct faults *faults);

#endif
