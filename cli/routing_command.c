#include "cli/routing_command.h"

#include "base/buf.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/sheet.h"
#include "cli/store_session.h"
#include "cli/table.h"

#include <stdlib.h>

/* --- cases ------------------------------------------------------------------------------------ */

static void cases_write(const struct line *line, const json_t *lessons)
{
    static const char *const members[] = {"request", "at",     "action", "by",      "role",
                                          "reason",  "better", "lead",   "support", NULL};
    static const char *const headings[] = {"REQUEST", "AT",     "ACTION", "BY",      "AS",
                                           "REASON",  "BETTER", "LEAD",   "SUPPORT", NULL};
    enum { COLUMNS_N = sizeof members / sizeof members[0] - 1 };
    struct table *t = table_new(headings);
    struct screen screen;
    const json_t *lesson;
    size_t i;

    screen_init(&screen, stdout, line);
    json_array_foreach (lessons, i, lesson) {
        struct buf cells[COLUMNS_N] = {0};
        const char *texts[COLUMNS_N];

        for (size_t k = 0; k < COLUMNS_N; k++) {
            sheet_add_value(&cells[k], members[k], json_object_get(lesson, members[k]));
            texts[k] = buf_text(&cells[k]);
        }
        table_add(t, texts);
        for (size_t k = 0; k < COLUMNS_N; k++)
            buf_clear(&cells[k]);
    }
    table_write(t, &screen, 0);
    table_free(t);
}

enum exit_code routing_cases_run(const struct line *line)
{
    struct store_session *s = NULL;
    json_auto_t *lessons = NULL;
    size_t unreadable_n = 0;
    struct err e = {0};
    enum err_code rc = store_session_open(line, &s, &e);

    if (rc == ERR_OK)
        rc = store_session_lessons(s, &lessons, &unreadable_n, &e);
    store_session_close(s);
    if (rc != ERR_OK)
        return report_err(line, NULL, &e);
    if (unreadable_n)
        report_remark(line, "%zu recorded cases could not be opened and are left out",
                      unreadable_n);
    if (line_has(line, "json")) {
        json_auto_t *json = json_pack("{s:O}", "items", lessons);

        json_dumpf(json, stdout, JSON_COMPACT);
        fputc('\n', stdout);
    } else {
        cases_write(line, lessons);
    }
    return EXIT_DONE;
}
