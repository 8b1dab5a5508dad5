/* One measured figure as a JSON line, the form that script/bench turns into a table. */
#ifndef TESTS_BENCH_FIGURE_H
#define TESTS_BENCH_FIGURE_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* goal: as people read it, "" when there is none. None of the texts holds a quote. */
static inline void figure_print(const char *row, const char *what, double value, const char *unit,
                                const char *goal)
{
    printf("{\"row\":\"%s\",\"what\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"goal\":\"%s\"}\n", row,
           what, value, unit, goal);
    fflush(stdout);
}

/* Seconds of processor time of this process: another program on the same core costs nothing. */
static inline double figure_cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Memory that the process holds, in MiB (proc(5), statm). */
static inline double figure_rss_mib(void)
{
    long pages = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return (double)resident * 4096 / (1024 * 1024);
}

#endif
