/* Transfers of libcurl on our event loop: many at a time, each answered once. */
#ifndef WORKERS_TRANSFER_H
#define WORKERS_TRANSFER_H

#include <curl/curl.h>

struct event_base;
struct transfers;

struct transfers *transfers_new(struct event_base *base) __attribute__((returns_nonnull));
/* What is under way is answered with CURLE_ABORTED_BY_CALLBACK. NULL is fine. */
void transfers_free(struct transfers *t);

/* easy is given: set up wholly, without CURLOPT_PRIVATE. fn is called once, never before this
 * returned, with easy still alive for the call. */
typedef void (*transfer_fn)(void *arg, CURL *easy, CURLcode code);
void transfers_add(struct transfers *t, CURL *easy, transfer_fn fn, void *arg);

#endif
