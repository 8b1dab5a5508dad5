#include "cli/learn_report.h"

#include "base/buf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- how good ------------------------------------------------------------------------- */

static void percent_write(FILE *out, size_t part, size_t whole)
{
    if (whole)
        fprintf(out, " %5.1f", 100 * (double)part / (double)whole);
    else
        fputs("     -", out);
}

static void tally_write(FILE *out, const char *name, const struct tally *t)
{
    fprintf(out, "%-24s %4zu", name, t->n);
    percent_write(out, t->strict_n, t->known_n);
    percent_write(out, t->lenient_n, t->known_n);
    percent_write(out, t->false_triage_n, t->ours_n);
    percent_write(out, t->seen_off_n, t->others_n);
    percent_write(out, t->repeated_n, t->refused_n);
    percent_write(out, t->support_hits, t->support_said);
    percent_write(out, t->support_hits, t->support_true);
    percent_write(out, 2 * t->support_hits, t->support_said + t->support_true);
    fputc('\n', out);
}

/* Which examples count in a row of the table. */
struct part {
    int fold, language;     /* -1: any */
    const char *difficulty; /* NULL: any */
    const char *set;        /* NULL: any */
};

static void part_write(const struct learn_report *r, FILE *out, const char *name,
                       const struct judged *judged, struct part part)
{
    struct tally t = {0};

    for (size_t i = 0; i < r->examples->n; i++) {
        const struct example *x = &r->examples->list[i];

        if ((part.fold < 0 || (int)x->fold == part.fold) &&
            (part.language < 0 || x->language == part.language) &&
            (!part.difficulty || strcmp(x->difficulty, part.difficulty) == 0) &&
            (!part.set || strcmp(x->set, part.set) == 0))
            tally_add(&t, x, &judged[i]);
    }
    if (t.n)
        tally_write(out, name, &t);
}

static int text_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct part part_of_difficulty(const char *word)
{
    return (struct part){-1, -1, word, NULL};
}

static struct part part_of_set(const char *word)
{
    return (struct part){-1, -1, NULL, word};
}

/* A row for each word, words[i] being the i-th example's; "" has none. The words are put in
 * order. */
static void words_write(const struct learn_report *r, FILE *out, const char *kind,
                        const char **words, struct part (*part_of)(const char *word))
{
    size_t n = r->examples->n;

    qsort(words, n, sizeof *words, text_compare);
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO struct buf name = {0};

        if (!*words[i] || (i > 0 && strcmp(words[i], words[i - 1]) == 0))
            continue;
        buf_printf(&name, "%s %s", kind, words[i]);
        part_write(r, out, buf_text(&name), r->held_out, part_of(words[i]));
    }
}

static void difficulties_and_sets_write(const struct learn_report *r, FILE *out)
{
    const char **words = mem_new(r->examples->n + 1, sizeof *words);

    for (size_t i = 0; i < r->examples->n; i++)
        words[i] = r->examples->list[i].difficulty;
    words_write(r, out, "difficulty", words, part_of_difficulty);
    for (size_t i = 0; i < r->examples->n; i++)
        words[i] = r->examples->list[i].set;
    words_write(r, out, "set", words, part_of_set);
    free(words);
}

static void tables_write(const struct learn_report *r, FILE *out)
{
    static const char heading[] = "   n strict lenie false outsd again sup P sup R    F1\n";
    const struct part all = {-1, -1, NULL, NULL};
    char name[48];

    fprintf(out, "%-24s %s", "percent", heading);
    part_write(r, out, "weights in use", r->by_now, all);
    part_write(r, out, "learned, held out", r->held_out, all);
    part_write(r, out, "learned, on all", r->by_learned, all);
    fprintf(out, "\n%-24s %s", "held out", heading);
    for (int f = 0; f < EXAMPLE_FOLDS; f++) {
        snprintf(name, sizeof name, "fold %d", f);
        part_write(r, out, name, r->held_out, (struct part){f, -1, NULL, NULL});
    }
    for (int l = 0; l < LANGUAGES_N; l++) {
        snprintf(name, sizeof name, "language %s", language_codes[l]);
        part_write(r, out, name, r->held_out, (struct part){-1, l, NULL, NULL});
    }
    difficulties_and_sets_write(r, out);
}

/* --- who is taken for whom -------------------------------------------------------------- */

/* Row and column of the matrix; the first is nobody. */
static const char *matrix_name(const struct mandate *m, size_t i)
{
    return i ? m->secretariats[i - 1].code : "nobody";
}

static void matrix_write(const struct learn_report *r, FILE *out)
{
    size_t cells[SECRETARIATS_MAX + 1][SECRETARIATS_MAX + 1] = {{0}};
    bool used[SECRETARIATS_MAX + 1] = {false};
    size_t size = r->mandate->secretariats_n + 1;

    for (size_t i = 0; i < r->examples->n; i++) {
        const struct label *l = &r->examples->list[i].label;
        size_t right = (size_t)(l->lead + 1), proposed = (size_t)(r->held_out[i].lead + 1);

        if (!l->lead_known)
            continue;
        cells[right][proposed]++;
        used[right] = used[proposed] = true;
    }
    fprintf(out, "\n%-24s", "lead: right / proposed");
    for (size_t k = 0; k < size; k++)
        if (used[k])
            fprintf(out, "%8s", matrix_name(r->mandate, k));
    fputc('\n', out);
    for (size_t i = 0; i < size; i++) {
        if (!used[i])
            continue;
        fprintf(out, "%-24s", matrix_name(r->mandate, i));
        for (size_t k = 0; k < size; k++)
            if (used[k] && cells[i][k])
                fprintf(out, "%8zu", cells[i][k]);
            else if (used[k])
                fprintf(out, "%8s", ".");
        fputc('\n', out);
    }
}

/* --- confidence ------------------------------------------------------------------------- */

static void confidence_write(const struct learn_report *r, FILE *out)
{
    static const double lows[] = {0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.000001};
    enum { BINS_N = sizeof lows / sizeof lows[0] - 1 };

    fputs("\nconfidence, held out   leads right  mean\n", out);
    for (size_t b = 0; b < BINS_N; b++) {
        size_t n = 0, right = 0;
        double sum = 0;

        for (size_t i = 0; i < r->examples->n; i++) {
            const struct judged *j = &r->held_out[i];
            enum verdict verdict = label_judge_lead(&r->examples->list[i].label, j->lead);

            if (j->lead < 0 || verdict == VERDICT_UNKNOWN || j->confidence < lows[b] ||
                j->confidence >= lows[b + 1])
                continue;
            n++;
            right += verdict == VERDICT_RIGHT;
            sum += j->confidence;
        }
        if (!n)
            continue;
        fprintf(out, "%4.2f to %4.2f           %5zu", lows[b], fmin(lows[b + 1], 1), n);
        percent_write(out, right, n);
        fprintf(out, " %5.1f\n", 100 * sum / (double)n);
    }
}

/* --- what changes ------------------------------------------------------------------------- */

static bool differ(double a, double b)
{
    return a < b || a > b;
}

static void change_write(FILE *out, const char *name, double now, double learned)
{
    fprintf(out, "%-36s%12.6g%12.6g\n", name, now, learned);
}

enum { CHANGES_SHOWN = 20 };

/* One weight of a word that changes. */
struct change {
    const char *feature;
    size_t class;
    float now, learned;
};

static int change_compare(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    float dx = fabsf(x->learned - x->now), dy = fabsf(y->learned - y->now);

    if (dx < dy || dx > dy)
        return dx < dy ? 1 : -1;
    return strcmp(x->feature, y->feature);
}

static void rows_compare(const char *feature, const struct class_row *now,
                         const struct class_row *learned, struct change *changes, size_t *n)
{
    for (size_t k = 0; k < CLASSES_MAX; k++)
        if (now->weights[k] < learned->weights[k] || now->weights[k] > learned->weights[k])
            changes[(*n)++] = (struct change){feature, k, now->weights[k], learned->weights[k]};
}

/* What words say: the greatest changes, and how many there are. */
static void classes_write(const struct learn_report *r, const char *about,
                          const struct class_weights *now, const struct class_weights *learned,
                          FILE *out)
{
    const struct mandate *m = r->mandate;
    struct change *changes = mem_new(
        (m->topics_n + m->facts_n + r->terms->concepts_n) * CLASSES_MAX + 1, sizeof *changes);
    size_t n = 0;

    for (size_t t = 0; t < m->topics_n; t++)
        rows_compare(m->topics[t].code, &now->topics[t], &learned->topics[t], changes, &n);
    for (size_t f = 0; f < m->facts_n; f++)
        rows_compare(m->facts[f].code, &now->facts[f], &learned->facts[f], changes, &n);
    for (size_t c = 0; c < r->terms->concepts_n; c++)
        rows_compare(r->terms->concepts[c].name, &now->concepts[c], &learned->concepts[c], changes,
                     &n);
    qsort(changes, n, sizeof *changes, change_compare);
    for (size_t i = 0; i < n && i < CHANGES_SHOWN; i++) {
        BUF_AUTO struct buf name = {0};

        buf_printf(&name, "%s %s", changes[i].feature,
                   changes[i].class == CLASS_OUTSIDE ? "outside"
                                                     : m->secretariats[changes[i].class].code);
        change_write(out, buf_text(&name), (double)changes[i].now, (double)changes[i].learned);
    }
    fprintf(out, "%zu weights of words for %s change; shown are the %zu that change most\n", n,
            about, n < CHANGES_SHOWN ? n : (size_t)CHANGES_SHOWN);
    free(changes);
}

static void changes_write(const struct learn_report *r, FILE *out)
{
    fprintf(out, "\n%-36s%12s%12s\n", "weights that change", "in use", "proposed");
    for (size_t i = 0; i < weights_count(); i++)
        if (differ(weights_get(r->now, i), weights_get(r->learned, i)))
            change_write(out, weights_name(i), weights_get(r->now, i), weights_get(r->learned, i));
    classes_write(r, "who leads", r->now->classes, r->learned->classes, out);
    classes_write(r, "who supports", r->now->supporters, r->learned->supporters, out);
}

void learn_report_write(const struct learn_report *r, FILE *out)
{
    tables_write(r, out);
    matrix_write(r, out);
    confidence_write(r, out);
    changes_write(r, out);
}
