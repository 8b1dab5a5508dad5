#include "config/setting.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "config/file.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { SETTING_FILE_BYTES_MAX = 1 << 16 };

enum kind { KIND_TEXT, KIND_WORD, KIND_COUNT, KIND_BOOL };

struct setting {
    const char *name;
    size_t slot;      /* offset in struct settings */
    size_t room;      /* bytes there; TEXT and WORD with their NUL */
    const char *init; /* the default as it would stand in a file */
    enum kind kind;
    bool reloadable;
    int64_t min, max; /* COUNT */
    const char *sentence;
};

#define AT(field) #field, offsetof(struct settings, field), sizeof((struct settings *)0)->field

/* clang-format off */
static const struct setting table[] = {
    {AT(listen), "127.0.0.1:8080", KIND_TEXT, false, 0, 0,
     "Where the daemon listens: HOST:PORT, [IPV6]:PORT or unix:/PATH; port 0 takes any free one."},
    {AT(tls_certificate), "", KIND_TEXT, true, 0, 0,
     "PEM file of the certificate, and those that signed it, for TLS on TCP addresses; without one there is none."},
    {AT(tls_key), "", KIND_TEXT, true, 0, 0,
     "PEM file of the certificate's key; its mode must be 0600. Both are read anew at a reload."},
    {AT(proxy_protocol), "no", KIND_BOOL, false, 0, 0,
     "On a unix: address, take from the front's PROXY protocol who its client is; it must send it."},
    {AT(store), "unix:/run/liaison/redis.sock", KIND_TEXT, false, 0, 0,
     "The store: unix:/PATH or tcp:HOST:PORT."},
    {AT(store_passwords), "", KIND_TEXT, false, 0, 0,
     "Folder with the passwords of the store's users, a file for each program that signs in; without one none does."},
    {AT(data), "/usr/share/liaison/config", KIND_TEXT, true, 0, 0,
     "Folder of the reference data: mandates, countries, sites, species, words."},
    {AT(state), "/var/lib/liaison", KIND_TEXT, false, 0, 0,
     "Folder for what must outlive a restart outside the store."},
    {AT(keys), "/etc/liaison/keys", KIND_TEXT, false, 0, 0,
     "File with the keys of countries and secretariats; its mode must be 0600."},
    {AT(pages), "", KIND_TEXT, false, 0, 0,
     "Folder of the web pages, as the build makes it; without one the daemon serves programs alone."},
    {AT(log_level), "info", KIND_WORD, true, 0, 0,
     "The least urgent lines that are logged."},
    {AT(body_bytes), "65536", KIND_COUNT, true, 1024, 1048576,
     "Largest request body that is accepted, in bytes."},
    {AT(connections), "8000", KIND_COUNT, false, 16, 100000,
     "Most client connections at a time."},
    {AT(connections_per_address), "64", KIND_COUNT, false, 1, 100000,
     "Most client connections at a time from one address."},
    {AT(event_streams), "6000", KIND_COUNT, true, 0, 100000,
     "Most event streams (GET /v1/events) at a time; they count as connections, too."},
    {AT(rate_per_minute), "600", KIND_COUNT, true, 0, 1000000,
     "Requests that one principal may make in a minute; 0 for no limit."},
    {AT(submits_per_minute), "60", KIND_COUNT, true, 0, 1000000,
     "Requests for help that one country may submit in a minute; 0 for no limit."},
    {AT(assesses_per_minute), "60", KIND_COUNT, true, 0, 1000000,
     "Drafts that one principal may have assessed in a minute; 0 for no limit."},
    {AT(failures_per_minute), "10", KIND_COUNT, true, 0, 1000000,
     "Failed sign-ins of one address in a minute before it is told to wait; 0 for no limit."},
    {AT(authorities), "", KIND_TEXT, true, 0, 0,
     "Names that signed requests may be addressed to, HOST or HOST:PORT, parted by commas; without any, each."},
    {AT(attachment_hours), "24", KIND_COUNT, true, 0, 720,
     "Hours after which an attachment that no request refers to is removed; looked for each hour."},
    {AT(assess_bytes), "67108864", KIND_COUNT, true, 1048576, 8589934592,
     "Memory of the daemon for stored requests that drafts are compared with, in bytes."},
    {AT(audit_key), "/etc/liaison/audit-key", KIND_TEXT, false, 0, 0,
     "File with the key that signs checkpoints of the audit log; its mode must be 0600."},
    {AT(checkpoint_s), "60", KIND_COUNT, true, 1, 3600,
     "Seconds between two signed checkpoints of the audit log, as long as it grows."},
    {AT(store_timeout_ms), "2000", KIND_COUNT, false, 100, 60000,
     "How long a store command may take before the client is told to try again."},
    {AT(worker_parallel), "32", KIND_COUNT, true, 1, 1024,
     "Requests that one worker has in work at a time."},
    {AT(worker_takeover_ms), "30000", KIND_COUNT, true, 100, 3600000,
     "Idle time after which a worker takes over an entry of another one."},
    {AT(worker_retry_ms), "15000", KIND_COUNT, true, 10, 3600000,
     "First wait before a failed entry is tried again; doubled with each attempt."},
    {AT(reconcile_ms), "60000", KIND_COUNT, true, 100, 3600000,
     "Time between two looks for requests that fell out of every queue or are too old to compare with."},
    {AT(event_days), "90", KIND_COUNT, true, 1, 3660,
     "Days within which a reader of events can go on where it stopped; older events leave the streams once they are in the audit log."},
    {AT(lessons), "1000", KIND_COUNT, true, 0, 100000,
     "Newest claims, declines and manual routes that each of 16 partitions keeps for liaison routing learn."},
    {AT(unmerge_days), "14", KIND_COUNT, true, 0, 365,
     "Days within which a merge can be undone; what was promised at a merge stays."},
    {AT(smtp_url), "", KIND_TEXT, false, 0, 0,
     "Mail server that notices are handed to, smtp://HOST:PORT or smtps://HOST:PORT; without one no mail is sent."},
    {AT(smtp_user), "", KIND_TEXT, false, 0, 0,
     "Name to sign in with at the mail server; without one Liaison does not sign in."},
    {AT(smtp_password), "", KIND_TEXT, false, 0, 0,
     "File with the password for smtp_user; its mode must be 0600."},
    {AT(smtp_tls), "yes", KIND_BOOL, false, 0, 0,
     "Send no mail over a connection that is not encrypted; no: encrypt when the mail server can."},
    {AT(mail_from), "", KIND_TEXT, false, 0, 0,
     "Address that mails come from; without one no mail is sent."},
    {AT(mail_reply_to), "", KIND_TEXT, false, 0, 0,
     "Address NAME@HOST for answers, which come to NAME+TOKEN@HOST; without one mails ask for no answer."},
    {AT(mail_in), "", KIND_TEXT, false, 0, 0,
     "Maildir where those answers arrive, read by the role mail-in; without one none is read."},
    {AT(contacts), "", KIND_TEXT, true, 0, 0,
     "CSV file of people to write to (who,email,language,name); without one only contacts named in requests are told."},
    {AT(reply_days), "60", KIND_COUNT, true, 1, 365,
     "Days within which a mail can be answered; notices are kept as long."},
    {AT(deliver_parallel), "16", KIND_COUNT, true, 1, 256,
     "Mails and webhook calls that one worker has on their way at a time."},
    {AT(deliver_retry_ms), "5000", KIND_COUNT, true, 1, 3600000,
     "First wait before a failed delivery is tried again; the waits after it grow in proportion, to a day."},
    {AT(deliver_lease_ms), "60000", KIND_COUNT, true, 1000, 3600000,
     "How long one delivery may take before another worker makes it; what is under way is given up before."},
    {AT(deliver_hours), "168", KIND_COUNT, true, 1, 8760,
     "Hours after which an event that nobody could be told of is not told any more."},
    {AT(webhook_timeout_ms), "10000", KIND_COUNT, true, 100, 60000,
     "How long a webhook may take to answer."},
    {AT(webhook_failures), "20", KIND_COUNT, true, 1, 1000,
     "Failed calls in a row that pause a webhook until its owner resumes it."},
    {AT(webhook_ca), "", KIND_TEXT, false, 0, 0,
     "File of the certificates that webhooks must be signed by; without one those that the system trusts."},
    {AT(webhook_loopback), "no", KIND_BOOL, false, 0, 0,
     "Let webhooks lead to this machine itself; only for tests."},
    {AT(disk_free_bytes), "2147483648", KIND_COUNT, true, 0, 1099511627776,
     "Free room on the state folder's disk below which no request is taken in, in bytes; 0 for none."},
    {AT(check_store), "yes", KIND_BOOL, false, 0, 0,
     "Refuse to start when the store's settings cannot keep what Liaison promises."},
};
/* clang-format on */

enum { TABLE_N = sizeof table / sizeof table[0] };

static const char *const log_words[] = {"error", "warning", "info", "debug"};
enum { LOG_WORDS_N = sizeof log_words / sizeof log_words[0] };

/* value is trimmed text; where: "file:line" or the variable's name. */
static enum err_code text_set(const struct setting *row, char *slot, const char *value,
                              const char *where, struct err *e)
{
    size_t bytes = strlen(value);

    if ((!bytes && *row->init) || bytes >= row->room) /* only what may be unset is empty */
        return err_set(e, ERR_CONFIG, "%s: %s must have 1..%zu bytes", where, row->name,
                       row->room - 1);
    if (!utf8_is_valid(value, bytes) || utf8_has_control(value, bytes))
        return err_set(e, ERR_CONFIG, "%s: %s has bytes that are not text", where, row->name);
    memcpy(slot, value, bytes + 1);
    return ERR_OK;
}

static enum err_code word_set(const struct setting *row, char *slot, const char *value,
                              const char *where, struct err *e)
{
    for (size_t i = 0; i < LOG_WORDS_N; i++)
        if (!strcmp(value, log_words[i]))
            return text_set(row, slot, value, where, e);
    return err_set(e, ERR_CONFIG, "%s: %s must be error, warning, info or debug", where, row->name);
}

static enum err_code count_set(const struct setting *row, char *slot, const char *value,
                               const char *where, struct err *e)
{
    size_t digits = strspn(value, "0123456789");
    int64_t n = -1;

    if (digits && !value[digits] && digits <= 18) /* 18 digits always fit */
        n = strtoll(value, NULL, 10);
    if (n < row->min || n > row->max)
        return err_set(e, ERR_CONFIG, "%s: %s must be a number in %" PRId64 "..%" PRId64, where,
                       row->name, row->min, row->max);
    memcpy(slot, &n, sizeof n);
    return ERR_OK;
}

static enum err_code bool_set(const struct setting *row, char *slot, const char *value,
                              const char *where, struct err *e)
{
    bool yes = !strcmp(value, "yes");

    if (!yes && strcmp(value, "no") != 0)
        return err_set(e, ERR_CONFIG, "%s: %s must be yes or no", where, row->name);
    memcpy(slot, &yes, sizeof yes);
    return ERR_OK;
}

static enum err_code setting_set(const struct setting *row, struct settings *s, const char *value,
                                 const char *where, struct err *e)
{
    static enum err_code (*const set[])(const struct setting *, char *, const char *, const char *,
                                        struct err *) = {
        [KIND_TEXT] = text_set,
        [KIND_WORD] = word_set,
        [KIND_COUNT] = count_set,
        [KIND_BOOL] = bool_set,
    };

    return set[row->kind](row, (char *)s + row->slot, value, where, e);
}

static void defaults_set(struct settings *s)
{
    struct err e = {0};

    *s = (struct settings){0};
    for (size_t i = 0; i < TABLE_N; i++)
        if (setting_set(&table[i], s, table[i].init, "default", &e) != ERR_OK)
            bug("%s", e.detail);
}

/* Cuts the blanks off both ends, in place. */
static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (isspace((unsigned char)*text))
        text++;
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

/* One line without its line feed. given: bit a row that the file already had. */
static enum err_code line_read(struct settings *s, char *line, const char *where,
                               unsigned long long *given, struct err *e)
{
    char *key = trim(line);
    char *value = strchr(key, '=');
    size_t i = 0;

    if (!*key || *key == '#')
        return ERR_OK;
    if (!value)
        return err_set(e, ERR_CONFIG, "%s: expected \"key = value\"", where);
    *value++ = '\0';
    key = trim(key);
    while (i < TABLE_N && strcmp(table[i].name, key) != 0)
        i++;
    if (i == TABLE_N)
        return err_set(e, ERR_CONFIG, "%s: unknown key \"%.40s\"", where, key);
    if (*given >> i & 1)
        return err_set(e, ERR_CONFIG, "%s: %s is given twice", where, key);
    *given |= 1ULL << i;
    return setting_set(&table[i], s, trim(value), where, e);
}

static enum err_code file_lines_read(const char *path, struct settings *s, struct err *e)
{
    BUF_AUTO struct buf text = {0};
    unsigned long long given = 0;
    unsigned line_n = 0;
    enum err_code rc = file_read(path, SETTING_FILE_BYTES_MAX, &text, e);
    char *line = text.text;

    _Static_assert(TABLE_N <= 64, "given is 64 bits");
    if (rc == ERR_OK && text.bytes && strlen(text.text) != text.bytes)
        return err_set(e, ERR_CONFIG, "%s: has a NUL byte", path);
    while (rc == ERR_OK && line) {
        BUF_AUTO struct buf where = {0};
        char *next = strchr(line, '\n');

        if (next)
            *next++ = '\0';
        buf_printf(&where, "%s:%u", path, ++line_n);
        rc = line_read(s, line, buf_text(&where), &given, e);
        line = next;
    }
    return rc;
}

static enum err_code environment_read(struct settings *s, struct err *e)
{
    for (size_t i = 0; i < TABLE_N; i++) {
        char name[64];
        const char *value;

        snprintf(name, sizeof name, "LIAISON_%s", table[i].name);
        for (char *c = name; *c; c++)
            *c = (char)toupper((unsigned char)*c);
        value = getenv(name);
        if (value && setting_set(&table[i], s, value, name, e) != ERR_OK)
            return ERR_CONFIG;
    }
    return ERR_OK;
}

enum err_code settings_load(const char *path, struct settings *s, struct err *e)
{
    struct settings fresh;
    enum err_code rc = ERR_OK;

    defaults_set(&fresh);
    if (path)
        rc = file_lines_read(path, &fresh, e);
    if (rc == ERR_OK)
        rc = environment_read(&fresh, e);
    if (rc == ERR_OK)
        *s = fresh;
    return rc;
}

static void allowed_print(const struct setting *row, FILE *out)
{
    switch (row->kind) {
    case KIND_TEXT:
        fprintf(out, "at most %zu bytes", row->room - 1);
        break;
    case KIND_WORD:
        fputs("error, warning, info or debug", out);
        break;
    case KIND_COUNT:
        fprintf(out, "%" PRId64 "..%" PRId64, row->min, row->max);
        break;
    case KIND_BOOL:
        fputs("yes or no", out);
        break;
    }
}

static void value_print(const struct setting *row, const char *slot, FILE *out)
{
    int64_t n;
    bool yes;

    switch (row->kind) {
    case KIND_TEXT:
    case KIND_WORD:
        fputs(slot, out);
        break;
    case KIND_COUNT:
        memcpy(&n, slot, sizeof n);
        fprintf(out, "%" PRId64, n);
        break;
    case KIND_BOOL:
        memcpy(&yes, slot, sizeof yes);
        fputs(yes ? "yes" : "no", out);
        break;
    }
}

void settings_print(const struct settings *s, FILE *out)
{
    fputs(
        "# Settings of Liaison, see liaison.conf(5). A variable LIAISON_<KEY> in the environment,\n"
        "# for example LIAISON_LISTEN, wins over this file.\n",
        out);
    for (size_t i = 0; i < TABLE_N; i++) {
        fprintf(out, "\n# %s\n# Allowed: ", table[i].sentence);
        allowed_print(&table[i], out);
        fprintf(out, ". Default: %s. Takes effect at %s.\n%s = ",
                *table[i].init ? table[i].init : "none", table[i].reloadable ? "reload" : "restart",
                table[i].name);
        value_print(&table[i], (const char *)s + table[i].slot, out);
        fputc('\n', out);
    }
}

void setting_write_roff(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++)
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '.' && text[1] == ' ' && isupper((unsigned char)text[2]))
            fputs(".\n", out), text++; /* a sentence begins a line */
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
}

void settings_print_manual(FILE *out)
{
    fputs(".Dd November 23, 2026\n.Dt LIAISON.CONF 5\n.Os Liaison\n.Sh NAME\n.Nm liaison.conf\n"
          ".Nd settings of daemon, workers and command line\n.Sh DESCRIPTION\n"
          "One\n.Ql key = value\na line; lines that begin with\n.Ql #\nare comments.\n"
          "A key that is not listed here is an error.\nA variable LIAISON_KEY in the environment, "
          "for example\n.Ev LIAISON_LISTEN ,\nwins over the file.\n.Bl -tag -width Ds\n",
          out);
    for (size_t i = 0; i < TABLE_N; i++) {
        fprintf(out, ".It Ic %s\n", table[i].name);
        setting_write_roff(table[i].sentence, out);
        fputs("\nAllowed: ", out);
        allowed_print(&table[i], out);
        fputs(".\nDefault: ", out);
        setting_write_roff(*table[i].init ? table[i].init : "none", out);
        fprintf(out, ".\nTakes effect at %s.\n", table[i].reloadable ? "reload" : "restart");
    }
    fputs(".El\n.Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/liaison/liaison.conf\n"
          "the usual place.\n.El\n.Sh EXAMPLES\n.Dl listen = 127.0.0.1:8080\n"
          ".Dl store = unix:/run/liaison/redis.sock\n"
          ".Sh SEE ALSO\n.Xr liaison 1 ,\n.Xr liaisond 8\n",
          out);
}

/* Texts are compared as texts: what stands behind their NUL means nothing. */
static bool is_same(const struct setting *row, const char *a, const char *b)
{
    return row->kind == KIND_TEXT || row->kind == KIND_WORD ? !strcmp(a, b)
                                                            : !memcmp(a, b, row->room);
}

const char *settings_adopt(struct settings *running, const struct settings *fresh)
{
    const char *waits = NULL;

    for (size_t i = 0; i < TABLE_N; i++) {
        char *old = (char *)running + table[i].slot;
        const char *new = (const char *)fresh + table[i].slot;

        if (table[i].reloadable)
            memcpy(old, new, table[i].room);
        else if (!waits && !is_same(&table[i], old, new))
            waits = table[i].name;
    }
    return waits;
}
