/* The index against a plain list of vectors that is compared one by one. */
#include "routing/index.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PLAIN_MAX = 2000, WORDS = 4000 };

static struct plain {
    struct vector v;
    char id[INDEX_ID_MAX + 1], country[4];
    bool there;
} * plain;
static size_t plain_n;

static const char *const countries[] = {"KEN", "TCD", "FRA", "CHN"};

static uint64_t state_now = 1;

static uint32_t random_below(uint32_t n)
{
    state_now = state_now * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state_now >> 33) % n;
}

static int compare_term(const void *a, const void *b)
{
    const struct vector_term *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

/* Words by Zipf's law, of all kinds; each once. */
static void random_vector(struct vector *v)
{
    size_t n = 5 + random_below(60), kept = 0;

    memset(v, 0, sizeof *v);
    v->language = (uint8_t)random_below(6);
    v->fingerprint = state_now;
    for (size_t i = 0; i < n; i++) {
        uint32_t word = (uint32_t)pow(WORDS, random_below(10000) / 10000.0);
        enum feature_kind kind = word % 11 < FEATURE_KINDS_N ? word % 11 : FEATURE_STEM;
        uint64_t what = kind == FEATURE_OWN ? word * 8U + v->language : word;
        v->terms[i].key = feature_key(kind, what * UINT64_C(0x9e3779b9));
        v->terms[i].weight = (uint8_t)random_below(32);
    }
    qsort(v->terms, n, sizeof *v->terms, compare_term);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || v->terms[kept - 1].key != v->terms[i].key)
            v->terms[kept++] = v->terms[i];
    memset(v->terms + kept, 0, (FEATURES_MAX - kept) * sizeof *v->terms);
    v->terms_n = (uint16_t)kept;
    for (size_t i = 0; i < kept && v->words_n < VECTOR_WORDS_MAX; i += 7) {
        struct vector_word *w = &v->words[v->words_n++];
        w->term = (uint8_t)i;
        w->bytes = (uint8_t)snprintf(w->text, sizeof w->text, "word %zu", i);
    }
}

static void random_id(char id[INDEX_ID_MAX + 1])
{
    if (random_below(2))
        snprintf(id, INDEX_ID_MAX + 1, "req_0190%08x%08x%08x%04x", random_below(1 << 30),
                 random_below(1 << 30), random_below(1 << 30), random_below(1 << 16));
    else
        snprintf(id, INDEX_ID_MAX + 1, "doc %u.%u", random_below(1 << 30), random_below(1 << 30));
}

static double plain_cosine(const struct index *x, const struct vector *a, const struct vector *b)
{
    double both = 0, squares[2] = {0};
    bool other = a->language != b->language;

    for (int side = 0; side < 2; side++) {
        const struct vector *v = side ? b : a, *against = side ? a : b;
        for (size_t i = 0; i < v->terms_n; i++) {
            enum feature_kind kind = feature_kind(v->terms[i].key);
            double rarity = (double)index_rarity(x, v->terms[i].key);
            double w = (double)vector_weight(v->terms[i].weight) * rarity;
            int k = vector_find(against, v->terms[i].key);
            if (kind == FEATURE_TOPIC || (other && kind == FEATURE_OWN))
                continue;
            squares[side] += w * w;
            if (!side && k >= 0)
                both += w * (double)vector_weight(against->terms[k].weight) * rarity;
        }
    }
    return both > 0 ? both / sqrt(squares[0] * squares[1]) : 0;
}

static const struct plain *plain_find(const char *id)
{
    for (size_t i = 0; i < plain_n; i++)
        if (plain[i].there && strcmp(plain[i].id, id) == 0)
            return &plain[i];
    return NULL;
}

static bool in_scope(const struct plain *p, const char *country, enum index_scope scope)
{
    bool same = strcmp(p->country, country) == 0;

    return p->there && (scope == INDEX_ALL || same == (scope == INDEX_SAME));
}

/* The best score that no hit has. */
static double best_missed(const struct index *x, const struct vector *v, const char *country,
                          enum index_scope scope, const struct index_hit *hits, size_t n)
{
    double best = 0;

    for (size_t i = 0; i < plain_n; i++) {
        bool hit = false;
        if (!in_scope(&plain[i], country, scope))
            continue;
        for (size_t k = 0; k < n && !hit; k++) {
            struct vector found;
            float rarities[FEATURES_MAX];
            char id[INDEX_ID_MAX + 1], at[INDEX_COUNTRY_BYTES];
            index_read(x, hits[k].document, &found, rarities, id, at);
            hit = strcmp(id, plain[i].id) == 0;
        }
        if (!hit)
            best = fmax(best, plain_cosine(x, v, &plain[i].v));
    }
    return best;
}

static void assert_same_vector(const struct vector *a, const struct vector *b)
{
    assert_int_equal(a->terms_n, b->terms_n);
    assert_int_equal(a->words_n, b->words_n);
    assert_int_equal(a->language, b->language);
    assert_true(a->fingerprint == b->fingerprint);
    for (size_t i = 0; i < a->terms_n; i++) {
        assert_int_equal(a->terms[i].key, b->terms[i].key);
        assert_int_equal(a->terms[i].weight, b->terms[i].weight);
    }
    for (size_t i = 0; i < a->words_n; i++) {
        assert_int_equal(a->words[i].term, b->words[i].term);
        assert_int_equal(a->words[i].bytes, b->words[i].bytes);
        assert_memory_equal(a->words[i].text, b->words[i].text, a->words[i].bytes);
    }
}

/* Every hit is a document as it was put in, with the score that the plain way gives. */
static void assert_hits(const struct index *x, const struct vector *v, const char *country,
                        enum index_scope scope, const struct index_hit *hits, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct vector found;
        float rarities[FEATURES_MAX];
        char id[INDEX_ID_MAX + 1], at[INDEX_COUNTRY_BYTES];
        const struct plain *p;
        index_read(x, hits[i].document, &found, rarities, id, at);
        p = plain_find(id);
        assert_non_null(p);
        assert_true(in_scope(p, country, scope));
        assert_string_equal(at, p->country);
        assert_same_vector(&found, &p->v);
        assert_true(fabs(plain_cosine(x, v, &p->v) - (double)hits[i].score) < 1e-4);
        assert_true(i == 0 || hits[i - 1].score >= hits[i].score);
    }
}

/* Rounding in the first round may cost a document that is hardly better. */
static void check_searches(const struct index *x, size_t searches)
{
    for (size_t i = 0; i < searches; i++) {
        struct vector v = plain[random_below((uint32_t)plain_n)].v;
        const char *country = countries[random_below(4)];
        if (i % 3 == 0)
            random_vector(&v);
        for (enum index_scope scope = INDEX_SAME; scope <= INDEX_ALL; scope++) {
            struct index_hit hits[10];
            size_t n = index_search(x, &v, country, scope, 10, hits);
            assert_hits(x, &v, country, scope, hits, n);
            if (scope != INDEX_OTHERS && n == 10)
                assert_true((double)hits[9].score + 0.01 >=
                            best_missed(x, &v, country, scope, hits, n));
        }
    }
}

static void plain_add(struct index *x)
{
    struct plain *p = &plain[plain_n++];

    random_vector(&p->v);
    random_id(p->id);
    snprintf(p->country, sizeof p->country, "%s", countries[random_below(4) & random_below(4)]);
    p->there = true;
    index_add(x, p->country, p->id, &p->v);
}

static size_t plain_count(void)
{
    size_t n = 0;

    for (size_t i = 0; i < plain_n; i++)
        n += plain[i].there;
    return n;
}

static void setup_plain(void)
{
    plain = calloc(PLAIN_MAX, sizeof *plain);
    assert_non_null(plain);
    plain_n = 0;
}

static void test_finds_what_comparing_one_by_one_finds(void **state)
{
    struct index *x = index_new();

    (void)state;
    setup_plain();
    for (size_t i = 0; i < 1500; i++)
        plain_add(x);
    check_searches(x, 25);
    index_free(x);
    free(plain);
}

static void test_adding_and_removing_at_random_leaves_the_same_as_never_having_had_it(void **state)
{
    struct index *x = index_new();

    (void)state;
    setup_plain();
    while (plain_n < PLAIN_MAX) {
        struct plain *p;
        if (plain_n < 50 || random_below(100) < 55 + 20 * (plain_n < 1000)) {
            plain_add(x);
            continue;
        }
        p = &plain[random_below((uint32_t)plain_n)];
        assert_int_equal(index_has(x, p->id), p->there);
        assert_int_equal(index_remove(x, p->id), p->there);
        p->there = false;
        if (plain_n % 500 == 0)
            check_searches(x, 3);
    }
    assert_int_equal(index_count(x), plain_count());
    check_searches(x, 20);
    for (size_t i = 0; i < plain_n; i++)
        assert_int_equal(index_remove(x, plain[i].id), plain[i].there);
    assert_int_equal(index_count(x), 0);
    index_free(x);
    free(plain);
}

static void test_a_document_of_that_id_is_replaced(void **state)
{
    struct index *x = index_new();
    struct index_hit hits[10];

    (void)state;
    setup_plain();
    for (size_t i = 0; i < 500; i++) {
        struct plain *p = &plain[0];
        plain_n = 1;
        random_vector(&p->v);
        snprintf(p->id, sizeof p->id, "one");
        snprintf(p->country, sizeof p->country, "%s", countries[i % 4]);
        p->there = true;
        index_add(x, p->country, p->id, &p->v);
    }
    assert_int_equal(index_count(x), 1);
    assert_int_equal(index_search(x, &plain[0].v, countries[499 % 4], INDEX_SAME, 10, hits), 1);
    assert_hits(x, &plain[0].v, countries[499 % 4], INDEX_SAME, hits, 1);
    assert_int_equal(index_search(x, &plain[0].v, countries[499 % 4], INDEX_OTHERS, 10, hits), 0);
    index_free(x);
    free(plain);
}

static void test_memory_of_what_was_removed_serves_again(void **state)
{
    struct index *x = index_new();
    size_t bytes = 0;

    (void)state;
    setup_plain();
    for (size_t turn = 0; turn < 40; turn++) {
        for (size_t i = 0; i < 400; i++) {
            struct plain *p = &plain[i];
            random_vector(&p->v);
            snprintf(p->id, sizeof p->id, "doc %zu of %zu", i, turn);
            index_add(x, "KEN", p->id, &p->v);
        }
        for (size_t i = 0; i < 400; i++)
            assert_true(index_remove(x, plain[i].id));
        bytes = turn == 10 ? index_bytes(x) : bytes;
    }
    assert_true(index_bytes(x) < bytes + bytes / 4);
    index_free(x);
    free(plain);
}

static void test_an_empty_vector_and_an_empty_index_find_nothing(void **state)
{
    struct index *x = index_new();
    struct vector nothing = {0}, something;
    struct index_hit hits[10];

    (void)state;
    random_vector(&something);
    assert_int_equal(index_search(x, &something, "KEN", INDEX_ALL, 10, hits), 0);
    index_add(x, "KEN", "nothing", &nothing);
    assert_int_equal(index_search(x, &something, "KEN", INDEX_ALL, 10, hits), 0);
    index_add(x, "KEN", "something", &something);
    assert_int_equal(index_search(x, &nothing, "KEN", INDEX_ALL, 10, hits), 0);
    assert_int_equal(index_search(x, &something, "KEN", INDEX_SAME, 10, hits), 1);
    assert_true(index_remove(x, "nothing"));
    assert_false(index_remove(x, "nothing"));
    index_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_comparing_one_by_one_finds),
        cmocka_unit_test(test_adding_and_removing_at_random_leaves_the_same_as_never_having_had_it),
        cmocka_unit_test(test_a_document_of_that_id_is_replaced),
        cmocka_unit_test(test_memory_of_what_was_removed_serves_again),
        cmocka_unit_test(test_an_empty_vector_and_an_empty_index_find_nothing),
    };
    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
