#include "protocol/webhook.h"

#include "protocol/endpoint.h"
#include "protocol/event_name.h"

#include <stddef.h>

#define END                                                                                        \
    {                                                                                              \
        NULL, FIELD_TEXT, false, 0, 0, 0, NULL, NULL, 0, NULL                                      \
    }

/* clang-format off */
const struct field webhook_fields[] = {
    {"url", FIELD_TEXT, true, 0, 9, ENDPOINT_URL_MAX, NULL, NULL, offsetof(struct webhook_wish, url), "https address of a public host, without user or fragment; redirects are not followed"},
    {"events", FIELD_TEXT, false, 64, 1, EVENT_NAME_BYTES - 1, NULL, NULL, offsetof(struct webhook_wish, events), "types to be told of, such as request.claimed; none: all"},
    END};

const struct field webhook_replay_fields[] = {
    {"delivery", FIELD_TEXT, false, 0, 36, 36, NULL, NULL, FIELD_UNSTORED, "id of one delivery"},
    {"since", FIELD_DATE, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, "deliveries of events from then on"},
    {"until", FIELD_DATE, false, 0, 0, 0, NULL, NULL, FIELD_UNSTORED, ".. and before then"},
    END};
/* clang-format on */

bool webhook_wish_decode(const json_t *doc, struct webhook_wish *ret_wish, struct faults *faults)
{
    struct webhook_wish wish = {.url = NULL};
    bool good = field_decode(doc, "#", webhook_fields, NULL, &wish, faults);

    if (good)
        *ret_wish = wish;
    return good;
}
