#include "cli/whole_file.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return fsync(fd) == 0;
}

enum err_code whole_file_write(const char *path, const char *text, mode_t mode, bool replace,
                               struct err *e)
{
    BUF_AUTO struct buf fresh = {0};
    bool good;
    int fd;

    buf_printf(&fresh, "%s.%ld.new", path, (long)getpid());
    unlink(buf_text(&fresh)); /* of a run with our number that was killed */
    fd = open(buf_text(&fresh), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return err_set(e, ERR_IO, "cannot create %.150s: %s", buf_text(&fresh), strerror(errno));
    good = write_all(fd, text);
    if (close(fd) || !good) {
        err_set(e, ERR_IO, "cannot write %.150s: %s", path, strerror(errno));
        unlink(buf_text(&fresh));
        return ERR_IO;
    }
    /* link fails where a file stands already; rename would replace it. */
    if (replace ? rename(buf_text(&fresh), path) : link(buf_text(&fresh), path)) {
        err_set(e, ERR_IO, "cannot create %.150s: %s", path, strerror(errno));
        unlink(buf_text(&fresh));
        return ERR_IO;
    }
    if (!replace)
        unlink(buf_text(&fresh));
    return ERR_OK;
}
