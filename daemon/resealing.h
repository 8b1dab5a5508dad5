/* The change of the master key as far as it concerns the daemon: attachments get the active key,
 * one at a time (vault.h), and what is left, here and in the store (workers/resealer.h), stands in
 * the metrics. Does nothing while the key file has one key. */
#ifndef DAEMON_RESEALING_H
#define DAEMON_RESEALING_H

#include "base/buf.h"
#include "daemon/app.h"

struct resealing;

struct resealing *resealing_new(struct app *app) __attribute__((returns_nonnull));
/* After the store is freed. NULL is fine. */
void resealing_free(struct resealing *r);
/* For /metrics. */
void resealing_write(const struct resealing *r, struct buf *out);

#endif
