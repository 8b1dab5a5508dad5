#include "daemon/notify.h"

#include "daemon/http.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LISTEN_FD_FIRST = 3 };

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t n;
    int fd;

    if (!path || !*path || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (*path == '@') /* abstract name */
        address.sun_path[0] = '\0';
    n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* Nothing to do when it is lost: systemd's own time-outs notice. */
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, n);
    close(fd);
}

void notify_reloading(void)
{
    struct timespec now;
    char state[80];

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    notify_send(state);
}

static int handed_over(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *fds = getenv("LISTEN_FDS");

    if (!pid || !fds || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    return (int)strtol(fds, NULL, 10);
}

enum err_code notify_listen(struct http_server *server, const char *where, struct err *e)
{
    int n = handed_over();

    for (int fd = LISTEN_FD_FIRST; fd < LISTEN_FD_FIRST + n; fd++) {
        enum err_code rc;

        fcntl(fd, F_SETFD, FD_CLOEXEC);
        rc = http_server_listen_fd(server, fd, e);
        if (rc != ERR_OK)
            return rc;
    }
    return n > 0 ? ERR_OK : http_server_listen(server, where, e);
}
