#include "routing/example.h"

#include "routing/draft.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void examples_clear(struct examples *x)
{
    free(x->list);
    *x = (struct examples){0};
}

/* SHA-256 of the id as one number, modulo the folds: the same on every machine. */
static unsigned fold_of(const char *id)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    unsigned rest = 0;

    crypto_hash_sha256(hash, (const unsigned char *)id, strlen(id));
    for (size_t i = 0; i < sizeof hash; i++)
        rest = (rest * 256 + hash[i]) % EXAMPLE_FOLDS;
    return rest;
}

static struct example *example_add(struct examples *x, const char *id)
{
    struct example *one;

    if (x->n == x->room) {
        x->room = x->room ? 2 * x->room : 256;
        x->list = mem_grow(x->list, x->room, sizeof *x->list);
    }
    one = &x->list[x->n++];
    memset(one, 0, sizeof *one);
    snprintf(one->id, sizeof one->id, "%s", id);
    one->fold = fold_of(id);
    one->language = -1;
    return one;
}

enum err_code examples_add_text(struct examples *x, const struct engine *g, const json_t *line,
                                struct err *e)
{
    const struct mandate *m = &engine_config(g)->mandate;
    const char *themes[DRAFT_THEMES_MAX + 1];
    const char *id = json_string_value(json_object_get(line, "id"));
    const char *difficulty = json_string_value(json_object_get(line, "difficulty"));
    struct example *one;
    struct reading *r;
    struct label label;
    struct draft d;
    enum err_code rc;

    if (!id || !*id || strlen(id) >= sizeof one->id)
        return err_set(e, ERR_VALIDATION, "id is no text of 1..%zu bytes", sizeof one->id - 1);
    if ((rc = draft_read(m, line, themes, &d, e)) != ERR_OK ||
        (rc = label_read_gold(m, json_object_get(line, "gold"), &label, e)) != ERR_OK)
        return rc;
    one = example_add(x, id);
    one->label = label;
    one->language = d.language;
    snprintf(one->difficulty, sizeof one->difficulty, "%s", difficulty ? difficulty : "");
    r = reading_new(g, &d);
    grounds_make(g, r, &d, &one->grounds);
    reading_free(r);
    return ERR_OK;
}

/* --- lessons ------------------------------------------------------------------------- */

struct lesson {
    const json_t *json; /* borrowed */
    const char *request, *at;
    size_t position; /* as they came: of the same millisecond the later one counts */
};

static int lesson_compare(const void *a, const void *b)
{
    const struct lesson *x = a, *y = b;
    int order = strcmp(x->request, y->request);

    if (!order)
        order = strcmp(x->at, y->at);
    return order ? order : (x->position > y->position) - (x->position < y->position);
}

/* Those of the right form, in order of request and time. */
static struct lesson *lessons_sort(const json_t *lessons, size_t *ret_n, struct lesson_count *count)
{
    struct lesson *list = mem_new(json_array_size(lessons) + 1, sizeof *list);
    const json_t *json;
    size_t n = 0, i;

    json_array_foreach (lessons, i, json) {
        struct lesson l = {json, json_string_value(json_object_get(json, "request")),
                           json_string_value(json_object_get(json, "at")), i};

        if (l.request && l.at && strlen(l.request) < sizeof((struct example *)0)->id &&
            json_is_object(json_object_get(json, "grounds")))
            list[n++] = l;
        else
            count->unreadable++;
    }
    qsort(list, n, sizeof *list, lesson_compare);
    *ret_n = n;
    return list;
}

/* The lessons of one request. */
static void request_add(struct examples *x, const struct config *c, const struct lesson *lessons,
                        size_t n, struct lesson_count *count)
{
    const json_t *grounds = json_object_get(lessons[n - 1].json, "grounds");
    const char *read_by = json_string_value(json_object_get(grounds, "ruleset"));
    struct label label = {0};
    struct example *one;
    struct grounds v;
    struct err e = {0};

    if (grounds_read(c, grounds, &v, &e) != ERR_OK) {
        count->unreadable += n;
        return;
    }
    count->acts += n;
    if (!read_by || strcmp(read_by, c->ruleset) != 0)
        count->other_rules += n;
    for (size_t i = 0; i < n; i++)
        label_add_lesson(&c->mandate, lessons[i].json, &label);
    if (label_is_empty(&label))
        return;
    one = example_add(x, lessons->request);
    one->grounds = v;
    one->label = label;
}

void examples_add_lessons(struct examples *x, const struct config *c, const json_t *lessons,
                          struct lesson_count *ret_count)
{
    struct lesson_count count = {0};
    size_t n;
    struct lesson *list = lessons_sort(lessons, &n, &count);

    for (size_t from = 0, to = 0; from < n; from = to) {
        while (to < n && strcmp(list[to].request, list[from].request) == 0)
            to++;
        request_add(x, c, list + from, to - from, &count);
    }
    free(list);
    *ret_count = count;
}

static int example_compare(const void *a, const void *b)
{
    return strcmp(((const struct example *)a)->id, ((const struct example *)b)->id);
}

enum err_code examples_sort(struct examples *x, struct err *e)
{
    if (x->n > 1)
        qsort(x->list, x->n, sizeof *x->list, example_compare);
    for (size_t i = 1; i < x->n; i++)
        if (strcmp(x->list[i - 1].id, x->list[i].id) == 0)
            return err_set(e, ERR_VALIDATION, "two cases have the id %s", x->list[i].id);
    return ERR_OK;
}
