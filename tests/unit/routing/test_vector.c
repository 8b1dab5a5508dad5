#include "routing/similar.h"
#include "routing/vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static uint64_t state_now = 3;

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

static void random_vector(struct vector *v, size_t n)
{
    size_t kept = 0;

    memset(v, 0, sizeof *v);
    v->language = (uint8_t)random_below(6);
    v->fingerprint = state_now;
    for (size_t i = 0; i < n; i++) {
        v->terms[i].key = feature_key(random_below(FEATURE_KINDS_N), random_below(1U << 31));
        v->terms[i].weight = (uint8_t)random_below(32);
    }
    qsort(v->terms, n, sizeof *v->terms, compare_term);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || v->terms[kept - 1].key != v->terms[i].key)
            v->terms[kept++] = v->terms[i];
    memset(v->terms + kept, 0, (FEATURES_MAX - kept) * sizeof *v->terms);
    v->terms_n = (uint16_t)kept;
    for (size_t i = 0; i < kept && v->words_n < random_below(VECTOR_WORDS_MAX + 1); i++) {
        struct vector_word *w = &v->words[v->words_n++];
        w->term = (uint8_t)i;
        w->bytes = (uint8_t)random_below(VECTOR_WORD_BYTES_MAX + 1);
        memset(w->text, 'a' + (int)i, w->bytes);
    }
}

static void test_what_was_packed_is_unpacked(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        unsigned char bytes[SIMILAR_PACKED_MAX];
        struct vector v, found;
        struct err e = {0};
        size_t n;
        random_vector(&v, i % (FEATURES_REQUEST + 1));
        n = vector_pack(&v, bytes, sizeof bytes);
        assert_true(n > 0);
        assert_int_equal(vector_unpack(bytes, n, &found, &e), ERR_OK);
        assert_memory_equal(&found, &v, sizeof v);
    }
}

static void test_hashes_at_both_ends_are_packed(void **state)
{
    struct vector v = {.terms_n = 3}, found;
    unsigned char bytes[SIMILAR_PACKED_MAX];
    struct err e = {0};
    size_t n;

    (void)state;
    v.terms[0].key = feature_key(FEATURE_STEM, 0);
    v.terms[1].key = feature_key(FEATURE_STEM, (1U << FEATURE_HASH_BITS) - 1);
    v.terms[2].key = feature_key(FEATURE_TOPIC, (1U << FEATURE_HASH_BITS) - 1);
    n = vector_pack(&v, bytes, sizeof bytes);
    assert_int_equal(vector_unpack(bytes, n, &found, &e), ERR_OK);
    assert_memory_equal(&found, &v, sizeof v);
}

static void test_damaged_bytes_are_refused_or_are_a_vector(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        unsigned char bytes[SIMILAR_PACKED_MAX], again[SIMILAR_PACKED_MAX];
        struct vector v, found;
        struct err e = {0};
        size_t n;
        random_vector(&v, random_below(FEATURES_REQUEST + 1));
        n = vector_pack(&v, bytes, sizeof bytes);
        for (uint32_t k = random_below(4) + 1; k > 0; k--)
            bytes[1 + random_below((uint32_t)n - 1)] ^= (unsigned char)(1U << random_below(8));
        if (vector_unpack(bytes, n, &found, &e) != ERR_OK)
            continue;
        assert_true(found.terms_n <= FEATURES_REQUEST);
        for (size_t k = 1; k < found.terms_n; k++)
            assert_true(found.terms[k - 1].key < found.terms[k].key);
        assert_int_equal(vector_pack(&found, again, sizeof again), n);
        assert_memory_equal(again, bytes, n);
    }
}

static void test_levels_are_a_quarter_apart(void **state)
{
    (void)state;
    for (uint8_t level = 1; level < VECTOR_LEVELS; level++) {
        assert_true(vector_weight(level) > vector_weight(level - 1) * 1.249f);
        assert_true(vector_weight(level) < vector_weight(level - 1) * 1.251f);
        assert_true(vector_weight(level) == vector_weight(level | VECTOR_TITLE));
    }
}

static struct reading *read_as(const char *language, const char *title, const char *text)
{
    struct draft d = {
        .language = language_find(language), .title = title, .description = text, .preferred = -1};

    return reading_new(engine, &d);
}

static bool share_kind(const char *language, const char *a, const char *other, const char *b,
                       enum feature_kind kind)
{
    struct reading *x = read_as(language, "", a), *y = read_as(other, "", b);
    struct feature of_x[FEATURES_MAX], of_y[FEATURES_MAX];
    size_t x_n = features_of(engine, x, FEATURES_MAX, of_x);
    size_t y_n = features_of(engine, y, FEATURES_MAX, of_y);
    bool shared = false;

    for (size_t i = 0; i < x_n; i++)
        for (size_t k = 0; k < y_n; k++)
            shared = shared || (of_x[i].key == of_y[k].key && feature_kind(of_x[i].key) == kind);
    reading_free(x);
    reading_free(y);
    return shared;
}

static void test_identifiers_share_the_words_they_are_made_of(void **state)
{
    (void)state;
    assert_true(share_kind("en", "closeQuietly fails", "en", "cannot close it", FEATURE_STEM));
    assert_true(share_kind("en", "the HTTPServer", "en", "our servers", FEATURE_STEM));
    assert_true(share_kind("en", "max_open_files", "en", "open a file", FEATURE_STEM));
    assert_false(share_kind("en", "the Server", "en", "the http", FEATURE_STEM));
}

static void test_names_and_numbers_are_the_same_in_two_languages(void **state)
{
    (void)state;
    assert_true(
        share_kind("en", "on the lake of Zarbanka", "fr", "au lac de Zarbanka", FEATURE_NAME));
    assert_true(share_kind("en", "it has 1,250 birds", "ru", "там 1250 птиц", FEATURE_NUMBER));
    assert_false(share_kind("en", "it has 1,250 birds", "ru", "там 1240 птиц", FEATURE_NUMBER));
}

static void test_a_fingerprint_needs_its_key(void **state)
{
    static const unsigned char none[ENGINE_SECRET_BYTES], key[ENGINE_SECRET_BYTES] = {1};
    struct reading *a = read_as("en", "A  Lake", "is silting up"),
                   *b = read_as("en", "a lake", "Is silting up!"),
                   *c = read_as("en", "a lake", "Is silting down");

    (void)state;
    assert_true(features_fingerprint(a, key) == features_fingerprint(b, key));
    assert_true(features_fingerprint(a, key) != features_fingerprint(c, key));
    assert_true(features_fingerprint(a, key) != features_fingerprint(a, none));
    reading_free(a);
    reading_free(b);
    reading_free(c);
}

static void test_of_a_long_text_the_title_stays(void **state)
{
    static char text[40000];
    struct feature features[FEATURES_MAX];
    struct reading *r;
    size_t n, in_title = 0, at = 0;

    (void)state;
    for (int i = 0; i < 3000; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "w%cx%cy%c ", 'a' + i % 26,
                               'a' + i / 26 % 26, 'a' + i / 676);
    r = read_as("en", "Silting of the lagoon", text);
    n = features_of(engine, r, FEATURES_REQUEST, features);
    assert_int_equal(n, FEATURES_REQUEST);
    for (size_t i = 0; i < n; i++)
        in_title += features[i].in_title;
    assert_true(in_title >= 2);
    reading_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_packed_is_unpacked),
        cmocka_unit_test(test_hashes_at_both_ends_are_packed),
        cmocka_unit_test(test_damaged_bytes_are_refused_or_are_a_vector),
        cmocka_unit_test(test_levels_are_a_quarter_apart),
        cmocka_unit_test(test_identifiers_share_the_words_they_are_made_of),
        cmocka_unit_test(test_names_and_numbers_are_the_same_in_two_languages),
        cmocka_unit_test(test_a_fingerprint_needs_its_key),
        cmocka_unit_test(test_of_a_long_text_the_title_stays),
    };
    return cmocka_run_group_tests_name("vector", tests, load_engine, free_engine);
}
