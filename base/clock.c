#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t shift_ms; /* set by tests only */

static int64_t read_clock(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return read_clock(CLOCK_REALTIME) + shift_ms;
}

int64_t clock_mono_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void clock_set(int64_t now_ms)
{
    shift_ms = now_ms < 0 ? 0 : now_ms - read_clock(CLOCK_REALTIME);
}

static void split(int64_t ms, struct tm *ret_tm, int *ret_ms)
{
    const int64_t last_ms = INT64_C(253402300799999); /* 9999-12-31T23:59:59.999Z */
    int64_t bounded = ms < 0 ? 0 : ms > last_ms ? last_ms : ms;
    time_t s = (time_t)(bounded / 1000);

    gmtime_r(&s, ret_tm);
    *ret_ms = (int)(bounded % 1000);
}

char *clock_text(int64_t ms, char out[CLOCK_TEXT_BYTES])
{
    struct tm t;
    int rest;

    split(ms, &t, &rest);
    /* The unsigned bounds tell the compiler what split() has made sure of. */
    snprintf(out, CLOCK_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(t.tm_year + 1900) % 10000u, (unsigned)(t.tm_mon + 1) % 100u,
             (unsigned)t.tm_mday % 100u, (unsigned)t.tm_hour % 100u, (unsigned)t.tm_min % 100u,
             (unsigned)t.tm_sec % 100u, (unsigned)rest % 1000u);
    return out;
}

int clock_year(int64_t ms)
{
    struct tm t;
    int rest;

    split(ms, &t, &rest);
    return t.tm_year + 1900;
}

static bool digits(const char **p, int n, int *ret)
{
    int v = 0;

    for (int i = 0; i < n; i++, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        v = v * 10 + (**p - '0');
    }
    *ret = v;
    return true;
}

static bool sign(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

bool clock_read(const char *text, int64_t *ret_ms)
{
    struct tm t = {0};
    struct tm check;
    const char *p = text;
    int year, month, ms = 0;
    time_t s;

    if (!digits(&p, 4, &year) || !sign(&p, '-') || !digits(&p, 2, &month) || !sign(&p, '-') ||
        !digits(&p, 2, &t.tm_mday))
        return false;
    t.tm_year = year - 1900;
    t.tm_mon = month - 1;
    if (*p) {
        if (!sign(&p, 'T') || !digits(&p, 2, &t.tm_hour) || !sign(&p, ':') ||
            !digits(&p, 2, &t.tm_min) || !sign(&p, ':') || !digits(&p, 2, &t.tm_sec))
            return false;
        if (*p == '.') {
            int weight = 100;

            if (p[1] < '0' || p[1] > '9')
                return false;
            for (p++; *p >= '0' && *p <= '9'; p++, weight /= 10)
                ms += weight * (*p - '0');
        }
        if (!sign(&p, 'Z') || *p)
            return false;
    }
    check = t;
    s = timegm(&check);
    if (check.tm_year != t.tm_year || check.tm_mon != t.tm_mon || check.tm_mday != t.tm_mday ||
        check.tm_hour != t.tm_hour || check.tm_min != t.tm_min || check.tm_sec != t.tm_sec)
        return false; /* the 31st of February and the like came back as another day */
    *ret_ms = (int64_t)s * 1000 + ms;
    return true;
}
