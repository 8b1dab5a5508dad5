#include "cli/credential.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CREDENTIAL_FILE_MAX = 1 << 20 };

/* Reads all of fd into guarded memory, NUL-terminated. */
static enum err_code read_all(int fd, const char *path, char **ret_text, struct err *e)
{
    char *text = sodium_malloc(CREDENTIAL_FILE_MAX);
    size_t n = 0;
    ssize_t got = 1;

    if (!text)
        bug("no guarded memory");
    while (got > 0 && n < CREDENTIAL_FILE_MAX - 1) {
        got = read(fd, text + n, CREDENTIAL_FILE_MAX - 1 - n);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            n += (size_t)got;
    }
    if (got != 0) {
        sodium_free(text);
        return err_set(e, ERR_CONFIG, "cannot read %.150s: %s", path,
                       got < 0 ? strerror(errno) : "it is too long");
    }
    text[n] = '\0';
    *ret_text = text;
    return ERR_OK;
}

static enum err_code open_private(const char *path, int *ret_fd, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    mode_t mode;

    if (fd < 0 || fstat(fd, &st)) {
        err_set(e, ERR_CONFIG, "cannot open token file %.150s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_CONFIG;
    }
    mode = st.st_mode & 07777;
    if (mode != 0600 && mode != 0400) {
        close(fd);
        return err_set(e, ERR_CONFIG, "token file %.150s has mode %04o: chmod 600 it", path,
                       (unsigned)mode);
    }
    *ret_fd = fd;
    return ERR_OK;
}

/* The member `as` of a credentials.json. Borrowed from file. */
static enum err_code choose(const json_t *file, const char *path, const char *as,
                            const char **ret_text, struct err *e)
{
    const char *text = as ? json_string_value(json_object_get(file, as)) : NULL;

    if (!json_is_object(file))
        return err_set(e, ERR_CONFIG, "%.150s is no JSON object", path);
    if (!as)
        return err_set(e, ERR_CONFIG, "%.100s has several tokens: choose one, --as country:KEN",
                       path);
    if (!text)
        return err_set(e, ERR_CONFIG, "%.100s has no token of %.60s", path, as);
    *ret_text = text;
    return ERR_OK;
}

/* A copy without the blanks around it. */
static char *guarded_copy(const char *text)
{
    size_t n = strlen(text);
    char *copy;

    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    copy = sodium_malloc(n + 1);
    if (!copy)
        bug("no guarded memory");
    memcpy(copy, text, n);
    copy[n] = '\0';
    return copy;
}

static enum err_code token_check(const char *text, const char *path, struct err *e)
{
    for (const char *c = text; *c; c++)
        if (!isgraph((unsigned char)*c))
            return err_set(e, ERR_CONFIG, "%.150s holds no token", path);
    return *text ? ERR_OK : err_set(e, ERR_CONFIG, "%.150s is empty", path);
}

enum err_code credential_text_read(const char *path, const char *as,
                                   struct credential_text *ret_credential, struct err *e)
{
    struct credential_text c = {0};
    bool is_stdin = path && !strcmp(path, "-");
    char *file = NULL;
    const char *text = "";
    json_auto_t *members = NULL;
    struct token token;
    enum err_code rc = ERR_OK;
    int fd = STDIN_FILENO;

    if (path && !is_stdin)
        rc = open_private(path, &fd, e);
    if (rc == ERR_OK && path)
        rc = read_all(fd, path, &file, e);
    if (fd > STDIN_FILENO)
        close(fd);
    if (rc == ERR_OK && path) {
        text = file + strspn(file, " \t\r\n");
        if (*text == '{') {
            members = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
            rc = choose(members, path, as, &text, e);
        }
    }
    if (rc == ERR_OK) {
        c.text = guarded_copy(text);
        if (path)
            rc = token_check(c.text, path, e);
        if (token_read(c.text, strlen(c.text), &token))
            memcpy(c.id, token.id, sizeof c.id);
        sodium_memzero(&token, sizeof token);
    }
    if (rc == ERR_OK)
        *ret_credential = c;
    else
        credential_text_clear(&c);
    sodium_free(file);
    return rc;
}

void credential_text_clear(struct credential_text *c)
{
    sodium_free(c->text);
    *c = (struct credential_text){0};
}
