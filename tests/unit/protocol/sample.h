/* People and a request that the tests of this room share. */
#ifndef TESTS_UNIT_PROTOCOL_SAMPLE_H
#define TESTS_UNIT_PROTOCOL_SAMPLE_H

#include "protocol/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAMPLE_ID "req_0199f3c2a1b47c3d9f245ab6c7d8e1f3"
/* Monday, 2026-03-02T10:00:00Z */
#define SAMPLE_NOW_MS INT64_C(1772445600000)

#define SAMPLE_USED __attribute__((unused))

SAMPLE_USED static const struct principal kenya = {ROLE_COUNTRY, "KEN"};
SAMPLE_USED static const struct principal uganda = {ROLE_COUNTRY, "UGA"};
SAMPLE_USED static const struct principal ramsar = {ROLE_SECRETARIAT, "ramsar"};
SAMPLE_USED static const struct principal cms = {ROLE_SECRETARIAT, "cms"};
SAMPLE_USED static const struct principal cbd = {ROLE_SECRETARIAT, "cbd"};
SAMPLE_USED static const struct principal whc = {ROLE_SECRETARIAT, "whc"};
SAMPLE_USED static const struct principal iwc = {ROLE_SECRETARIAT, "iwc"};
SAMPLE_USED static const struct principal desk = {ROLE_COORDINATOR, ""};
SAMPLE_USED static const struct principal operator_ = {ROLE_OPERATOR, ""};
SAMPLE_USED static const struct principal router = {ROLE_SYSTEM, ""};

SAMPLE_USED static void sample_offer(struct record *r, const char *secretariat,
                                     enum offer_role role, enum offer_state state)
{
    struct offer *o = &r->offers[r->offers_n++];

    *o = (struct offer){.role = role, .state = state, .due_ms = r->due_ms, .reason = -1};
    snprintf(o->secretariat, sizeof o->secretariat, "%s", secretariat);
}

/* As it is the moment after it was submitted. */
SAMPLE_USED static struct record sample_submitted(void)
{
    struct record r;

    memset(&r, 0, sizeof r); /* also the bytes between members: records are compared whole */
    snprintf(r.id, sizeof r.id, "%s", SAMPLE_ID);
    snprintf(r.reference, sizeof r.reference, "LN-2026-KEN-0001");
    memcpy(r.country, "KEN", 4);
    r.language = LANGUAGE_EN;
    r.urgency = URGENCY_ROUTINE;
    r.disclosure = DISCLOSURE_ROUTED;
    r.state = STATE_SUBMITTED;
    r.version = 1;
    r.submitted_ms = r.updated_ms = r.since_ms = SAMPLE_NOW_MS;
    return r;
}

#endif
