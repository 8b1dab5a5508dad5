#include "config/term.h"

#include "config/csv.h"
#include "config/file.h"
#include "config/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EVIDENCE_MAX = sizeof((struct concept *)0)->evidence / sizeof(struct evidence),
    CELL_TERMS_MAX = 64,
    NAME_BYTES_MAX = 63
};

const char *const ask_kinds[ASK_KINDS_N + 1] = {
    "ADVICE",  "TRAINING",  "MISSION",      "LEGAL", "DATA_TOOLS", "MATCHMAKING",
    "FUNDING", "EQUIPMENT", "COORDINATION", "VERB",  NULL};

/* A concept's name and where it was first seen; names must be unique over all files. */
struct seen {
    const char *name; /* borrowed from the concept */
    unsigned file;    /* index into loader.files */
    unsigned line;
    UT_hash_handle hh;
};

struct loader {
    const struct mandate *mandate; /* borrowed */
    struct terms terms;
    struct file_list files;
    unsigned file; /* the one being read */
    struct seen *seen;
};

static int ask_find(const struct mandate *m, const char *code)
{
    (void)m;
    for (int i = 0; i < ASK_KINDS_N; i++)
        if (!strcmp(ask_kinds[i], code))
            return i;
    return -1;
}

static int deny_find(const struct mandate *m, const char *code)
{
    static const char *const sides[DENY_SIDES_N] = {
        [DENY_BEFORE] = "BEFORE", [DENY_AFTER] = "AFTER"};

    (void)m;
    for (int i = 0; i < DENY_SIDES_N; i++)
        if (!strcmp(sides[i], code))
            return i;
    return -1;
}

static int aside_find(const struct mandate *m, const char *code)
{
    (void)m;
    return strcmp(code, "AFTER") == 0 ? 0 : -1;
}

static const struct target_form {
    const char *prefix;
    enum target_kind kind;
    int (*find)(const struct mandate *m, const char *code);
} target_forms[] = {
    {"fact.",    TARGET_FACT,    mandate_fact       },
    {"named.",   TARGET_NAMED,   mandate_secretariat},
    {"outside.", TARGET_OUTSIDE, mandate_referral   },
    {"ask.",     TARGET_ASK,     ask_find           },
    {"deny.",    TARGET_DENY,    deny_find          },
    {"aside.",   TARGET_ASIDE,   aside_find         },
    {"",         TARGET_TOPIC,   mandate_topic      }, /* last: every target begins like this */
};

static bool target_read(const struct mandate *m, const char *target, struct evidence *v)
{
    const struct target_form *form = target_forms;
    int found;

    while (strncmp(target, form->prefix, strlen(form->prefix)) != 0)
        form++;
    found = form->find(m, target + strlen(form->prefix));
    if (found < 0)
        return false;
    v->kind = form->kind;
    v->target = (unsigned)found;
    return true;
}

/* One `target:weight`. */
static enum err_code evidence_read(const struct loader *l, const struct csv *row, char *part,
                                   struct evidence *v, struct err *e)
{
    char *colon = strrchr(part, ':');
    char *stop = NULL;
    long weight;

    if (!colon)
        return csv_fault(row, e, "evidence \"%.60s\" is not target:weight", part);
    *colon = '\0';
    weight = strtol(colon + 1, &stop, 10);
    if (stop == colon + 1 || *stop || weight < -9 || weight > 9 || weight == 0)
        return csv_fault(row, e, "weight \"%.20s\" of %.60s is not in -9..-1 or 1..9", colon + 1,
                         part);
    v->weight = (int)weight;
    if (!target_read(l->mandate, part, v))
        return csv_fault(row, e, "unknown target \"%.60s\"", part);
    return ERR_OK;
}

static enum err_code evidences_read(const struct loader *l, const struct csv *row,
                                    struct concept *c, struct err *e)
{
    const char *rest = csv_cell(row, "evidence");
    const char *part;
    size_t bytes;

    if (!rest)
        return csv_fault(row, e, "no column evidence");
    while (csv_part(&rest, &part, &bytes)) {
        struct evidence v = {0};
        char *text = mem_text_n(part, bytes);
        enum err_code rc = evidence_read(l, row, text, &v, e);

        free(text);
        if (rc != ERR_OK)
            return rc;
        for (size_t i = 0; i < c->evidence_n; i++)
            if (c->evidence[i].kind == v.kind && c->evidence[i].target == v.target)
                return csv_fault(row, e, "\"%.*s\": this target twice", (int)bytes, part);
        if (c->evidence_n == EVIDENCE_MAX)
            return csv_fault(row, e, "more than %d evidences", (int)EVIDENCE_MAX);
        c->evidence[c->evidence_n++] = v;
    }
    return ERR_OK;
}

/* One language's cell into c->terms[language], which is valid, if shorter, on failure too. */
static enum err_code cell_read(const struct csv *row, struct concept *c, int language,
                               struct err *e)
{
    const char *column = language_codes[language];
    const char *rest = NULL;
    const char *part;
    size_t bytes;
    size_t n = 0;
    enum err_code rc = csv_require(row, column, &rest, e);

    if (rc != ERR_OK)
        return rc;
    c->terms[language] = mem_new(1, sizeof(char *));
    while (csv_part(&rest, &part, &bytes)) {
        if (!bytes)
            return csv_fault(row, e, "%s: empty term", column);
        if (n == CELL_TERMS_MAX)
            return csv_fault(row, e, "%s: more than %d terms", column, (int)CELL_TERMS_MAX);
        c->terms[language] = mem_grow(c->terms[language], n + 2, sizeof(char *));
        c->terms[language][n++] = mem_text_n(part, bytes);
        c->terms[language][n] = NULL;
    }
    return n ? ERR_OK : csv_fault(row, e, "%s: empty term", column);
}

static void concept_clear(struct concept *c)
{
    for (int i = 0; i < LANGUAGES_N; i++) {
        for (char **term = c->terms[i]; term && *term; term++)
            free(*term);
        free(c->terms[i]);
    }
    free(c->name);
}

static enum err_code concept_read(const struct loader *l, const struct csv *row, struct concept *c,
                                  struct err *e)
{
    char name[NAME_BYTES_MAX + 1];
    enum err_code rc = csv_copy(row, "concept", name, sizeof name, e);

    if (rc != ERR_OK)
        return rc;
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
        return csv_fault(row, e, "concept \"%s\" is not lower_snake_case", name);
    c->name = mem_text(name);
    rc = evidences_read(l, row, c, e);
    for (int i = 0; rc == ERR_OK && i < LANGUAGES_N; i++)
        rc = cell_read(row, c, i, e);
    return rc;
}

static enum err_code seen_add(struct loader *l, const struct csv *row, const char *name,
                              struct err *e)
{
    struct seen *s = NULL;

    HASH_FIND_STR(l->seen, name, s);
    if (s)
        return csv_fault(row, e, "concept \"%s\" is also in %s:%u", name, l->files.names[s->file],
                         s->line);
    s = mem_new(1, sizeof *s);
    *s = (struct seen){.name = name, .file = l->file, .line = row->line};
    HASH_ADD_KEYPTR(hh, l->seen, s->name, strlen(s->name), s);
    return ERR_OK;
}

static enum err_code concept_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    struct terms *t = &l->terms;
    struct concept c = {0};
    enum err_code rc = concept_read(l, row, &c, e);

    if (rc == ERR_OK)
        rc = seen_add(l, row, c.name, e);
    if (rc != ERR_OK) {
        concept_clear(&c);
        return rc;
    }
    if ((t->concepts_n & (t->concepts_n - 1)) == 0) /* doubles at every power of two */
        t->concepts = mem_grow(t->concepts, t->concepts_n ? t->concepts_n * 2 : 1, sizeof c);
    t->concepts[t->concepts_n++] = c;
    return ERR_OK;
}

static void seen_clear(struct loader *l)
{
    struct seen *s = NULL;
    struct seen *next = NULL;

    HASH_ITER (hh, l->seen, s, next) {
        HASH_DEL(l->seen, s);
        free(s);
    }
}

static int compare_name(const void *a, const void *b, void *arg)
{
    const struct concept *concepts = arg;

    return strcmp(concepts[*(const uint32_t *)a].name, concepts[*(const uint32_t *)b].name);
}

static void terms_index(struct terms *t)
{
    t->by_name = mem_new(t->concepts_n + 1, sizeof *t->by_name);
    for (size_t i = 0; i < t->concepts_n; i++)
        t->by_name[i] = (uint32_t)i;
    qsort_r(t->by_name, t->concepts_n, sizeof *t->by_name, compare_name, t->concepts);
}

int terms_concept(const struct terms *t, const char *name)
{
    size_t low = 0, high = t->concepts_n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, t->concepts[t->by_name[middle]].name);
        if (order == 0)
            return (int)t->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

enum err_code terms_load(const char *dir, const struct mandate *m, struct terms *t, struct err *e)
{
    struct loader l = {.mandate = m};
    char *folder = file_path(dir, "terms");
    enum err_code rc = file_list_read(folder, ".csv", &l.files, e);

    if (rc == ERR_OK && l.files.names_n == 0)
        rc = err_set(e, ERR_CONFIG, "%s: no .csv file", folder);
    for (l.file = 0; rc == ERR_OK && l.file < l.files.names_n; l.file++)
        rc = csv_read_in(folder, l.files.names[l.file], concept_row, &l, e);
    seen_clear(&l);
    terms_index(&l.terms);
    if (rc == ERR_OK)
        *t = l.terms;
    else
        terms_clear(&l.terms);
    file_list_clear(&l.files);
    free(folder);
    return rc;
}

void terms_clear(struct terms *t)
{
    for (size_t i = 0; i < t->concepts_n; i++)
        concept_clear(&t->concepts[i]);
    free(t->concepts);
    free(t->by_name);
    *t = (struct terms){0};
}
