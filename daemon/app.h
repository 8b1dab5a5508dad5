/* What all operations share. One for the process, passed in; nothing here is global. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "config/load.h"
#include "config/setting.h"
#include "protocol/field.h"
#include "store/store.h"

struct auth;
struct control_watch;
struct corpus;
struct engine;
struct event_hub;
struct gauge;
struct outlook;
struct http_server;
struct meter;
struct pages;
struct quota;
struct resealing;
struct series;
struct statistics;
struct offload;
struct tls;
struct vault;
struct watch;

struct app {
    struct event_base *base;
    struct settings settings;
    const char *settings_path; /* borrowed, NULL: none */
    struct config *config;     /* owned; replaced whole by a reload: no operation keeps a pointer
                                  into it over a wait */
    struct engine *engine;     /* owned, borrows config; replaced with it */
    struct corpus *corpus;     /* owned, borrows engine; replaced with it */
    struct field_codes codes;  /* asks config */
    struct keyring *ring;      /* owned */
    struct store *store;       /* owned */
    struct control_watch *controls; /* owned: what operators have switched */
    struct watch *watch;            /* owned: the event stream */
    struct event_hub *events;       /* owned: event streams of clients */
    struct vault *vault;     /* owned: attachments; NULL: it cannot be had, which the log says */
    struct offload *offload; /* owned: what waits for a disk */
    unsigned uploads_n, downloads_n; /* of attachments under way */
    unsigned exports_n;              /* of GET /v1/requests under way */
    unsigned bulks_n;                /* POST /v1/requests:bulk under way */
    struct http_server *http;        /* owned */
    struct tls *tls;                 /* owned; NULL: TCP without TLS */
    struct auth *auth;               /* owned */
    struct pages *pages;             /* owned: what browsers get; empty when there are none */
    struct resealing *resealing;     /* owned: attachments get the active key */
    struct quota *quota;             /* owned: rate limits */
    struct meter *meter;             /* owned: counters of this process */
    struct gauge *gauge;             /* owned: samples of queue health */
    struct series *series;           /* owned: the same over months */
    struct statistics *statistics;   /* owned: the last counts */
    struct outlook *outlook;         /* owned: what countries may expect */
    int64_t started_ms;
    bool draining;
    bool reload_failed;
    int64_t reloaded_ms;
};

#endif
