#include "config/class_weight.h"

#include "config/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHT_MAX = 1000 };
static const char fact_prefix[] = "fact.";

struct loader {
    const struct mandate *mandate;
    const struct terms *terms;
    struct class_weights weights;
    bool bias_seen, topics_seen[TOPICS_MAX], facts_seen[FACTS_MAX];
    bool *concepts_seen; /* owned */
};

static const char *class_code(const struct mandate *m, size_t class)
{
    return class == CLASS_OUTSIDE ? "outside" : m->secretariats[class].code;
}

static enum err_code row_read(const struct loader *l, const struct csv *row,
                              struct class_row *ret_row, bool learned[CLASSES_MAX], struct err *e)
{
    struct class_row r = {0};
    double value;
    enum err_code rc = csv_decimal(row, "idf", -WEIGHT_MAX, WEIGHT_MAX, &value, e);

    r.idf = (float)value;
    for (size_t k = 0; rc == ERR_OK && k < CLASSES_MAX; k++) {
        if (k != CLASS_OUTSIDE && k >= l->mandate->secretariats_n)
            continue;
        learned[k] = csv_cell(row, class_code(l->mandate, k)) != NULL;
        if (!learned[k])
            continue;
        rc = csv_decimal(row, class_code(l->mandate, k), -WEIGHT_MAX, WEIGHT_MAX, &value, e);
        r.weights[k] = (float)value;
    }
    if (rc == ERR_OK)
        *ret_row = r;
    return rc;
}

static enum err_code once(const struct csv *row, const char *feature, bool *seen, struct err *e)
{
    if (*seen)
        return csv_fault(row, e, "%s twice", feature);
    *seen = true;
    return ERR_OK;
}

static enum err_code class_row(void *arg, const struct csv *row, struct err *e)
{
    struct loader *l = arg;
    struct class_weights *c = &l->weights;
    const char *feature = NULL;
    struct class_row read = {0};
    enum err_code rc;
    int topic, fact, concept;

    if ((rc = csv_require(row, "feature", &feature, e)) ||
        (rc = row_read(l, row, &read, c->learned, e)))
        return rc;
    topic = mandate_topic(l->mandate, feature);
    fact = strncmp(feature, fact_prefix, strlen(fact_prefix)) == 0
               ? mandate_fact(l->mandate, feature + strlen(fact_prefix))
               : -1;
    concept = terms_concept(l->terms, feature);
    if (strcmp(feature, "bias") == 0) {
        for (size_t k = 0; k < CLASSES_MAX; k++)
            c->bias[k] = (double)read.weights[k];
        return once(row, feature, &l->bias_seen, e);
    }
    if (topic >= 0) {
        c->topics[topic] = read;
        return once(row, feature, &l->topics_seen[topic], e);
    }
    if (fact >= 0) {
        c->facts[fact] = read;
        return once(row, feature, &l->facts_seen[fact], e);
    }
    if (concept >= 0) {
        c->concepts[concept] = read;
        return once(row, feature, &l->concepts_seen[concept], e);
    }
    return ERR_OK;
}

enum err_code class_weights_load(const char *dir, const char *file, const struct mandate *m,
                                 const struct terms *t, struct class_weights *ret_c, struct err *e)
{
    struct loader l = {.mandate = m, .terms = t};
    enum err_code rc;

    l.weights.concepts = mem_new(t->concepts_n + 1, sizeof *l.weights.concepts);
    l.concepts_seen = mem_new(t->concepts_n + 1, sizeof *l.concepts_seen);
    rc = csv_read_in(dir, file, class_row, &l, e);
    free(l.concepts_seen);
    if (rc == ERR_OK)
        *ret_c = l.weights;
    else
        class_weights_clear(&l.weights);
    return rc;
}

/* --- writing ------------------------------------------------------------------------- */

float class_weight_round(double weight)
{
    return (float)(round(fmin(fmax(weight, -WEIGHT_MAX), WEIGHT_MAX) * 1e4) / 1e4);
}

struct writer {
    const struct mandate *mandate; /* borrowed */
    const struct class_weights *classes;
    struct buf *out;
};

static void row_write(const struct writer *w, const char *feature, const struct class_row *row)
{
    buf_printf(w->out, "%s,", feature);
    csv_decimal_write((double)class_weight_round((double)row->idf), w->out);
    for (size_t k = 0; k < CLASSES_MAX; k++) {
        if (!w->classes->learned[k])
            continue;
        buf_add_text(w->out, ",");
        csv_decimal_write((double)class_weight_round((double)row->weights[k]), w->out);
    }
    buf_add_text(w->out, "\n");
}

void class_weights_write(const struct mandate *m, const struct terms *t,
                         const struct class_weights *c, struct buf *ret_text)
{
    struct writer w = {m, c, ret_text};
    struct class_row bias = {0};

    buf_add_text(ret_text, "feature,idf");
    for (size_t k = 0; k < CLASSES_MAX; k++) {
        bias.weights[k] = (float)c->bias[k];
        if (c->learned[k])
            buf_printf(ret_text, ",%s", class_code(m, k));
    }
    buf_add_text(ret_text, "\n");
    row_write(&w, "bias", &bias);
    for (size_t i = 0; i < m->topics_n; i++)
        if (c->topics[i].idf > 0)
            row_write(&w, m->topics[i].code, &c->topics[i]);
    for (size_t i = 0; i < m->facts_n; i++) {
        BUF_AUTO struct buf name = {0};

        buf_printf(&name, "%s%s", fact_prefix, m->facts[i].code);
        if (c->facts[i].idf > 0)
            row_write(&w, buf_text(&name), &c->facts[i]);
    }
    for (size_t i = 0; i < t->concepts_n; i++)
        if (c->concepts[t->by_name[i]].idf > 0)
            row_write(&w, t->concepts[t->by_name[i]].name, &c->concepts[t->by_name[i]]);
}

void class_weights_clear(struct class_weights *c)
{
    if (!c)
        return;
    free(c->concepts);
    memset(c, 0, sizeof *c);
}
