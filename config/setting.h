/* Settings of daemon, workers and command line: one row a setting, from which the parser, the
 * printed sample (-T), the manual page and the docs follow. File form: `key = value` a line,
 * `#` starts a comment line. An unknown key is an error. */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct settings {
    char listen[128];          /* "127.0.0.1:8080", "[::1]:8080" or "unix:/run/liaison/http.sock" */
    char tls_certificate[256]; /* PEM file; "": TCP without TLS */
    char tls_key[256];         /* PEM file, mode 0600 */
    bool proxy_protocol;       /* a front on our unix socket says who its clients are */
    char store[256];           /* "unix:/run/liaison/redis.sock" or "tcp:127.0.0.1:6379" */
    char store_passwords[256]; /* folder, a file a user of the store (store/rights.h); "": none */
    char data[256];            /* folder of the reference data */
    char state[256];           /* state folder */
    char keys[256];            /* key file, mode 0600 */
    char pages[256];           /* folder of the web pages; "": none */
    char log_level[8];         /* error warning info debug */
    int64_t body_bytes;        /* largest request body */
    int64_t connections;       /* in all */
    int64_t connections_per_address; /* of one IP address */
    int64_t event_streams;           /* in all */
    int64_t rate_per_minute;         /* requests of one principal; 0: no limit */
    int64_t submits_per_minute;      /* the same of submits only */
    int64_t assesses_per_minute;     /* the same of drafts only */
    int64_t failures_per_minute;     /* failed sign-ins of one address; 0: no limit */
    char authorities[512];           /* HOST[:PORT],.. that signed requests name; "": any */
    int64_t attachment_hours;        /* how long one waits for its request */
    int64_t assess_bytes;            /* of requests that drafts are compared with */
    char audit_key[256];             /* file of the key that signs checkpoints, mode 0600 */
    int64_t checkpoint_s;            /* between two signed checkpoints of the audit log */
    int64_t store_timeout_ms;
    int64_t worker_parallel;    /* requests in work at a time */
    int64_t worker_takeover_ms; /* idle time after which another worker's entry is taken over */
    int64_t worker_retry_ms;    /* first wait before a failed entry is tried again; then doubled */
    int64_t reconcile_ms;
    int64_t event_days;       /* how long an event stays readable */
    int64_t lessons;          /* for the router, kept of each of the 16 partitions; 0: none */
    int64_t unmerge_days;     /* how long a merge can be undone */
    char smtp_url[256];       /* "smtp://host:25" or "smtps://host"; "": no mail is sent */
    char smtp_user[128];      /* "": no authentication */
    char smtp_password[256];  /* file with it, mode 0600 */
    bool smtp_tls;            /* never send without encryption */
    char mail_from[255];      /* address; "": no mail is sent */
    char mail_reply_to[255];  /* address; answers come to name+token@host; "": none can be given */
    char mail_in[256];        /* Maildir that answers come to; "": none is read */
    char contacts[256];       /* CSV file, config/contact.h; "": none */
    int64_t reply_days;       /* how long an answer by mail is accepted */
    int64_t deliver_parallel; /* notices on their way at a time */
    int64_t deliver_retry_ms; /* first wait after a failed attempt; the later ones in proportion */
    int64_t deliver_lease_ms; /* how long an attempt may take before another worker makes it */
    int64_t webhook_timeout_ms; /* for one call in all */
    int64_t webhook_failures;   /* in a row, that pause a webhook */
    char webhook_ca[256];       /* file of certificates to trust; "": the system's */
    bool webhook_loopback;      /* this machine's own addresses may be called: for tests */
    int64_t deliver_hours;      /* events older than that are not told any more */
    int64_t disk_free_bytes;    /* below that nothing is taken in; 0: not looked at */
    bool check_store;           /* refuse to start when the store's settings do not keep promises */
};

/* Defaults, then the file (NULL: none), then LIAISON_* environment (upper-case key). ERR_CONFIG:
 * `file:line: unknown key "prot"`. s is filled only on success. */
enum err_code settings_load(const char *path, struct settings *s, struct err *e) ERR_CHECK;
/* The effective settings in file form, each with its sentence; secrets are never settings. */
void settings_print(const struct settings *s, FILE *out);

/* liaison.conf(5), in mdoc(7), from the same table. */
void settings_print_manual(FILE *out);
/* text as running text of a manual page: nothing in it is taken as a request or an escape. */
void setting_write_roff(const char *text, FILE *out);

/* A reload: copies into running those values of fresh that a running process can take over.
 * Returns the name of the first other setting that differs, so that the log can say that it
 * waits for a restart; NULL when there is none. */
const char *settings_adopt(struct settings *running, const struct settings *fresh);

#endif
