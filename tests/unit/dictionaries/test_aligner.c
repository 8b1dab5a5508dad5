#include "dictionaries/aligner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KINDS = 4 };

static const struct link *link_of(const struct link *links, size_t n, uint32_t foreign,
                                  uint32_t english)
{
    for (size_t i = 0; i < n; i++)
        if (links[i].foreign == foreign && links[i].english == english)
            return &links[i];
    return NULL;
}

/* Word k means k; every sentence has two or three words, in another order. */
static void test_words_that_go_together_are_linked(void **state)
{
    static const uint32_t foreign[][2] = {
        {0, 1},
        {1, 2},
        {2, 0},
        {0, 3},
        {3, 1},
        {2, 3}
    };
    struct bisentence sentences[6];
    uint32_t english[6][2];
    struct link *links;
    size_t n;

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        english[i][0] = foreign[i][1];
        english[i][1] = foreign[i][0];
        sentences[i] = (struct bisentence){foreign[i], english[i], 2, 2};
    }
    links = aligner_run(sentences, 6, KINDS, KINDS, &n);
    assert_int_equal(n, KINDS * KINDS);
    for (uint32_t f = 0; f < KINDS; f++)
        for (uint32_t e = 0; e < KINDS; e++) {
            const struct link *x = link_of(links, n, f, e);
            assert_non_null(x);
            if (f == e)
                assert_true(x->forward > 0.7 && x->backward > 0.7 && x->count > 2);
            else
                assert_true(x->forward < 0.15 && x->backward < 0.15);
        }
    free(links);
}

/* A word beside everything has nothing to itself. */
static void test_word_without_counterpart_goes_to_nothing(void **state)
{
    static const uint32_t foreign[][2] = {
        {0, 3},
        {1, 3},
        {2, 3},
        {0, 3},
        {1, 3},
        {2, 3}
    };
    static const uint32_t english[] = {0, 1, 2, 0, 1, 2};
    struct bisentence sentences[6];
    struct link *links;
    size_t n;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        sentences[i] = (struct bisentence){foreign[i], &english[i], 2, 1};
    links = aligner_run(sentences, 6, KINDS, KINDS - 1, &n);
    for (uint32_t e = 0; e < KINDS - 1; e++) {
        assert_true(link_of(links, n, e, e)->forward > 0.9);
        assert_true(link_of(links, n, 3, e)->count < 1);
    }
    free(links);
}

static void test_no_sentences_give_no_links(void **state)
{
    static const uint32_t word = 0;
    struct bisentence sentences[] = {
        {NULL,  &word, 0, 1},
        {&word, NULL,  1, 0},
        {NULL,  NULL,  0, 0}
    };
    struct link *links;
    size_t n;

    (void)state;
    links = aligner_run(sentences, 0, 0, 0, &n);
    assert_int_equal(n, 0);
    free(links);
    links = aligner_run(sentences, 3, 1, 1, &n);
    assert_int_equal(n, 0);
    free(links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_that_go_together_are_linked),
        cmocka_unit_test(test_word_without_counterpart_goes_to_nothing),
        cmocka_unit_test(test_no_sentences_give_no_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
