/* LD_PRELOAD: a disk that takes SLOW_SYNC_MS milliseconds for each fsync of a program. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int fsync(int fd)
{
    const char *text = getenv("SLOW_SYNC_MS");
    long ms = text ? strtol(text, NULL, 10) : 0;

    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
    return (int)syscall(SYS_fsync, fd);
}
