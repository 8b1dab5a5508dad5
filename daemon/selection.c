#include "daemon/selection.h"

#include "base/clock.h"
#include "protocol/merge.h"
#include "protocol/partition.h"
#include "protocol/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The filters, in one table: name, and whether a record passes one of its comma-parted values. */
typedef bool (*filter_fn)(const struct stored *s, const char *value);

static bool pass_state(const struct stored *s, const char *value)
{
    return !strcmp(state_words[s->record.state], value);
}

static bool pass_country(const struct stored *s, const char *value)
{
    return !strcmp(s->record.country, value);
}

static bool pass_secretariat(const struct stored *s, const char *value)
{
    return record_offer_find(&s->record, value) != NULL;
}

static bool pass_urgency(const struct stored *s, const char *value)
{
    return !strcmp(urgency_words[s->record.urgency], value);
}

static bool pass_language(const struct stored *s, const char *value)
{
    return !strcmp(language_words[s->record.language], value);
}

static bool array_has(const json_t *list, const char *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text && !strcasecmp(text, value))
            return true;
    }
    return false;
}

static bool pass_theme(const struct stored *s, const char *value)
{
    json_auto_t *themes = merge_union(s->body, s->inner, "themes");

    return array_has(themes, value) ||
           array_has(json_object_get(json_object_get(s->inner, "routing"), "topics"), value);
}

static bool pass_q(const struct stored *s, const char *value)
{
    const char *title = json_string_value(json_object_get(s->body, "title"));
    const char *description = json_string_value(json_object_get(s->body, "description"));

    return !strcasecmp(s->record.reference, value) || (title && strcasestr(title, value)) ||
           (description && strcasestr(description, value));
}

static bool pass_since(const struct stored *s, const char *value)
{
    int64_t since_ms;

    return clock_read(value, &since_ms) && s->record.updated_ms >= since_ms;
}

static const struct {
    const char *name;
    filter_fn passes;
    bool needs_words;         /* looks at people's words: only where the reader may see them */
    const char *const *words; /* what may be asked for; NULL: anything */
} filters[] = {
    {"state",         pass_state,       false, state_words   },
    {"country",       pass_country,     false, NULL          },
    {"secretariat",   pass_secretariat, false, NULL          },
    {"theme",         pass_theme,       true,  NULL          },
    {"urgency",       pass_urgency,     false, urgency_words },
    {"language",      pass_language,    false, language_words},
    {"q",             pass_q,           true,  NULL          },
    {"updated_since", pass_since,       false, NULL          },
};

_Static_assert(sizeof filters / sizeof filters[0] == SELECTION_FILTERS_N, "a value for each");

void selection_text(const struct selection *op, char *out, size_t n)
{
    char who[PRINCIPAL_TEXT_BYTES];
    size_t at =
        (size_t)snprintf(out, n, "%s %d", principal_text(&op->who, who), (int)op->query.order);

    for (unsigned i = 0; i < SELECTION_FILTERS_N && at < n; i++)
        at += (size_t)snprintf(out + at, n - at, "|%s", op->values[i]);
}

/* ?name=value faults point at the query member, as RFC 6901 has no form for it: "?name". */
void selection_refuse(struct faults *faults, const char *name, const char *code, int64_t max,
                      const char *const *words)
{
    char at[64];
    struct fault *fault;

    snprintf(at, sizeof at, "?%s", name);
    fault = fault_add(faults, at, NULL, code);
    if (!fault)
        return;
    fault->min = 1;
    fault->max = max;
    if (words)
        fault_words(fault, words);
}

static const char *const sort_words[] = {"updated_at", "-updated_at", NULL};

static void check_words(const struct selection *op, unsigned i, struct faults *faults)
{
    char values[SELECTION_FILTER_BYTES];
    int64_t instant;

    memcpy(values, op->values[i], sizeof values);
    for (char *rest = values, *value; filters[i].words && (value = strsep(&rest, ","));)
        if (*value && word_index(filters[i].words, value) < 0)
            selection_refuse(faults, filters[i].name, "unknown_word", 0, filters[i].words);
    if (filters[i].passes == pass_since && *op->values[i] && !clock_read(op->values[i], &instant))
        selection_refuse(faults, filters[i].name, "not_a_date", 0, NULL);
}

static bool is_one(const char *value)
{
    return *value && !strchr(value, ',');
}

/* The narrowest index that holds all the reader may see. */
static void choose_index(struct selection *op)
{
    const struct principal *who = &op->who;
    const char *state = op->values[0];
    const char *country = op->values[1];
    const char *secretariat = op->values[2];

    op->query.name = "by";
    op->query.partition = -1;
    if (who->role == ROLE_COUNTRY) {
        snprintf(op->rest[0], sizeof op->rest[0], "country:%s", who->of);
        op->query.partition = (int)partition_of(who->of);
    } else if (who->role == ROLE_SECRETARIAT) {
        snprintf(op->rest[0], sizeof op->rest[0], "sec:%s", who->of);
        snprintf(op->rest[1], sizeof op->rest[1], "open");
    } else if (is_one(country)) {
        snprintf(op->rest[0], sizeof op->rest[0], "country:%.3s", country);
        op->query.partition = (int)partition_of(country);
    } else if (is_one(state)) {
        snprintf(op->rest[0], sizeof op->rest[0], "state:%.20s", state);
    } else if (is_one(secretariat)) {
        snprintf(op->rest[0], sizeof op->rest[0], "sec:%.12s", secretariat);
    } else {
        snprintf(op->rest[0], sizeof op->rest[0], "all");
    }
}

void selection_read(struct selection *op, const struct task *t, enum list_order order,
                    struct faults *faults)
{
    char text[16];

    op->who = t->who;
    for (unsigned i = 0; i < SELECTION_FILTERS_N; i++) {
        if (!task_query(t, filters[i].name, op->values[i], SELECTION_FILTER_BYTES))
            selection_refuse(faults, filters[i].name, "wrong_length", SELECTION_FILTER_BYTES - 1,
                             NULL);
        check_words(op, i, faults);
        op->is_filtered |= *op->values[i] != '\0';
    }
    if (!task_query(t, "sort", text, sizeof text) || (*text && word_index(sort_words, text) < 0))
        selection_refuse(faults, "sort", "unknown_word", 0, sort_words);
    op->query.order = !*text ? order : !strcmp(text, "updated_at") ? LIST_OLDEST : LIST_NEWEST;
    choose_index(op);
    op->query.rest[0] = op->rest[0];
    op->query.rest[1] = *op->rest[1] ? op->rest[1] : NULL;
}

bool selection_passes(const struct selection *op, const struct stored *s, enum record_view view)
{
    for (unsigned i = 0; i < SELECTION_FILTERS_N; i++) {
        char values[SELECTION_FILTER_BYTES];
        bool passed = false;

        if (!*op->values[i])
            continue;
        if (filters[i].needs_words && view != RECORD_FULL)
            return false;
        memcpy(values, op->values[i], sizeof values);
        for (char *rest = values, *value; (value = strsep(&rest, ","));)
            passed |= *value && filters[i].passes(s, value);
        if (!passed)
            return false;
    }
    return true;
}

/* --- reading: selection_next -> selection_rows -> selection_records ----------------------------
 */

struct reading_step {
    struct selection *selection; /* borrowed */
    struct store *store;         /* borrowed */
    selected_fn fn;
    void *arg;
    struct cursor *rows; /* owned */
    size_t n;
};

static void selection_rows(void *arg, const struct cursor *rows, size_t n, int64_t total,
                           const struct err *e);
static void selection_records(void *arg, struct stored *list, size_t n, const struct err *e);

void selection_next(struct selection *op, struct store *store, selected_fn fn, void *arg)
{
    struct reading_step *step = mem_new(1, sizeof *step);

    step->selection = op;
    step->store = store;
    step->fn = fn;
    step->arg = arg;
    list_store_read(store, &op->query, selection_rows, step);
}

static void step_end(struct reading_step *step, struct stored *list, size_t n, const struct err *e)
{
    struct reading_step ended = *step;

    free(step);
    ended.fn(ended.arg, ended.rows, list, n, e);
    free(ended.rows);
}

static void selection_rows(void *arg, const struct cursor *rows, size_t n, int64_t total,
                           const struct err *e)
{
    struct reading_step *step = arg;
    struct selection *op = step->selection;
    char(*ids)[ID_BYTES];

    if (e->code == ERR_OK) {
        if (!op->query.counted)
            op->total = total;
        op->query.counted = true;
        op->has_more = n == op->query.n;
    }
    if (e->code != ERR_OK || n == 0) {
        step_end(step, NULL, 0, e);
        return;
    }
    step->rows = mem_new(n, sizeof *step->rows);
    memcpy(step->rows, rows, n * sizeof *rows);
    step->n = n;
    ids = mem_new(n, sizeof *ids);
    for (size_t i = 0; i < n; i++)
        memcpy(ids[i], rows[i].id, ID_BYTES);
    op->query.cursor = rows[n - 1]; /* where reading goes on, unless the caller says otherwise */
    op->query.from_cursor = true;
    request_store_read_many(step->store, (const char(*)[ID_BYTES])ids, n, selection_records, step);
    free(ids);
}

static void selection_records(void *arg, struct stored *list, size_t n, const struct err *e)
{
    step_end(arg, list, n, e);
}
