#include "config/mandate.h"

#include "config/csv.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(TOPICS_MAX <= 64, "sets of topics are 64 bits");

const char *const language_codes[LANGUAGES_N + 1] = {"ar", "en", "es", "fr", "ru", "zh", NULL};

static int code_find(const char *first, size_t n, size_t row_bytes, const char *code)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(first + i * row_bytes, code))
            return (int)i;
    return -1;
}

/* Every table of the mandate has its code as the first member, as text. */
#define FIND(table, n, code) code_find((table)[0].code, n, sizeof(table)[0], code)

int language_find(const char *code)
{
    for (int i = 0; i < LANGUAGES_N; i++)
        if (!strcmp(language_codes[i], code))
            return i;
    return -1;
}

int mandate_secretariat(const struct mandate *m, const char *code)
{
    return FIND(m->secretariats, m->secretariats_n, code);
}

int mandate_topic(const struct mandate *m, const char *code)
{
    return FIND(m->topics, m->topics_n, code);
}

int mandate_fact(const struct mandate *m, const char *code)
{
    return FIND(m->facts, m->facts_n, code);
}

int mandate_referral(const struct mandate *m, const char *code)
{
    return FIND(m->referrals, m->referrals_n, code);
}

/* A new code: found is what its lookup gave, n and max the table's fill. */
static enum err_code new_code_check(const struct csv *row, const char *code, int found, size_t n,
                                    size_t max, struct err *e)
{
    if (found >= 0)
        return csv_fault(row, e, "\"%s\" twice", code);
    if (n == max)
        return csv_fault(row, e, "more than %zu rows", max);
    return ERR_OK;
}

/* secretariats.csv, all but the columns that name topics. */
static enum err_code secretariat_row(void *arg, const struct csv *row, struct err *e)
{
    static const char *const lists[] = {"partial", "complete", NULL};
    struct mandate *m = arg;
    struct secretariat s = {0};
    int list = 0;
    enum err_code rc;

    if ((rc = csv_copy(row, "code", s.code, sizeof s.code, e)) ||
        (rc = csv_copy(row, "treaty", s.treaty, sizeof s.treaty, e)) ||
        (rc = csv_copy(row, "zone", s.zone, sizeof s.zone, e)) ||
        (rc = csv_flag(row, "enabled", &s.enabled, e)) ||
        (rc = csv_flag(row, "needs_site", &s.needs_site, e)) ||
        (rc = csv_flag(row, "emergency", &s.emergency, e)) ||
        (rc = csv_word(row, "list", lists, &list, e)) ||
        (rc = csv_number(row, "order", 1, 99, &s.order, e)) ||
        (rc = new_code_check(row, s.code, mandate_secretariat(m, s.code), m->secretariats_n,
                             SECRETARIATS_MAX, e)))
        return rc;
    s.list_complete = list == 1;
    for (size_t i = 0; i < m->secretariats_n; i++)
        if (m->secretariats[i].order == s.order)
            return csv_fault(row, e, "order %d is %s's", s.order, m->secretariats[i].code);
    m->secretariats[m->secretariats_n++] = s;
    return ERR_OK;
}

/* topics.csv: one column a secretariat, found by its code. */
static enum err_code topic_row(void *arg, const struct csv *row, struct err *e)
{
    struct mandate *m = arg;
    struct topic t = {0};
    enum err_code rc;

    if ((rc = csv_copy(row, "topic", t.code, sizeof t.code, e)) ||
        (rc = csv_flag(row, "restricted", &t.restricted, e)) ||
        (rc = new_code_check(row, t.code, mandate_topic(m, t.code), m->topics_n, TOPICS_MAX, e)))
        return rc;
    for (size_t i = 0; i < m->secretariats_n; i++)
        if ((rc = csv_number(row, m->secretariats[i].code, 0, 100, &t.base[i], e)))
            return rc;
    m->topics[m->topics_n++] = t;
    return ERR_OK;
}

static enum err_code topic_set_read(const struct mandate *m, const struct csv *row,
                                    const char *column, unsigned long long *ret_set, struct err *e)
{
    const char *rest = csv_cell(row, column);
    unsigned long long set = 0;
    const char *part;
    size_t bytes;

    if (!rest)
        return csv_fault(row, e, "no column %s", column);
    while (csv_part(&rest, &part, &bytes)) {
        char code[sizeof m->topics[0].code] = "";
        int topic;

        if (bytes < sizeof code)
            memcpy(code, part, bytes);
        topic = mandate_topic(m, code);
        if (topic < 0)
            return csv_fault(row, e, "%s: unknown topic \"%.*s\"", column, (int)bytes, part);
        set |= 1ULL << topic;
    }
    *ret_set = set;
    return ERR_OK;
}

/* secretariats.csv once more: its topics are known only after topics.csv, whose columns are known
 * only after its codes. */
static enum err_code secretariat_topics_row(void *arg, const struct csv *row, struct err *e)
{
    struct mandate *m = arg;
    int i = mandate_secretariat(m, csv_cell(row, "code"));
    struct secretariat *s;
    enum err_code rc;

    if (i < 0)
        return csv_fault(row, e, "the file has just been changed");
    s = &m->secretariats[i];
    if ((rc = topic_set_read(m, row, "emergency_topics", &s->emergency_topics, e)) ||
        (rc = topic_set_read(m, row, "admits_topics", &s->admits_topics, e)) ||
        (rc = topic_set_read(m, row, "own_topics", &s->own_topics, e)))
        return rc;
    return ERR_OK;
}

static enum err_code unless_read(const struct mandate *m, const struct csv *row, int *ret_fact,
                                 struct err *e)
{
    const char *cell = csv_cell(row, "unless");

    *ret_fact = -1;
    if (!cell || !*cell)
        return ERR_OK;
    *ret_fact = mandate_fact(m, cell);
    if (*ret_fact < 0)
        return csv_fault(row, e, "unless: no row above has the fact \"%.60s\"", cell);
    return ERR_OK;
}

/* facts.csv: the facts are those that rows name, numbered as they come. */
static enum err_code fact_row(void *arg, const struct csv *row, struct err *e)
{
    struct mandate *m = arg;
    struct fact f = {0};
    struct fact_rule r = {0};
    char secretariat[sizeof m->secretariats[0].code];
    enum err_code rc;
    int s;
    int fact;

    if ((rc = csv_copy(row, "fact", f.code, sizeof f.code, e)) ||
        (rc = csv_copy(row, "secretariat", secretariat, sizeof secretariat, e)) ||
        (rc = csv_number(row, "points", 1, 100, &r.points, e)) ||
        (rc = unless_read(m, row, &r.unless, e)))
        return rc;
    s = mandate_secretariat(m, secretariat);
    if (s < 0)
        return csv_fault(row, e, "unknown secretariat \"%s\"", secretariat);
    fact = mandate_fact(m, f.code);
    for (size_t i = 0; i < m->rules_n; i++)
        if ((int)m->rules[i].fact == fact && (int)m->rules[i].secretariat == s)
            return csv_fault(row, e, "\"%s\" gives to %s twice", f.code, secretariat);
    if (m->rules_n == FACT_RULES_MAX || (fact < 0 && m->facts_n == FACTS_MAX))
        return csv_fault(row, e, "more than %d rows or %d facts", FACT_RULES_MAX, FACTS_MAX);
    if (fact < 0) {
        fact = (int)m->facts_n;
        m->facts[m->facts_n++] = f;
    }
    r.fact = (unsigned)fact;
    r.secretariat = (unsigned)s;
    m->rules[m->rules_n++] = r;
    return ERR_OK;
}

static enum err_code referral_row(void *arg, const struct csv *row, struct err *e)
{
    struct mandate *m = arg;
    struct referral r = {0};
    enum err_code rc;

    if ((rc = csv_copy(row, "code", r.code, sizeof r.code, e)) ||
        (rc = csv_copy(row, "body", r.body, sizeof r.body, e)) ||
        (rc = new_code_check(row, r.code, mandate_referral(m, r.code), m->referrals_n,
                             REFERRALS_MAX, e)))
        return rc;
    m->referrals[m->referrals_n++] = r;
    return ERR_OK;
}

enum err_code mandate_load(const char *dir, struct mandate *m, struct err *e)
{
    static const struct {
        const char *name;
        csv_row_fn row;
    } files[] = {
        {"secretariats.csv", secretariat_row       },
        {"topics.csv",       topic_row             },
        {"secretariats.csv", secretariat_topics_row},
        {"facts.csv",        fact_row              },
        {"referrals.csv",    referral_row          },
    };
    struct mandate *fresh = mem_new(1, sizeof *fresh);
    enum err_code rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < sizeof files / sizeof files[0]; i++)
        rc = csv_read_in(dir, files[i].name, files[i].row, fresh, e);
    if (rc == ERR_OK)
        *m = *fresh;
    free(fresh);
    return rc;
}
