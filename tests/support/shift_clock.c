/* LD_PRELOAD: the wall clock of a program, moved by the milliseconds that stand (as eight bytes, in
 * this machine's order) in the file that SHIFT_CLOCK names. The file is mapped, so that a test
 * moves the clock of running programs at once. Monotonic time stays real. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_ms;

__attribute__((constructor)) static void shift_open(void)
{
    const char *path = getenv("SHIFT_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *shift_ms, PROT_READ, MAP_SHARED, fd, 0);

    if (fd >= 0)
        close(fd);
    if (map != MAP_FAILED)
        shift_ms = map;
}

int clock_gettime(clockid_t which, struct timespec *ret)
{
    int rc = (int)syscall(SYS_clock_gettime, which, ret);
    int64_t ns;

    if (rc || !shift_ms || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE))
        return rc;
    ns = (int64_t)ret->tv_sec * 1000000000 + ret->tv_nsec + *shift_ms * 1000000;
    ret->tv_sec = (time_t)(ns / 1000000000);
    ret->tv_nsec = (long)(ns % 1000000000);
    return 0;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec t;
    int rc = clock_gettime(CLOCK_REALTIME, &t);

    (void)zone;
    if (!rc)
        *ret = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
    return rc;
}

time_t time(time_t *ret)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    if (ret)
        *ret = t.tv_sec;
    return t.tv_sec;
}
