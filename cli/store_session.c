#include "cli/store_session.h"

#include "base/id.h"
#include "cli/server_settings.h"
#include "store/audit_store.h"
#include "store/info_store.h"
#include "store/lesson_store.h"
#include "store/queue_store.h"
#include "store/reseal_store.h"
#include "store/rights.h"
#include "store/signing_store.h"

#include <event2/event.h>
#include <stdlib.h>

enum { PUT_AT_ONCE = 64, LESSONS_AT_ONCE = 100 };

struct store_session {
    struct settings settings;
    struct keyring *ring;    /* owned */
    struct event_base *base; /* owned */
    struct store *store;     /* owned */
    unsigned open_n;         /* calls without their answer */
    struct err fault;        /* the first one since session_settle */
    /* what the answers brought */
    struct credential credential;
    struct store_info info;
    struct health *health;          /* borrowed from who asks, while it does */
    json_t *ids;                    /* owned until taken */
    json_t *lessons;                /* owned until taken */
    json_t *audit;                  /* owned until taken */
    json_t *sealed;                 /* owned until taken */
    size_t lessons_n, unreadable_n; /* of the last page: all that came, and those left out */
};

static void session_unfit(void *arg, const char *why)
{
    struct store_session *s = arg;

    err_set(&s->fault, ERR_CONFIG, "the store is not fit: %.200s", why);
    event_base_loopbreak(s->base);
}

enum err_code store_session_open(const struct line *line, struct store_session **ret_session,
                                 struct err *e)
{
    struct store_session *s = mem_new(1, sizeof *s);
    struct store_options options = {.unfit = session_unfit, .arg = s};
    enum err_code rc = server_settings_load(line, &s->settings, e);

    if (rc == ERR_OK)
        rc = keyring_load(s->settings.keys, &s->ring, e);
    if (rc == ERR_OK) {
        s->base = event_base_new();
        if (!s->base)
            bug("no event base");
        options.where = s->settings.store;
        options.user = RIGHTS_ADMIN;
        options.passwords = s->settings.store_passwords;
        options.ring = s->ring;
        options.timeout_ms = s->settings.store_timeout_ms;
        options.check = s->settings.check_store;
        rc = store_new(s->base, &options, &s->store, e);
    }
    if (rc == ERR_OK)
        *ret_session = s;
    else
        store_session_close(s);
    return rc;
}

void store_session_close(struct store_session *s)
{
    if (!s)
        return;
    store_free(s->store);
    if (s->base)
        event_base_free(s->base);
    keyring_free(s->ring);
    json_decref(s->ids);
    json_decref(s->lessons);
    json_decref(s->audit);
    json_decref(s->sealed);
    free(s);
}

const struct settings *store_session_settings(const struct store_session *s)
{
    return &s->settings;
}

const struct keyring *store_session_keyring(const struct store_session *s)
{
    return s->ring;
}

/* One call has its answer. */
static void session_answered(struct store_session *s, const struct err *e)
{
    if (e->code != ERR_OK && s->fault.code == ERR_OK)
        s->fault = *e;
    if (--s->open_n == 0)
        event_base_loopbreak(s->base);
}

/* Runs until all calls are answered; each has its deadline, so this ends. */
static enum err_code session_settle(struct store_session *s, struct err *e)
{
    struct err fault;

    while (s->open_n > 0 && s->fault.code != ERR_CONFIG)
        if (event_base_loop(s->base, 0) != 0)
            break;
    fault = s->fault;
    if (fault.code != ERR_CONFIG) /* that one stays: open calls still refer to us */
        s->fault = (struct err){0};
    return fault.code == ERR_OK ? ERR_OK : err_set(e, fault.code, "%s", fault.detail);
}

static void session_done(void *arg, const struct err *e)
{
    session_answered(arg, e);
}

enum err_code store_session_put(struct store_session *s, const char (*ids)[TOKEN_ID_BYTES],
                                const struct credential *list, size_t n, const char *action,
                                struct err *e)
{
    enum err_code rc = ERR_OK;

    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        s->open_n++;
        token_store_put(s->store, ids[i], &list[i], action, session_done, s);
        if (s->open_n == PUT_AT_ONCE || i + 1 == n)
            rc = session_settle(s, e);
    }
    return rc;
}

static void session_got(void *arg, const struct credential *c, const struct err *e)
{
    struct store_session *s = arg;

    if (c)
        s->credential = *c;
    session_answered(s, e);
}

enum err_code store_session_get(struct store_session *s, const char *id,
                                struct credential *ret_credential, struct err *e)
{
    enum err_code rc;

    s->open_n++;
    token_store_get(s->store, id, session_got, s);
    rc = session_settle(s, e);
    if (rc == ERR_OK)
        *ret_credential = s->credential;
    return rc;
}

enum err_code store_session_revoke(struct store_session *s, const char *id, struct err *e)
{
    s->open_n++;
    token_store_revoke(s->store, id, session_done, s);
    return session_settle(s, e);
}

enum err_code store_session_release(struct store_session *s, const struct principal *who,
                                    struct err *e)
{
    s->open_n++;
    signing_store_require(s->store, who, false, "server", session_done, s);
    return session_settle(s, e);
}

static void session_told(void *arg, const json_t *doc, const struct err *e)
{
    struct store_session *s = arg;

    json_decref(s->sealed);
    s->sealed = json_deep_copy(doc);
    session_answered(s, e);
}

enum err_code store_session_sealed(struct store_session *s, const char *name, json_t **ret_doc,
                                   struct err *e)
{
    enum err_code rc;

    s->open_n++;
    reseal_store_told(s->store, name, session_told, s);
    rc = session_settle(s, e);
    if (rc == ERR_OK) {
        *ret_doc = s->sealed;
        s->sealed = NULL;
    }
    return rc;
}

enum err_code store_session_forget(struct store_session *s, uint32_t kid, struct err *e)
{
    s->open_n++;
    reseal_store_forget(s->store, kid, session_done, s);
    return session_settle(s, e);
}

static void session_listed(void *arg, json_t *ids, const struct err *e)
{
    struct store_session *s = arg;

    json_decref(s->ids);
    s->ids = json_incref(ids);
    session_answered(s, e);
}

enum err_code store_session_ids(struct store_session *s, json_t **ret_ids, struct err *e)
{
    enum err_code rc;

    s->open_n++;
    token_store_ids(s->store, session_listed, s);
    rc = session_settle(s, e);
    if (rc == ERR_OK) {
        *ret_ids = s->ids;
        s->ids = NULL;
    }
    return rc;
}

static void session_learned(void *arg, json_t *lessons, size_t unreadable_n, const struct err *e)
{
    struct store_session *s = arg;

    s->lessons_n = json_array_size(lessons) + unreadable_n;
    s->unreadable_n += unreadable_n;
    json_array_extend(s->lessons, lessons);
    session_answered(s, e);
}

enum err_code store_session_lessons(struct store_session *s, json_t **ret_lessons,
                                    size_t *ret_unreadable_n, struct err *e)
{
    enum err_code rc = ERR_OK;

    json_decref(s->lessons);
    s->lessons = json_array();
    s->unreadable_n = 0;
    for (unsigned p = 0; rc == ERR_OK && p < ID_PARTITIONS; p++) {
        int64_t first = 0;

        do {
            s->open_n++;
            lesson_store_read(s->store, p, first, LESSONS_AT_ONCE, session_learned, s);
            rc = session_settle(s, e);
            first += LESSONS_AT_ONCE;
        } while (rc == ERR_OK && s->lessons_n == LESSONS_AT_ONCE);
    }
    if (rc == ERR_OK) {
        *ret_lessons = s->lessons;
        *ret_unreadable_n = s->unreadable_n;
        s->lessons = NULL;
    }
    return rc;
}

static void session_informed(void *arg, const struct store_info *info, const struct err *e)
{
    struct store_session *s = arg;

    s->info = *info;
    session_answered(s, e);
}

enum err_code store_session_info(struct store_session *s, struct store_info *ret_info,
                                 struct err *e)
{
    enum err_code rc;

    s->open_n++;
    store_info_read(s->store, session_informed, s);
    rc = session_settle(s, e);
    if (rc == ERR_OK)
        *ret_info = s->info;
    return rc;
}

static void session_counted(void *arg, const struct health *h, const struct err *e)
{
    struct store_session *s = arg;

    if (e->code == ERR_OK && s->health)
        *s->health = *h;
    session_answered(s, e);
}

enum err_code store_session_workers(struct store_session *s, struct health *ret_health,
                                    struct err *e)
{
    enum err_code rc;

    s->open_n++;
    s->health = ret_health;
    queue_store_workers(s->store, session_counted, s);
    rc = session_settle(s, e);
    s->health = NULL;
    return rc;
}

static void session_audited(void *arg, const struct audit_line *lines, size_t n,
                            const struct err *e)
{
    struct store_session *s = arg;

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(s->audit, json_string(lines[i].entry));
        json_array_append_new(s->audit, json_string(lines[i].text));
    }
    session_answered(s, e);
}

enum err_code store_session_audit(struct store_session *s, unsigned stream, const char *after,
                                  unsigned max, json_t **ret_lines, struct err *e)
{
    enum err_code rc;

    json_decref(s->audit);
    s->audit = json_array();
    s->open_n++;
    audit_store_read(s->store, stream, after, max, session_audited, s);
    rc = session_settle(s, e);
    if (rc == ERR_OK) {
        *ret_lines = s->audit;
        s->audit = NULL;
    }
    return rc;
}
