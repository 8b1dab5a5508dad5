#include "daemon/meter.h"

#include "base/clock.h"
#include "base/err.h"
#include "daemon/route.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STATUSES_N = 600, ROUTES_MAX = 64 };

static const double bounds[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
enum { BOUNDS_N = sizeof bounds / sizeof bounds[0] };

struct line {
    uint64_t statuses[STATUSES_N];
    uint64_t took[BOUNDS_N + 1];
    double took_s;
    uint64_t n;
};

struct meter {
    struct line lines[ROUTES_MAX]; /* by route; the last one: no route */
    double started_s;              /* since 1970 */
};

struct meter *meter_new(void)
{
    struct meter *m = mem_new(1, sizeof *m);

    if (routes_n >= ROUTES_MAX)
        bug("too many routes to count");
    m->started_s = (double)clock_now_ms() / 1000;
    return m;
}

void meter_free(struct meter *m)
{
    free(m);
}

void meter_count(struct meter *m, const struct route *route, int status, int64_t took_ms)
{
    struct line *line = &m->lines[route ? (size_t)(route - routes) : ROUTES_MAX - 1];
    unsigned i = 0;

    if (status >= 0 && status < STATUSES_N)
        line->statuses[status]++;
    while (i < BOUNDS_N && (double)took_ms / 1000 > bounds[i])
        i++;
    line->took[i]++;
    line->took_s += (double)took_ms / 1000;
    line->n++;
}

static void write_line(const struct line *line, const struct route *route, struct buf *out)
{
    const char *method = route ? head_method_name(route->method) : "-";
    const char *path = route ? route->path : "-";
    uint64_t below = 0;

    for (unsigned i = 0; i < BOUNDS_N; i++) {
        below += line->took[i];
        buf_printf(out,
                   "liaison_http_request_duration_seconds_bucket{method=\"%s\",route=\"%s\","
                   "le=\"%g\"} %llu\n",
                   method, path, bounds[i], (unsigned long long)below);
    }
    buf_printf(out,
               "liaison_http_request_duration_seconds_bucket{method=\"%s\",route=\"%s\","
               "le=\"+Inf\"} %llu\n"
               "liaison_http_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} %g\n"
               "liaison_http_request_duration_seconds_count{method=\"%s\",route=\"%s\"} %llu\n",
               method, path, (unsigned long long)line->n, method, path, line->took_s, method, path,
               (unsigned long long)line->n);
}

static void write_process(const struct meter *m, struct buf *out)
{
    struct rusage usage;
    struct rlimit files = {0};
    unsigned long pages = 0;
    unsigned fds = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    DIR *dir = opendir("/proc/self/fd");

    getrusage(RUSAGE_SELF, &usage);
    getrlimit(RLIMIT_NOFILE, &files);
    if (statm && fscanf(statm, "%*u %lu", &pages) != 1)
        pages = 0;
    if (statm)
        fclose(statm);
    while (dir && readdir(dir))
        fds++;
    if (dir)
        closedir(dir);
    buf_printf(out,
               "# HELP process_cpu_seconds_total CPU time used.\n"
               "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.3f\n"
               "# HELP process_resident_memory_bytes Memory in RAM.\n"
               "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lu\n"
               "# HELP process_open_fds Open files.\n# TYPE process_open_fds gauge\n"
               "process_open_fds %u\n"
               "# HELP process_max_fds Most files that may be open.\n"
               "# TYPE process_max_fds gauge\nprocess_max_fds %llu\n"
               "# HELP process_start_time_seconds When the process started.\n"
               "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %.0f\n",
               (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
               pages * (unsigned long)sysconf(_SC_PAGESIZE), fds > 2 ? fds - 2 : fds,
               (unsigned long long)files.rlim_cur, m->started_s);
}

void meter_write(const struct meter *m, struct buf *out)
{
    buf_add_text(out, "# HELP liaison_http_requests_total Requests answered.\n"
                      "# TYPE liaison_http_requests_total counter\n");
    for (size_t i = 0; i < ROUTES_MAX; i++)
        for (int s = 0; s < STATUSES_N; s++)
            if (m->lines[i].statuses[s])
                buf_printf(out,
                           "liaison_http_requests_total{method=\"%s\",route=\"%s\",code=\"%d\"} "
                           "%llu\n",
                           i < routes_n ? head_method_name(routes[i].method) : "-",
                           i < routes_n ? routes[i].path : "-", s,
                           (unsigned long long)m->lines[i].statuses[s]);
    buf_add_text(out, "# HELP liaison_http_request_duration_seconds Time to answer a request.\n"
                      "# TYPE liaison_http_request_duration_seconds histogram\n");
    for (size_t i = 0; i < routes_n; i++)
        write_line(&m->lines[i], &routes[i], out);
    write_process(m, out);
}
