#include "cli/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20 };

/* Reads all of fd into guarded memory, NUL-terminated. */
static enum err_code read_all(int fd, const char *path, char **ret_text, struct err *e)
{
    char *text = sodium_malloc(FILE_BYTES_MAX);
    size_t n = 0;
    ssize_t got = 1;

    if (!text)
        bug("no guarded memory");
    while (got > 0 && n < FILE_BYTES_MAX - 1) {
        got = read(fd, text + n, FILE_BYTES_MAX - 1 - n);
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
        err_set(e, ERR_CONFIG, "cannot open %.150s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_CONFIG;
    }
    mode = st.st_mode & 07777;
    if (mode != 0600 && mode != 0400) {
        close(fd);
        return err_set(e, ERR_CONFIG, "%.150s has mode %04o: chmod 600 it", path, (unsigned)mode);
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err_code private_file_read(const char *path, char **ret_text, struct err *e)
{
    enum err_code rc = ERR_OK;
    int fd = STDIN_FILENO;

    if (strcmp(path, "-") != 0)
        rc = open_private(path, &fd, e);
    if (rc == ERR_OK)
        rc = read_all(fd, path, ret_text, e);
    if (fd > STDIN_FILENO)
        close(fd);
    return rc;
}
