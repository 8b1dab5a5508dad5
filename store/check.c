#include "store/check.h"

#include "base/log.h"
#include "protocol/seal.h"
#include "store/library.h"
#include "store/reply.h"
#include "store/rights.h"

#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* (signed_in ->) role_known -> settings_known -> library_known -> (library_loaded) -> (right_known
 * ..) -> barrier_written -> keys_known -> (keys_written) */
struct check {
    bool settings;
    const struct keyring *ring;  /* borrowed */
    const char *user, *password; /* borrowed; password NULL: nobody signs in */
    unsigned rights_n;           /* asked about and not answered */
    bool told;                   /* that the functions are missing */
    void (*unfit)(void *arg, const char *why);
    void *arg;
    struct link *link; /* borrowed while a check runs */
};

/* Each line that a promise rests on; the rest of the recommended file is performance. */
static const struct {
    const char *name, *must;
} settings[] = {
    {"appendonly",                "yes"       },
    {"appendfsync",               "always"    },
    {"no-appendfsync-on-rewrite", "no"        },
    {"aof-load-truncated",        "no"        },
    {"maxmemory-policy",          "noeviction"},
    {"save",                      ""          },
};

enum { SETTINGS_N = sizeof settings / sizeof settings[0], WORDS_MAX = 2 + SETTINGS_N };
enum { RIGHTS_WORDS_MAX = 16 };

static void send(struct check *c, size_t argc, const char *const *argv, const size_t *bytes,
                 link_reply_fn fn)
{
    size_t lengths[WORDS_MAX];

    for (size_t i = 0; !bytes && i < argc; i++)
        lengths[i] = strlen(argv[i]);
    if (link_call_early(c->link, argc, argv, bytes ? bytes : lengths, fn, c, NULL) != ERR_OK)
        link_drop(c->link, "cannot check");
}

static void unfit(struct check *c, const char *why)
{
    log_error("store_unfit", "why=\"%s\"", why);
    link_drop(c->link, "unfit");
    if (c->unfit)
        c->unfit(c->arg, why);
}

static void rights_unfit(struct check *c, const char *which)
{
    char why[300];

    snprintf(why, sizeof why,
             "user %s of the store lacks a right of config/store-users.acl: %.200s", c->user,
             which);
    unfit(c, why);
}

/* False: the step is over, the link was dropped. */
static bool good(struct check *c, const struct redisReply *reply)
{
    struct err e = {0};

    if (!reply) /* the link broke; it comes back by itself */
        return false;
    if (reply_check(reply, &e) == ERR_OK)
        return true;
    if (e.code == ERR_UNAVAILABLE)
        link_drop(c->link, e.detail);
    else if (c->password && !strncmp(reply->str, "NOPERM", 6))
        rights_unfit(c, reply->str);
    else
        unfit(c, e.detail);
    return false;
}

/* --- keys ------------------------------------------------------------------------------------- */

static const char keys_key[] = "lia:{sys}:keycheck";

static void keys_ask(struct check *c);

static void keys_written(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;

    (void)e;
    if (!good(c, reply))
        return;
    if (reply_int(reply))
        link_ready(c->link);
    else
        keys_ask(c); /* somebody was faster: with the same key? */
}

/* The first one with this key. */
static void keys_write(struct check *c, const struct seal_place *place, const char *kid)
{
    size_t n;
    uint8_t *sealed = seal_write(c->ring, place, "liaison", 7, &n);
    const char *argv[] = {"HSETNX", keys_key, kid, (const char *)sealed};
    const size_t bytes[] = {6, sizeof keys_key - 1, strlen(kid), n};

    send(c, 4, argv, bytes, keys_written);
    free(sealed);
}

static bool key_fits(const struct check *c, const char *kid, const struct redisReply *sealed)
{
    const struct seal_place place = {"", kid, "keycheck"};
    char *plain = NULL;
    size_t n;

    if (seal_read(c->ring, &place, reply_text(sealed), reply_bytes(sealed), &plain, &n, NULL) !=
        ERR_OK)
        return false;
    free(plain);
    return true;
}

static void keys_known(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;
    char active[16];
    const struct seal_place place = {"", active, "keycheck"};
    bool is_known = false;
    char why[200];

    (void)e;
    if (!good(c, reply))
        return;
    snprintf(active, sizeof active, "%u", (unsigned)keyring_active(c->ring));
    for (size_t i = 0; i + 1 < reply_count(reply); i += 2) {
        const char *kid = reply_text(reply_at(reply, i));

        if (!kid || strlen(kid) >= sizeof active)
            continue;
        is_known |= !strcmp(kid, active);
        if (key_fits(c, kid, reply_at(reply, i + 1)))
            continue;
        snprintf(why, sizeof why,
                 "key %.15s of the key file is %s the one that the store was sealed with", kid,
                 keyring_key(c->ring, (uint32_t)strtoul(kid, NULL, 10), KEY_FIELD) ? "not"
                                                                                   : "missing:");
        unfit(c, why);
        return;
    }
    if (is_known)
        link_ready(c->link);
    else
        keys_write(c, &place, active);
}

static void keys_ask(struct check *c)
{
    const char *argv[] = {"HGETALL", keys_key};

    if (c->ring)
        send(c, 2, argv, NULL, keys_known);
    else
        link_ready(c->link);
}

static void barrier_written(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;

    (void)e;
    if (!good(c, reply))
        return;
    c->told = false;
    keys_ask(c);
}

/* one write forces what an earlier life of the server left unsynced onto the disk. */
static void barrier_write(struct check *c)
{
    char nonce[24];
    const char *argv[] = {"FCALL", "barrier_v1", "1", "lia:{sys}:barrier", nonce};

    snprintf(nonce, sizeof nonce, "%08x%08x", randombytes_random(), randombytes_random());
    send(c, 5, argv, NULL, barrier_written);
}

/* The answers come in order; the first no ends it, and its link with it. */
static void right_known(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;

    (void)e;
    if (!reply || c->rights_n == 0) /* the link broke, or an earlier one was no */
        return;
    if (reply->type == REDIS_REPLY_ERROR || !reply_text(reply) || strcmp(reply_text(reply), "OK")) {
        c->rights_n = 0;
        rights_unfit(c, reply->str ? reply->str : "");
    } else if (--c->rights_n == 0) {
        barrier_write(c);
    }
}

static void rights_ask(struct check *c)
{
    struct rights_scan scan = {.user = c->user};
    struct args a = {0};

    c->rights_n = 0;
    if (!c->password) {
        barrier_write(c);
        return;
    }
    while (rights_next(&scan, &a)) {
        const char *argv[RIGHTS_WORDS_MAX];
        size_t bytes[RIGHTS_WORDS_MAX];
        bool sent = a.n <= RIGHTS_WORDS_MAX;

        if (sent) {
            args_vector(&a, argv, bytes);
            sent = link_call_early(c->link, a.n, argv, bytes, right_known, c, NULL) == ERR_OK;
        }
        args_clear(&a);
        if (!sent) {
            link_drop(c->link, "cannot check");
            return;
        }
        c->rights_n++;
    }
    if (c->rights_n == 0)
        bug("no rights for user %s", c->user);
}

static void library_loaded(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;

    (void)e;
    if (!good(c, reply))
        return;
    log_info("library_loaded", "name=%s", library_name);
    rights_ask(c);
}

/* Somebody has yet to say `liaison store prepare`. */
static void library_wait(struct check *c)
{
    if (!c->told)
        log_warning("store_unprepared", "why=\"the functions of this release are not in the store: "
                                        "liaison store prepare puts them there\"");
    c->told = true;
    link_drop(c->link, "unprepared");
}

static void library_known(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;
    const char *argv[] = {"FUNCTION", "LOAD", "REPLACE", library_code};
    const size_t bytes[] = {8, 4, 7, library_bytes};

    (void)e;
    if (!good(c, reply))
        return;
    if (library_is(reply_at(reply, 0)))
        rights_ask(c);
    else if (!c->password || !strcmp(c->user, RIGHTS_ADMIN))
        send(c, 4, argv, bytes, library_loaded);
    else if (library_serves(reply_at(reply, 0)))
        rights_ask(c); /* of another release; only the administrator changes it */
    else
        library_wait(c);
}

static void library_ask(struct check *c)
{
    const char *argv[] = {"FUNCTION", "LIST", "LIBRARYNAME", library_name, "WITHCODE"};

    send(c, 5, argv, NULL, library_known);
}

static void settings_known(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;
    char why[200];

    (void)e;
    if (!good(c, reply))
        return;
    for (size_t i = 0; i < SETTINGS_N; i++) {
        const char *is = NULL;

        for (size_t k = 0; k + 1 < reply_count(reply); k += 2)
            if (reply_text(reply_at(reply, k)) &&
                !strcmp(reply_text(reply_at(reply, k)), settings[i].name))
                is = reply_text(reply_at(reply, k + 1));
        if (!is || strcmp(is, settings[i].must) != 0) {
            snprintf(why, sizeof why, "redis setting %s is \"%s\" and must be \"%s\"",
                     settings[i].name, is ? is : "", settings[i].must);
            unfit(c, why);
            return;
        }
    }
    library_ask(c);
}

static void role_known(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;
    const char *argv[WORDS_MAX] = {"CONFIG", "GET"};
    const char *role;

    (void)e;
    if (!good(c, reply))
        return;
    role = reply_text(reply_at(reply, 0));
    if (!role || strcmp(role, "master") != 0) {
        link_drop(c->link, "not a primary");
        return;
    }
    for (size_t i = 0; i < SETTINGS_N; i++)
        argv[2 + i] = settings[i].name;
    if (c->settings)
        send(c, WORDS_MAX, argv, NULL, settings_known);
    else
        library_ask(c);
}

struct check *check_new(bool with_settings, const struct keyring *ring, const char *user,
                        const char *password, void (*on_unfit)(void *arg, const char *why),
                        void *arg)
{
    struct check *c = mem_new(1, sizeof *c);

    c->settings = with_settings;
    c->user = user;
    c->password = password;
    c->ring = ring;
    c->unfit = on_unfit;
    c->arg = arg;
    return c;
}

void check_free(struct check *c)
{
    free(c);
}

static void role_ask(struct check *c)
{
    const char *argv[] = {"ROLE"};

    send(c, 1, argv, NULL, role_known);
}

static void signed_in(void *arg, const struct redisReply *reply, const struct err *e)
{
    struct check *c = arg;
    char why[200];

    (void)e;
    if (reply && reply->type == REDIS_REPLY_ERROR && !strncmp(reply->str, "WRONGPASS", 9)) {
        snprintf(why, sizeof why,
                 "the store does not know user %s with the password of "
                 "`store_passwords`",
                 c->user);
        unfit(c, why);
    } else if (good(c, reply)) {
        role_ask(c);
    }
}

void check_begin(struct check *c, struct link *l)
{
    const char *argv[] = {"AUTH", c->user, c->password};

    c->link = l;
    if (c->password)
        send(c, 3, argv, NULL, signed_in);
    else
        role_ask(c);
}
