#include "dictionaries/gloss.h"

#include "base/buf.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void note(void *arg, const char *head, const char *gloss, unsigned rank)
{
    buf_printf(arg, "%s=%s:%u|", head, gloss, rank);
}

typedef void (*reader_fn)(const char *, size_t, gloss_fn, void *);

static void assert_reads(reader_fn read, const char *entry, const char *expected)
{
    BUF_AUTO struct buf out = {0};
    char *copy = mem_text_n(entry, strlen(entry)); /* for the sanitizer */

    read(copy, strlen(entry), note, &out);
    assert_string_equal(buf_text(&out), expected);
    free(copy);
}

static void test_freedict_senses_and_alternatives_are_ranked(void **state)
{
    (void)state;
    assert_reads(gloss_freedict,
                 "frontière /fʀɔ̃tjɛʀ/ <n, fem>\n1. border\n2. boundary, frontier; limit\n",
                 "frontière=border:0|frontière=boundary:1|frontière=frontier:2|frontière=limit:3|");
    assert_reads(gloss_freedict, "Central America /x/\nAmérique centrale",
                 "Central America=Amérique centrale:0|");
}

static void test_freedict_brackets_and_examples_are_left_out(void **state)
{
    (void)state;
    assert_reads(gloss_freedict, "falloir <v>\n(impers.) must <vi>, need\n      \"Il faut\"\n",
                 "falloir=must:0|falloir=need:1|");
    assert_reads(gloss_freedict, "", "");
    assert_reads(gloss_freedict, "alone", "");
    assert_reads(gloss_freedict, "odd\n((\n1.\n,;,\n", "");
}

static void test_mueller_labels_numbers_and_examples_are_left_out(void **state)
{
    (void)state;
    assert_reads(gloss_mueller,
                 "acknowledge\n   [ɜk] г\n   1) сознавать; признавать, допускать\n"
                 "   2) подтверждать; to acknowledge the receipt подтверждать получение\n",
                 "acknowledge=сознавать:0|acknowledge=признавать:1|acknowledge=допускать:2|"
                 "acknowledge=подтверждать:3|");
    assert_reads(gloss_mueller, "acne\n   [x] _n. прыщи; воспаление сальной\nжелезы (тж. acnes)",
                 "acne=прыщи:0|acne=воспаление сальной железы:1|");
    assert_reads(gloss_mueller, "lent\n   [x] _p. и _p-p. от lend", "");
    assert_reads(gloss_mueller, "x\n  1. _v.\n а) ловить б) поймать", "x=ловить:0|x=поймать:1|");
}

static void test_cedict_words_and_notes(void **state)
{
    (void)state;
    assert_reads(gloss_cedict, "濕地 湿地 [shi1 di4] /wetland/marsh; swamp/CL:片[pian4]/",
                 "湿地=wetland:0|湿地=marsh:1|湿地=swamp:2|");
    assert_reads(gloss_cedict, "# CC-CEDICT", "");
    assert_reads(gloss_cedict, "飲 饮 [yin3] /old variant of 飲|饮[yin3]/to drink (water)/",
                 "饮=to drink:0|");
    assert_reads(gloss_cedict, "飲 饮 [yin3", "");
    assert_reads(gloss_cedict, "飲", "");
}

static void test_cedict_names_are_their_capitals_and_their_sound(void **state)
{
    (void)state;
    assert_reads(gloss_cedict,
                 "鄱陽湖 鄱阳湖 [Po2 yang2 Hu2] /Poyang Lake in Jiangxi province (a lake)/",
                 "鄱阳湖=Poyang Lake:0|鄱阳湖=PoyangHu:1|");
    assert_reads(gloss_cedict, "高淳 高淳 [Gao1 chun2] /county near the river/", "高淳=Gaochun:0|");
    assert_reads(gloss_cedict, "李 李 [Li3] /surname Li/", "李=Li:0|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freedict_senses_and_alternatives_are_ranked),
        cmocka_unit_test(test_freedict_brackets_and_examples_are_left_out),
        cmocka_unit_test(test_mueller_labels_numbers_and_examples_are_left_out),
        cmocka_unit_test(test_cedict_words_and_notes),
        cmocka_unit_test(test_cedict_names_are_their_capitals_and_their_sound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
