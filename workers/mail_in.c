/* On a timer: mail_in_look -> mail_begin -> answer_begin .. -> mail_done -> the next one.
 *
 * While a mail is taken apart, a note names it (trying-SLOT). A worker that finds such a note at
 * its start was ended by that mail, and sets it aside. */
#include "workers/mail_in.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/mail.h"
#include "workers/answer.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 256, NAMES_MAX = 256, ROUND_MS = 250, PATH_BYTES = 640 };

struct mail_in {
    struct crew *crew; /* borrowed */
    struct event *round;
    char names[NAMES_MAX][NAME_BYTES]; /* of new/, to be worked on; a stack, oldest on top */
    size_t names_n;
    char name[NAME_BYTES]; /* in work; "": none */
    char trying[PATH_BYTES];
    void (*stopped)(void *arg);
    void *stopped_arg;
};

static void mail_next(struct mail_in *m);

static void path_make(const struct mail_in *m, const char *folder, const char *name,
                      const char *suffix, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%.255s/%s/%s%s", m->crew->settings.mail_in, folder, name, suffix);
}

/* --- where a mail goes in the end --------------------------------------------------------------
 */

static void file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        log_warning("cannot_write", "path=%s why=\"%s\"", path, strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void mail_move(const struct mail_in *m, const char *name, const char *folder,
                      const char *suffix)
{
    char from[PATH_BYTES], to[PATH_BYTES];

    path_make(m, "new", name, "", from);
    path_make(m, folder, name, suffix, to);
    if (rename(from, to) != 0 && errno != ENOENT) /* another worker may have moved it */
        log_error("mail_not_moved", "name=%s why=\"%s\"", name, strerror(errno));
}

static void mail_refuse(const struct mail_in *m, const char *name, const char *why)
{
    char path[PATH_BYTES], text[64];

    log_warning("mail_refused", "name=%s why=%s", name, why);
    snprintf(text, sizeof text, "%s\n", why);
    path_make(m, "refused", name, ".reason", path);
    file_write(path, text);
    mail_move(m, name, "refused", "");
}

/* --- one mail ----------------------------------------------------------------------------------
 */

static void mail_in_idle(struct mail_in *m)
{
    void (*stopped)(void *) = m->stopped;

    if (*m->name || !stopped)
        return;
    m->stopped = NULL;
    stopped(m->stopped_arg);
}

static void mail_done(void *arg, enum answer_result result)
{
    struct mail_in *m = arg;

    if (result == ANSWER_DONE) {
        log_info("mail_taken", "name=%s", m->name);
        mail_move(m, m->name, "cur", ":2,S");
    } else if (result == ANSWER_LATER) {
        m->names_n = 0; /* stays in new/ */
    } else {
        mail_refuse(m, m->name, answer_words[result]);
    }
    m->name[0] = '\0';
    mail_in_idle(m);
    mail_next(m);
}

/* NULL: refused or gone. The caller frees. */
static char *mail_load(const struct mail_in *m, const char *name, size_t *ret_n)
{
    char path[PATH_BYTES];
    struct stat st;
    char *bytes = NULL;
    size_t n = 0;
    int fd;

    path_make(m, "new", name, "", path);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        mail_refuse(m, name, "unreadable");
    } else if (st.st_size > INCOMING_BYTES_MAX) {
        mail_refuse(m, name, "too_large");
    } else {
        ssize_t got = 1;

        bytes = mem_new(1, (size_t)st.st_size + 1);
        while (n < (size_t)st.st_size && got > 0) {
            got = read(fd, bytes + n, (size_t)st.st_size - n);
            n += got > 0 ? (size_t)got : 0;
        }
    }
    if (fd >= 0)
        close(fd);
    *ret_n = n;
    return bytes;
}

/* True: answer_begin was called. */
static bool mail_begin(struct mail_in *m, const char *name)
{
    struct incoming incoming;
    uint8_t print[32];
    size_t n = 0;
    char *bytes = mail_load(m, name, &n);
    bool good;

    if (!bytes)
        return false;
    crypto_generichash(print, sizeof print, (const uint8_t *)bytes, n, NULL, 0);
    file_write(m->trying, name);
    good = incoming_read(bytes, n, m->crew->settings.mail_reply_to, &incoming);
    unlink(m->trying);
    free(bytes);
    if (!good) {
        mail_refuse(m, name, "broken");
        return false;
    }
    snprintf(m->name, sizeof m->name, "%s", name);
    answer_begin(m->crew, &incoming, print, mail_done, m);
    return true;
}

static void mail_next(struct mail_in *m)
{
    while (m->names_n && !*m->name && !m->crew->stopping) {
        m->names_n--;
        if (mail_begin(m, m->names[m->names_n]))
            return;
    }
}

/* --- all of them -------------------------------------------------------------------------------
 */

static int last_first(const void *a, const void *b)
{
    return -strcmp(a, b);
}

static void mail_in_list(struct mail_in *m)
{
    char path[PATH_BYTES];
    const struct dirent *entry;
    DIR *dir;

    path_make(m, "new", "", "", path);
    dir = opendir(path);
    if (!dir) {
        log_error("cannot_read", "path=%s why=\"%s\"", path, strerror(errno));
        return;
    }
    while (m->names_n < NAMES_MAX && (entry = readdir(dir)))
        if (*entry->d_name != '.' && strlen(entry->d_name) < NAME_BYTES - 16)
            snprintf(m->names[m->names_n++], NAME_BYTES, "%s", entry->d_name);
    closedir(dir);
    qsort(m->names, m->names_n, NAME_BYTES, last_first); /* names begin with their time */
}

static void mail_in_look(evutil_socket_t fd, short what, void *arg)
{
    struct mail_in *m = arg;

    (void)fd, (void)what;
    if (!*m->name && !m->crew->stopping && store_is_ready(m->crew->store) &&
        !crew_is_quiet(m->crew)) {
        m->names_n = 0;
        mail_in_list(m);
        mail_next(m);
    }
    evtimer_add(m->round, &(struct timeval){.tv_usec = ROUND_MS * 1000});
}

/* --- life --------------------------------------------------------------------------------------
 */

static void crashed_refuse(const struct mail_in *m)
{
    char name[NAME_BYTES] = "";
    int fd = open(m->trying, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof name - 1);

    if (fd >= 0)
        close(fd);
    if (n > 0 && *name != '.' && !strchr(name, '/'))
        mail_refuse(m, name, "crashed");
    unlink(m->trying);
}

enum err_code mail_in_new(struct crew *crew, struct mail_in **ret_mail_in, struct err *e)
{
    static const char *const folders[] = {"", "new", "cur", "tmp", "refused"};
    const struct settings *s = &crew->settings;
    char path[PATH_BYTES];
    struct mail_in *m;

    if (!*s->mail_in || !mail_is_address(s->mail_reply_to))
        return err_set(e, ERR_CONFIG, "mail-in needs mail_in and mail_reply_to");
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%.255s/%s", s->mail_in, folders[i]);
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return err_set(e, ERR_CONFIG, "cannot make %.200s: %s", path, strerror(errno));
    }
    m = mem_new(1, sizeof *m);
    m->crew = crew;
    snprintf(m->trying, sizeof m->trying, "%.255s/trying-%s", s->mail_in, crew->slot);
    crashed_refuse(m);
    incoming_init();
    m->round = evtimer_new(crew->base, mail_in_look, m);
    if (!m->round)
        bug("out of memory");
    evtimer_add(m->round, &(struct timeval){0});
    *ret_mail_in = m;
    return ERR_OK;
}

void mail_in_stop(struct mail_in *m, void (*done)(void *arg), void *arg)
{
    m->names_n = 0;
    m->stopped = done;
    m->stopped_arg = arg;
    mail_in_idle(m);
}

void mail_in_free(struct mail_in *m)
{
    if (!m)
        return;
    event_free(m->round);
    free(m);
}
