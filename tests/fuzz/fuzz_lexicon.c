/* Any bytes as a lexicon. What must hold:
 *   - what is opened can be looked up: at most two senses with weights in (0, 1], the stronger
 *     first, of no more tokens than the text has left;
 *   - with a right header (so that the checksum does not hide what lies behind) the same.
 * The corpus is what lexicon_build makes of a table of a few words, some of them with phrases. */
#include "routing/lexicon_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static const char *const samples[LANGUAGES_N] = {
    "المستنقعات والأراضي الرطبة", "wetlands of the rain forest", "los bosques lluviosos, zona 5",
    "la zone humide, la prise",   "болото Ramsar и лес",         "红树林湿地。雨林"};

static void check_look_up(const struct lexicon *x, int language)
{
    struct text t;

    text_read(samples[language], language, &t);
    for (size_t i = 0; i < t.tokens_n; i++) {
        struct lexicon_hit hit;
        if (!lexicon_find(x, language, &t, i, &hit))
            continue;
        must(hit.tokens_n >= 1 && hit.tokens_n <= t.tokens_n - i);
        must(hit.tokens_n <= LEXICON_TOKENS_MAX);
        must(hit.senses_n >= 1 && hit.senses_n <= LEXICON_SENSES_MAX);
        for (size_t k = 0; k < hit.senses_n; k++)
            must(hit.senses[k].weight > 0 && hit.senses[k].weight <= 1);
        if (hit.senses_n == 2)
            must(hit.senses[0].weight >= hit.senses[1].weight);
    }
    text_clear(&t);
}

static void check(const uint8_t *bytes, size_t n)
{
    struct lexicon *x = NULL;
    struct err e = {0};

    if (lexicon_open(bytes, n, &x, &e) != ERR_OK) {
        must(e.code == ERR_CONFIG && e.detail[0] && !x);
        return;
    }
    for (int l = 0; l < LANGUAGES_N; l++)
        check_look_up(x, l);
    must(strlen(lexicon_about(x)) < n);
    lexicon_close(x);
}

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    uint8_t *copy;

    check(input, n);
    if (n < LEXICON_HEADER_BYTES)
        return 0;
    copy = malloc(n);
    must(copy);
    memcpy(copy, input, n);
    memcpy(copy, LEXICON_MAGIC, LEXICON_AT_VERSION);
    put(copy + LEXICON_AT_VERSION, LEXICON_VERSION, 4);
    put(copy + LEXICON_AT_DIALECT, lexicon_dialect(), 8);
    put(copy + LEXICON_AT_BYTES, n, 4);
    lexicon_seal(copy, n);
    check(copy, n);
    free(copy);
    return 0;
}
