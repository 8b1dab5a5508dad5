#include "cli/routing_command.h"

#include "base/buf.h"
#include "cli/learn_report.h"
#include "cli/line.h"
#include "cli/report.h"
#include "cli/server_settings.h"
#include "cli/sheet.h"
#include "cli/store_session.h"
#include "cli/table.h"
#include "cli/whole_file.h"
#include "config/file.h"
#include "config/load.h"
#include "protocol/document.h"
#include "routing/learn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* They tell what a request is about, which a list of acts need not. */
static void grounds_remove(json_t *lessons)
{
    json_t *lesson;
    size_t i;

    json_array_foreach (lessons, i, lesson)
        json_object_del(lesson, "grounds");
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
    if (!line_has(line, "grounds"))
        grounds_remove(lessons);
    if (line_has(line, "json")) {
        json_auto_t *json = json_pack("{s:O}", "items", lessons);

        json_dumpf(json, stdout, JSON_COMPACT);
        fputc('\n', stdout);
    } else {
        cases_write(line, lessons);
    }
    return EXIT_DONE;
}

/* --- learn: what from ------------------------------------------------------------------------- */

enum { CASE_BYTES_MAX = 1 << 20, CASES_MAX = 20000 };

/* Everything one run needs; zero-initialised it is empty. */
struct study {
    const struct line *line;
    char data[sizeof((struct settings *)0)->data]; /* folder of the reference data */
    struct config *config;                         /* owned */
    struct engine *engine;                         /* owned */
    struct examples examples;                      /* owned */
    struct lesson_count lessons;
    size_t unopened_n; /* lessons that no key opens */
    size_t texts_n;
    struct learned *learned; /* owned */
};

static void study_clear(struct study *s)
{
    examples_clear(&s->examples);
    engine_free(s->engine);
    config_free(s->config);
    if (s->learned)
        learned_clear(s->learned);
    free(s->learned);
}

static enum err_code read_text_line(struct study *s, const char *set, const char *text, size_t n,
                                    struct err *e)
{
    struct faults faults = {0};
    json_auto_t *line = NULL;
    enum err_code rc;

    if (n > CASE_BYTES_MAX || s->texts_n == CASES_MAX)
        return err_set(e, ERR_TOO_LARGE, "more than %d bytes in a line, or %d cases",
                       CASE_BYTES_MAX, CASES_MAX);
    rc = document_parse(text, n, &line, &faults, e);
    if (rc != ERR_OK)
        return *e->detail ? rc : err_set(e, rc, "%s", faults.n ? faults.list[0].code : "no JSON");
    s->texts_n++;
    rc = examples_add_text(&s->examples, s->engine, line, e);
    if (rc == ERR_OK) {
        struct example *added = &s->examples.list[s->examples.n - 1];

        snprintf(added->set, sizeof added->set, "%s", set);
    }
    return rc;
}

/* Unlike an assessment, learning goes on after no fault: cases that are missing change the
 * result. */
static enum exit_code read_texts(struct study *s, const char *path)
{
    FILE *in = fopen(path, "re");
    const char *slash = strrchr(path, '/');
    enum exit_code rc = EXIT_DONE;
    struct err e = {0};
    char *text = NULL;
    size_t room = 0;
    ssize_t n;

    if (!in) {
        err_set(&e, ERR_IO, "cannot open it: %s", strerror(errno));
        return report_err(s->line, path, &e);
    }
    for (unsigned line_n = 1; rc == EXIT_DONE && (n = getline(&text, &room, in)) >= 0; line_n++) {
        BUF_AUTO struct buf place = {0};

        if (strspn(text, " \t\r\n") == (size_t)n)
            continue;
        buf_printf(&place, "%s:%u", path, line_n);
        if (read_text_line(s, slash ? slash + 1 : path, text, (size_t)n, &e) != ERR_OK)
            rc = report_err(s->line, buf_text(&place), &e);
    }
    if (rc == EXIT_DONE && ferror(in))
        rc = report_err(s->line, path, &(struct err){ERR_IO, "cannot read it"});
    free(text);
    fclose(in);
    return rc;
}

static enum exit_code read_recorded(struct study *s)
{
    struct store_session *session = NULL;
    json_auto_t *lessons = NULL;
    struct err e = {0};
    enum err_code rc = store_session_open(s->line, &session, &e);

    if (rc == ERR_OK)
        rc = store_session_lessons(session, &lessons, &s->unopened_n, &e);
    store_session_close(session);
    if (rc != ERR_OK)
        return report_err(s->line, NULL, &e);
    examples_add_lessons(&s->examples, s->config, lessons, &s->lessons);
    return EXIT_DONE;
}

static enum err_code study_open(struct study *s, struct err *e)
{
    const char *data = line_flag(s->line, "data");
    struct settings settings;
    enum err_code rc = ERR_OK;

    if (!data && (rc = server_settings_load(s->line, &settings, e)) != ERR_OK)
        return rc;
    if (snprintf(s->data, sizeof s->data, "%s", data ? data : settings.data) >= (int)sizeof s->data)
        return err_set(e, ERR_CONFIG, "--data is too long");
    rc = config_load(s->data, &s->config, e);
    if (rc == ERR_OK)
        rc = engine_new(s->config, &s->engine, e);
    return rc;
}

static enum exit_code study_read(struct study *s)
{
    bool has_texts = line_has(s->line, "cases");
    enum exit_code rc = EXIT_DONE;
    struct err e = {0};

    if (study_open(s, &e) != ERR_OK)
        return report_err(s->line, NULL, &e);
    for (size_t i = 0; rc == EXIT_DONE && i < s->line->operands_n; i++)
        rc = read_texts(s, s->line->operands[i]);
    if (rc == EXIT_DONE && (!has_texts || line_has(s->line, "recorded")))
        rc = read_recorded(s);
    if (rc == EXIT_DONE && examples_sort(&s->examples, &e) != ERR_OK)
        rc = report_err(s->line, NULL, &e);
    return rc;
}

static size_t known_leads(const struct examples *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        n += x->list[i].label.lead_known;
    return n;
}

static void sources_write(const struct study *s)
{
    printf("%zu cases: %zu labelled texts; %zu requests with %zu recorded acts, %zu of these under "
           "other rules\n",
           s->examples.n, s->texts_n, s->examples.n - s->texts_n, s->lessons.acts,
           s->lessons.other_rules);
    if (s->lessons.unreadable + s->unopened_n)
        printf("%zu recorded acts could not be read and are left out\n",
               s->lessons.unreadable + s->unopened_n);
    printf("rules in use: %s\n\n", s->config->ruleset);
}

/* --- learn: the report ------------------------------------------------------------------------ */

static void judge_all(const struct study *s, const struct weights *w, struct judged *ret_judged)
{
    for (size_t i = 0; i < s->examples.n; i++)
        judge_decide(&s->config->mandate, w, &s->examples.list[i], &ret_judged[i]);
}

static void study_learn(struct study *s)
{
    const struct learn learn = {&s->config->mandate, &s->config->terms, &s->config->weights,
                                s->texts_n > 0};
    const struct example **all = mem_new(s->examples.n, sizeof *all);
    struct judged *judged = mem_new(3 * s->examples.n, sizeof *judged);
    struct learn_report report = {.mandate = &s->config->mandate,
                                  .terms = &s->config->terms,
                                  .examples = &s->examples,
                                  .now = &s->config->weights,
                                  .by_now = judged,
                                  .held_out = judged + s->examples.n,
                                  .by_learned = judged + 2 * s->examples.n};

    s->learned = mem_new(1, sizeof *s->learned);
    for (size_t i = 0; i < s->examples.n; i++)
        all[i] = &s->examples.list[i];
    judge_all(s, report.now, judged);
    learn_held_out(&learn, &s->examples, judged + s->examples.n);
    learn_fit(&learn, all, s->examples.n, s->learned);
    judge_all(s, &s->learned->weights, judged + 2 * s->examples.n);
    report.learned = &s->learned->weights;
    learn_report_write(&report, stdout);
    free(judged);
    free(all);
}

/* --- learn: the proposal ---------------------------------------------------------------------- */

enum { PROPOSED_CLASSES, PROPOSED_ROUTING, PROPOSED_SUPPORTERS, PROPOSED_N };
static const char *const proposed_files[PROPOSED_N] = {"classes.csv", "routing.csv",
                                                       "supporters.csv"};

static enum err_code proposal_write(const struct study *s, const char *folder, struct err *e)
{
    struct buf texts[PROPOSED_N] = {0};
    enum err_code rc = weights_write(s->data, &s->learned->weights, &texts[PROPOSED_ROUTING], e);

    class_weights_write(&s->config->mandate, &s->config->terms, &s->learned->classes,
                        &texts[PROPOSED_CLASSES]);
    class_weights_write(&s->config->mandate, &s->config->terms, &s->learned->supporters,
                        &texts[PROPOSED_SUPPORTERS]);
    for (size_t i = 0; i < PROPOSED_N; i++) {
        char *path = file_path(folder, proposed_files[i]);

        if (rc == ERR_OK)
            rc = whole_file_write(path, buf_text(&texts[i]), WHOLE_FILE_OPEN, true, e);
        free(path);
        buf_clear(&texts[i]);
    }
    return rc;
}

/* "routing.csv.<ruleset>" beside it, the same file under a second name. One that is there already
 * has these rules. */
static enum err_code keep_old(const struct study *s, const char *name, struct err *e)
{
    BUF_AUTO struct buf kept = {0};
    char *path = file_path(s->data, name);
    enum err_code rc = ERR_OK;

    buf_printf(&kept, "%s.%s", path, s->config->ruleset);
    if (link(path, buf_text(&kept)) && errno != EEXIST)
        rc = err_set(e, ERR_IO, "cannot keep %.150s: %s", path, strerror(errno));
    free(path);
    return rc;
}

/* Each file is replaced at once, and what came before it stays; a reload reads all or, in
 * between, a mixture that is valid too. Read back, so that no fault waits for the next restart. */
static enum err_code proposal_apply(const struct study *s, struct err *e)
{
    struct config *after = NULL;
    enum err_code rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < PROPOSED_N; i++)
        rc = keep_old(s, proposed_files[i], e);
    if (rc == ERR_OK)
        rc = proposal_write(s, s->data, e);
    if (rc == ERR_OK)
        rc = config_load(s->data, &after, e);
    if (rc == ERR_OK)
        report_remark(s->line,
                      "%s has the proposal now, rules %s; the old files end in .%s. Daemon and "
                      "workers take it into use when they reload (SIGHUP)",
                      s->data, after->ruleset, s->config->ruleset);
    config_free(after);
    return rc;
}

static enum err_code proposal_save(const struct study *s, const char *folder, struct err *e)
{
    enum err_code rc = ERR_OK;

    if (mkdir(folder, 0755) && errno != EEXIST)
        return err_set(e, ERR_IO, "cannot make %.150s: %s", folder, strerror(errno));
    rc = proposal_write(s, folder, e);
    if (rc == ERR_OK)
        report_remark(s->line, "wrote %s, %s and %s into %s; nothing is changed yet",
                      proposed_files[0], proposed_files[1], proposed_files[2], folder);
    return rc;
}

static enum exit_code study_propose(const struct study *s)
{
    const char *folder = line_flag(s->line, "out");
    struct err e = {0};
    enum err_code rc = ERR_OK;

    if (folder)
        rc = proposal_save(s, folder, &e);
    if (rc == ERR_OK && line_has(s->line, "apply"))
        rc = proposal_apply(s, &e);
    return rc == ERR_OK ? EXIT_DONE : report_err(s->line, NULL, &e);
}

enum exit_code routing_learn_run(const struct line *line)
{
    struct study s = {.line = line};
    bool proposes = line_flag(line, "out") || line_has(line, "apply");
    enum exit_code rc;

    if (line_has(line, "cases") != (line->operands_n > 0))
        return line_fault(line, "--cases goes with the FILEs of labelled texts");
    rc = study_read(&s);
    if (rc == EXIT_DONE) {
        sources_write(&s);
        if (known_leads(&s.examples) < LEARN_EXAMPLES_MIN) {
            printf("too few to learn from: %zu cases say who leads, %d are needed; nothing is "
                   "proposed\n",
                   known_leads(&s.examples), LEARN_EXAMPLES_MIN);
            rc = proposes ? EXIT_FAILED : EXIT_DONE;
        } else {
            study_learn(&s);
            rc = study_propose(&s);
        }
    }
    study_clear(&s);
    return rc;
}
