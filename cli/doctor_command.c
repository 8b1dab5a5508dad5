/* One check after the other, each on its own: what one of them finds keeps no other from looking.
 * Every finding says what it looked at, how it is, and what to do. */
#include "cli/doctor_command.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/line.h"
#include "cli/screen.h"
#include "cli/server_settings.h"
#include "cli/store_session.h"
#include "config/contact.h"
#include "config/load.h"
#include "store/info_store.h"
#include "store/queue_store.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

enum { CLOCK_APART_MS = 1000, DIAL_S = 5 };
static const double gib = 1024.0 * 1024 * 1024;

enum level { LEVEL_GOOD, LEVEL_WARN, LEVEL_BAD };
static const char *const level_words[] = {"ok", "warn", "FAIL"};

struct doctor {
    const struct line *line; /* borrowed */
    struct settings settings;
    struct store_session *store; /* owned; NULL: it cannot be asked */
    json_t *findings;            /* owned */
    enum level worst;
};

/* todo: what to do, in words; "" when there is nothing. */
static void find(struct doctor *d, enum level level, const char *about, const char *todo,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void find(struct doctor *d, enum level level, const char *about, const char *todo,
                 const char *fmt, ...)
{
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (level > d->worst)
        d->worst = level;
    json_array_append_new(d->findings, json_pack("{s:s, s:s, s:s, s:s}", "about", about, "level",
                                                 level_words[level], "finding", text, "do", todo));
}

/* --- files ------------------------------------------------------------------------------------ */

static void check_data(struct doctor *d)
{
    struct config *config = NULL;
    struct contacts contacts = {.n = 0};
    struct err e = {0};

    if (config_load(d->settings.data, &config, &e) != ERR_OK) {
        find(d, LEVEL_BAD, "data", "correct that line, or name the right folder in `data`", "%s",
             e.detail);
    } else {
        find(d, LEVEL_GOOD, "data", "", "%s, ruleset %s", d->settings.data, config->ruleset);
        if (config->lexicon.bytes)
            find(d, LEVEL_GOOD, "lexicon", "", "%zu KiB of words in other languages",
                 config->lexicon.bytes / 1024);
        else
            find(d, LEVEL_WARN, "lexicon",
                 "put the lexicon.bin of the build into the folder of `data`, then reload",
                 "%s has no lexicon.bin: requests in different languages are compared poorly",
                 d->settings.data);
    }
    config_free(config);
    if (contacts_load(d->settings.contacts, &contacts, &e) != ERR_OK)
        find(d, LEVEL_BAD, "contacts", "correct that line of the file that `contacts` names", "%s",
             e.detail);
    else
        find(d, LEVEL_GOOD, "contacts", "", "%zu people to write to", contacts.n);
    contacts_clear(&contacts);
}

static void check_keys(struct doctor *d)
{
    struct keyring *ring = NULL;
    struct stat file;
    struct err e = {0};

    if (keyring_load(d->settings.keys, &ring, &e) != ERR_OK)
        find(d, LEVEL_BAD, "keys",
             "put the key file back from its backup (without it nothing stored can be read); "
             "its mode is 0600",
             "%s", e.detail);
    else
        find(d, LEVEL_GOOD, "keys", "", "%s, key %u is active", d->settings.keys,
             keyring_active(ring));
    keyring_free(ring);
    if (stat(d->settings.audit_key, &file) != 0)
        find(d, LEVEL_WARN, "audit key", "liaison keys audit NAME FILE, and name it in `audit_key`",
             "%s: %s: the audit log is not signed", d->settings.audit_key, strerror(errno));
    else if (file.st_mode & 077)
        find(d, LEVEL_BAD, "audit key", "chmod 600, and make a new key if strangers could read it",
             "%s can be read by others", d->settings.audit_key);
    else
        find(d, LEVEL_GOOD, "audit key", "", "%s", d->settings.audit_key);
}

/* --- the machine ------------------------------------------------------------------------------ */

static void check_disk(struct doctor *d)
{
    const struct settings *s = &d->settings;
    double least = (double)s->disk_free_bytes;
    struct statvfs disk;
    double left;

    if (statvfs(s->state, &disk) != 0) {
        find(d, LEVEL_BAD, "disk", "make the folder that `state` names, for the service's user",
             "%s: %s", s->state, strerror(errno));
        return;
    }
    left = (double)disk.f_bavail * (double)disk.f_frsize;
    find(d,
         left < least       ? LEVEL_BAD
         : left < 2 * least ? LEVEL_WARN
                            : LEVEL_GOOD,
         "disk",
         left < 2 * least ? "make room, or give the state folder a larger disk; in need remove the "
                            "file redis-ballast there"
                          : "",
         "%.1f GiB free at %s; below %.1f GiB nothing is taken in", left / gib, s->state,
         least / gib);
}

/* The word between brackets of "always madvise [never]", else the first one. */
static void read_choice(const char *path, char *out, size_t n)
{
    char text[128] = "";
    FILE *f = fopen(path, "re");
    const char *at;

    if (f && !fgets(text, sizeof text, f))
        *text = '\0';
    if (f)
        fclose(f);
    at = strchr(text, '[');
    at = at ? at + 1 : text;
    snprintf(out, n, "%.*s", (int)strcspn(at, "] \n"), at);
}

static void check_memory(struct doctor *d)
{
    char huge[32], overcommit[32];

    read_choice("/sys/kernel/mm/transparent_hugepage/enabled", huge, sizeof huge);
    read_choice("/proc/sys/vm/overcommit_memory", overcommit, sizeof overcommit);
    if (strcmp(overcommit, "1") != 0)
        find(d, LEVEL_WARN, "memory", "sysctl vm.overcommit_memory=1, and in /etc/sysctl.d/",
             "vm.overcommit_memory is %s: Redis may fail to rewrite its file when memory is short",
             *overcommit ? overcommit : "not known");
    if (*huge && !strcmp(huge, "always"))
        find(d, LEVEL_WARN, "memory",
             "echo never > /sys/kernel/mm/transparent_hugepage/enabled, at each boot",
             "transparent huge pages are on: Redis answers late while it rewrites its file");
}

static void check_clock(struct doctor *d)
{
    struct timex t = {.modes = 0};

    if (adjtimex(&t) == TIME_ERROR)
        find(d, LEVEL_WARN, "clock", "install and start chrony or systemd-timesyncd",
             "nothing keeps this machine's clock right");
    else
        find(d, LEVEL_GOOD, "clock", "", "kept right from outside");
}

/* --- the store and who works -------------------------------------------------------------------
 */

static void check_store(struct doctor *d)
{
    struct store_info info;
    struct err e = {0};

    if (store_session_open(d->line, &d->store, &e) != ERR_OK ||
        store_session_info(d->store, &info, &e) != ERR_OK) {
        find(d, LEVEL_BAD, "store",
             e.code == ERR_CONFIG
                 ? "correct the settings of Redis (docs/operations.md, Redis), restart it"
                 : "start Redis (systemctl status liaison-redis) and look at `store`",
             "%s: %s", d->settings.store, e.detail);
        store_session_close(d->store);
        d->store = NULL;
        return;
    }
    find(d, LEVEL_GOOD, "store", "", "Redis %s with the settings and functions that it must have",
         info.version);
    if (!info.aof_on || !info.aof_good)
        find(d, LEVEL_BAD, "store", "look at Redis's log and at the disk, then restart Redis",
             "its last write to disk failed");
    if (!info.memory_max)
        find(d, LEVEL_WARN, "store memory", "set maxmemory to 60 % of the machine's",
             "no limit is set: a full machine would end Redis");
    else
        find(d, info.memory_bytes > info.memory_max / 10 * 8 ? LEVEL_WARN : LEVEL_GOOD,
             "store memory",
             info.memory_bytes > info.memory_max / 10 * 8
                 ? "give the machine more memory and raise maxmemory"
                 : "",
             "%.2f of %.2f GiB", (double)info.memory_bytes / gib, (double)info.memory_max / gib);
    if (info.apart_ms > CLOCK_APART_MS || info.apart_ms < -CLOCK_APART_MS)
        find(d, LEVEL_BAD, "clock", "set both machines' clocks from the same source",
             "the store's clock is %.1f s apart from this machine's", (double)info.apart_ms / 1000);
}

static void check_workers(struct doctor *d)
{
    static const struct {
        const char *role, *without;
        enum level level;
    } roles[] = {
        {"route",   "requests are taken in, but not routed",     LEVEL_BAD },
        {"clock",   "no reminder is sent and no offer runs out", LEVEL_BAD },
        {"deliver", "no mail and no webhook is sent",            LEVEL_BAD },
        {"audit",   "the audit log does not grow",               LEVEL_WARN}
    };
    int64_t now_ms = clock_now_ms();
    struct health *h = mem_new(1, sizeof *h);
    struct err e = {0};

    if (!d->store) {
        find(d, LEVEL_WARN, "workers", "first the store", "not known without the store");
    } else if (store_session_workers(d->store, h, &e) != ERR_OK) {
        find(d, LEVEL_BAD, "workers", "see what the store says", "%s", e.detail);
    } else {
        for (size_t r = 0; r < sizeof roles / sizeof roles[0]; r++) {
            unsigned live_n = 0;

            for (size_t i = 0; i < h->workers_n; i++)
                live_n += heartbeat_is_live(&h->workers[i], now_ms) &&
                          heartbeat_has_role(&h->workers[i], roles[r].role);
            find(d, live_n ? LEVEL_GOOD : roles[r].level, "workers",
                 live_n ? "" : "start one: systemctl start liaison.target", "role %s: %u live%s%s",
                 roles[r].role, live_n, live_n ? "" : "; ", live_n ? "" : roles[r].without);
        }
    }
    free(h);
}

/* --- what is reached over a connection ---------------------------------------------------------
 */

/* False: why says so. */
static bool dial(const char *url, const char *unix_path, char why[CURL_ERROR_SIZE])
{
    CURL *curl = curl_easy_init();
    CURLcode code;

    if (!curl)
        bug("no curl handle");
    *why = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)DIAL_S);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    if (unix_path)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, unix_path);
    code = curl_easy_perform(curl);
    if (code != CURLE_OK && !*why)
        snprintf(why, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
    curl_easy_cleanup(curl);
    return code == CURLE_OK;
}

static void check_mail(struct doctor *d)
{
    const struct settings *s = &d->settings;
    char why[CURL_ERROR_SIZE];

    if (!*s->smtp_url || !*s->mail_from)
        find(d, LEVEL_WARN, "mail", "set `smtp_url` and `mail_from`, then restart the workers",
             "not set up: nobody is written to");
    else if (!dial(s->smtp_url, NULL, why))
        find(d, LEVEL_BAD, "mail", "look at the mail server, at `smtp_url` and at the firewall",
             "%s: %s", s->smtp_url, why);
    else
        find(d, LEVEL_GOOD, "mail", "", "%s answers", s->smtp_url);
}

static void check_daemon(struct doctor *d)
{
    const char *listen = d->settings.listen;
    bool is_unix = !strncmp(listen, "unix:", 5);
    char url[160], why[CURL_ERROR_SIZE];

    snprintf(url, sizeof url, "http://%s/livez", is_unix ? "localhost" : listen);
    if (dial(url, is_unix ? listen + 5 : NULL, why))
        find(d, LEVEL_GOOD, "daemon", "", "listens at %s", listen);
    else
        find(d, LEVEL_BAD, "daemon",
             "systemctl status liaisond, and its log: journalctl -u liaisond", "%s: %s", listen,
             why);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void findings_write(const struct doctor *d)
{
    struct screen screen;
    const json_t *one;
    size_t i;

    screen_init(&screen, stdout, d->line);
    json_array_foreach (d->findings, i, one) {
        BUF_AUTO struct buf text = {0};
        const char *todo = json_string_value(json_object_get(one, "do"));

        screen_add_safe(&text, json_string_value(json_object_get(one, "finding")), false);
        if (screen.is_terminal) {
            printf("%-5s %-13s %s\n", json_string_value(json_object_get(one, "level")),
                   json_string_value(json_object_get(one, "about")), buf_text(&text));
            if (*todo)
                printf("%19s do: %s\n", "", todo);
        } else {
            printf("%s\t%s\t%s\t%s\n", json_string_value(json_object_get(one, "level")),
                   json_string_value(json_object_get(one, "about")), buf_text(&text), todo);
        }
    }
}

enum exit_code doctor_run(const struct line *line)
{
    struct doctor d = {.line = line, .findings = json_array()};
    struct err e = {0};

    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (server_settings_load(line, &d.settings, &e) != ERR_OK) {
        find(&d, LEVEL_BAD, "settings", "correct that line; liaisond -t checks it again", "%s",
             e.detail);
    } else {
        find(&d, LEVEL_GOOD, "settings", "", "read");
        check_data(&d);
        check_keys(&d);
        check_disk(&d);
        check_memory(&d);
        check_clock(&d);
        check_store(&d);
        check_workers(&d);
        check_daemon(&d);
        check_mail(&d);
    }
    if (line_has(line, "json")) {
        json_dumpf(d.findings, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        findings_write(&d);
    }
    store_session_close(d.store);
    json_decref(d.findings);
    curl_global_cleanup();
    return d.worst == LEVEL_BAD ? EXIT_FAILED : EXIT_DONE;
}
