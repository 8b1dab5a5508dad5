/* Where a reader stands in the event streams: in each partition the id of the last entry it has
 * dealt with. A single number would not do: partitions are written independently of each other,
 * and in a cluster by several clocks.
 *
 * What readers are given is opaque and sealed, since the place of an entry tells when something
 * happened to requests that the reader may not see. */
#ifndef STORE_EVENT_POSITION_H
#define STORE_EVENT_POSITION_H

#include "base/id.h"
#include "protocol/keyring.h"

#include <stdbool.h>

enum { EVENT_ID_BYTES = 32, EVENT_PARTITIONS_ALL = (1 << ID_PARTITIONS) - 1 };

struct event_position {
    char ids[ID_PARTITIONS][EVENT_ID_BYTES]; /* "1795456800123-0"; "0-0": none yet */
};

/* Order of two stream ids; what is no stream id counts as "0-0". */
int event_id_compare(const char *a, const char *b);

/* base64url( seal( mask 2 | for each partition of mask: ms 6, number 4 ) ), big endian. */
enum { EVENT_POSITION_TEXT_BYTES = 288 };
char *event_position_write(const struct keyring *ring, const struct event_position *p,
                           unsigned mask, char out[EVENT_POSITION_TEXT_BYTES]);
/* False: altered, not ours, or without a partition of mask. Other partitions are "0-0" then. */
bool event_position_read(const struct keyring *ring, const char *text, unsigned mask,
                         struct event_position *ret_position);

#endif
