#include "routing/similar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static const char lake_title[] = "Restoring water levels of Lake Fitri";
static const char lake_text[] =
    "Lake Fitri has lost 40 percent of its open water since 2015, as two feeder channels have "
    "silted up. We ask for an advisory mission to the wetland, a plan for 350 hectares of "
    "papyrus, and training of 25 wardens from the villages around Yao in wetland inventory.";

static struct reading *read_request(const char *language, const char *title,
                                    const char *description)
{
    struct draft d = {.country = "TCD",
                      .language = language_find(language),
                      .title = title,
                      .description = description,
                      .preferred = -1};

    return reading_new(engine, &d);
}

/* Compares a second request with the lake's; the first hit is written. */
static enum similar_verdict compare_with_lake(const char *language, const char *title,
                                              const char *description, struct similar_hit *ret_hit)
{
    struct similar_index *x = similar_new(engine);
    struct reading *first = read_request("en", lake_title, lake_text);
    struct reading *second = read_request(language, title, description);
    struct similar_hit hits[SIMILAR_LOOKS];
    size_t n;

    similar_add(x, "TCD", "req_lake", first);
    n = similar_find(x, "TCD", second, hits);
    memset(ret_hit, 0, sizeof *ret_hit);
    if (n > 0)
        *ret_hit = hits[0];
    assert_true(n <= 1);
    reading_free(first);
    reading_free(second);
    similar_free(x);
    return ret_hit->verdict;
}

static bool has_word(char *const words[SIMILAR_WORDS_MAX], const char *word)
{
    for (size_t i = 0; i < SIMILAR_WORDS_MAX && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static void test_same_text_is_certain(void **state)
{
    struct similar_hit h;

    (void)state;
    assert_int_equal(compare_with_lake("en", lake_title, lake_text, &h), SIMILAR_CERTAIN);
    assert_string_equal(h.id, "req_lake");
    assert_true(h.probability > 0.99);
    similar_hit_clear(&h);
}

static void test_case_and_spacing_do_not_hide_the_same_text(void **state)
{
    struct similar_hit h;

    (void)state;
    assert_int_equal(
        compare_with_lake("en", "RESTORING  water levels of Lake Fitri", lake_text, &h),
        SIMILAR_CERTAIN);
    similar_hit_clear(&h);
}

static void test_same_need_in_other_words_is_likely(void **state)
{
    struct similar_hit h;

    (void)state;
    assert_true(
        compare_with_lake("en", "Siltation at Lake Fitri: help with the wetland",
                          "The ministry of water requests an advisory mission. Since 2015 the "
                          "wetland of Lake Fitri lost 40 percent of its water because of "
                          "sediment in its channels. 25 wardens near Yao need training, and "
                          "350 hectares of papyrus a plan.",
                          &h) >= SIMILAR_LIKELY);
    assert_true(has_word(h.shared, "Fitri"));
    similar_hit_clear(&h);
}

static void test_same_need_in_another_language_is_likely(void **state)
{
    struct similar_hit h;

    (void)state;
    assert_true(
        compare_with_lake("fr", "Ensablement du lac Fitri : zone humide à restaurer",
                          "Le lac Fitri a perdu 40 pour cent de son eau depuis 2015, deux "
                          "chenaux étant ensablés. Nous demandons une mission consultative dans "
                          "la zone humide, un plan pour 350 hectares de papyrus et la formation "
                          "de 25 gardes de Yao à l'inventaire des zones humides.",
                          &h) >= SIMILAR_LIKELY);
    similar_hit_clear(&h);
}

static void test_sibling_about_another_lake_is_at_most_possible(void **state)
{
    struct similar_hit h;
    enum similar_verdict verdict = compare_with_lake(
        "en", "Restoring water levels of Lake Iro",
        "Lake Iro has lost 15 percent of its open water since 2021, as two feeder channels have "
        "silted up. We ask for an advisory mission to the wetland, a plan for 90 hectares of "
        "papyrus, and training of 12 wardens from the villages around Boum in wetland inventory.",
        &h);

    (void)state;
    assert_true(verdict < SIMILAR_LIKELY);
    assert_true(has_word(h.differs, "Fitri"));
    assert_true(has_word(h.differs, "Iro"));
    similar_hit_clear(&h);
}

/* Of a form that a ministry fills in for each lake all words become common; what two texts have in
 * common does not change by that. */
static void test_many_siblings_stay_at_most_possible(void **state)
{
    static const char *const lakes[] = {"Zemiko", "Bavoru", "Kudife", "Tosagu", "Numeba", "Rifole"};
    struct similar_index *x = similar_new(engine);

    (void)state;
    for (size_t i = 0; i < sizeof lakes / sizeof lakes[0]; i++) {
        struct similar_hit hits[SIMILAR_HITS_MAX];
        char title[80], text[400], id[16];
        struct reading *r;
        size_t n;

        snprintf(id, sizeof id, "req_%zu", i);
        snprintf(title, sizeof title, "Restoring water levels of Lake %s", lakes[i]);
        snprintf(text, sizeof text,
                 "Lake %s has lost much of its open water, as two feeder channels have silted up. "
                 "We ask for an advisory mission to the wetland, a plan for the papyrus, and "
                 "training of wardens from the villages around it in wetland inventory.",
                 lakes[i]);
        r = read_request("en", title, text);
        n = similar_find(x, "TCD", r, hits);
        assert_int_equal(n, i); /* each is shown with what differs */
        for (size_t k = 0; k < n; k++) {
            assert_int_equal(hits[k].verdict, SIMILAR_POSSIBLE);
            assert_true(has_word(hits[k].differs, lakes[i]));
            similar_hit_clear(&hits[k]);
        }
        similar_add(x, "TCD", id, r);
        reading_free(r);
    }
    similar_free(x);
}

/* What tells them apart is no name, number, site or species: an ordinary word. */
static void test_one_form_for_two_plants_is_not_certain(void **state)
{
    static const char text[] =
        "The women of the %s cooperatives ask for a lawyer who knows fair contracts, for a model "
        "contract in two languages and for a week of training, so that the next harvest is sold "
        "with a share in what the buyers earn. The region has nine cooperatives.";
    struct similar_index *x = similar_new(engine);
    struct similar_hit hits[SIMILAR_HITS_MAX];
    char first[400], second[400];
    struct reading *one, *two;
    size_t n;

    (void)state;
    snprintf(first, sizeof first, text, "argan");
    snprintf(second, sizeof second, text, "saffron");
    one = read_request("en", "Fair contracts for the argan cooperatives", first);
    two = read_request("en", "Fair contracts for the saffron cooperatives", second);
    similar_add(x, "TCD", "req_one", one);
    n = similar_find(x, "TCD", two, hits);
    assert_int_equal(n, 1);
    assert_true(hits[0].verdict < SIMILAR_CERTAIN);
    similar_hit_clear(&hits[0]);
    reading_free(one);
    reading_free(two);
    similar_free(x);
}

/* Requests of one country name each other: "the training of customs was requested separately". */
static void test_what_is_not_asked_here_is_nothing_in_common(void **state)
{
    static const char title[] = "Saving the seed collection";
    static const char asked[] = "Power cuts have spoilt the cold room and seed no longer sprouts.";
    struct similar_hit with, without;
    char text[400];

    (void)state;
    snprintf(text, sizeof text, "%s The wetland of Lake Fitri was requested separately.", asked);
    compare_with_lake("en", title, asked, &without);
    compare_with_lake("en", title, text, &with);
    assert_true(with.probability <= without.probability + 0.01);
    assert_false(has_word(with.shared, "Fitri"));
    similar_hit_clear(&with);
    similar_hit_clear(&without);
}

static void test_chinese_sibling_is_at_most_possible(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *poyang = read_request(
        "zh", "鄱阳湖湿地恢复技术支持",
        "鄱阳湖湿地水位下降，候鸟栖息地减少。我们请求派遣咨询团，并培训25名管理人员开展湿地调查。");
    struct reading *dongting = read_request(
        "zh", "洞庭湖湿地恢复技术支持",
        "洞庭湖湿地水位下降，候鸟栖息地减少。我们请求派遣咨询团，并培训12名管理人员开展湿地调查。");
    struct similar_hit hits[SIMILAR_LOOKS];
    size_t n;

    (void)state;
    similar_add(x, "TCD", "req_poyang", poyang);
    n = similar_find(x, "TCD", dongting, hits);
    assert_true(n == 0 || hits[0].verdict < SIMILAR_LIKELY);
    for (size_t i = 0; i < n; i++)
        similar_hit_clear(&hits[i]);
    n = similar_find(x, "TCD", poyang, hits);
    assert_int_equal(hits[0].verdict, SIMILAR_CERTAIN);
    for (size_t i = 0; i < n; i++)
        similar_hit_clear(&hits[i]);
    reading_free(poyang);
    reading_free(dongting);
    similar_free(x);
}

static void test_another_matter_is_not_listed(void **state)
{
    struct similar_hit h;

    (void)state;
    assert_int_equal(compare_with_lake("en", "Potato brown rot in seed imports",
                                       "A quarantine pest was found by our inspectors, who need "
                                       "laboratory reagents and a phytosanitary procedure.",
                                       &h),
                     SIMILAR_NONE);
    similar_hit_clear(&h);
}

static void test_an_empty_index_and_empty_texts_give_no_hit(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *nothing = read_request("zh", "", "");
    struct similar_hit hits[SIMILAR_LOOKS];

    (void)state;
    assert_int_equal(similar_find(x, "TCD", nothing, hits), 0);
    assert_int_equal(similar_count(x), 0);
    reading_free(nothing);
    similar_free(x);
}

static void test_at_most_ten_hits_best_first(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *lake = read_request("en", lake_title, lake_text);
    struct similar_hit hits[SIMILAR_LOOKS];
    char id[16];
    size_t n;

    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(id, sizeof id, "req_%02d", i);
        similar_add(x, "TCD", id, lake);
    }
    assert_int_equal(similar_count(x), 30);
    n = similar_find(x, "TCD", lake, hits);
    assert_int_equal(n, SIMILAR_HITS_MAX);
    for (size_t i = 1; i < n; i++)
        assert_true(hits[i - 1].probability >= hits[i].probability);
    for (size_t i = 0; i < n; i++)
        similar_hit_clear(&hits[i]);
    reading_free(lake);
    similar_free(x);
}

static void test_a_request_in_another_country_is_related_only(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *lake = read_request("en", lake_title, lake_text);
    struct similar_hit hits[SIMILAR_LOOKS];
    size_t own_n = 7;

    (void)state;
    similar_add(x, "NGA", "req_nga", lake);
    assert_int_equal(similar_find(x, "TCD", lake, hits), 0);
    assert_int_equal(similar_check(x, "NGA", lake, hits, &own_n), 1);
    assert_int_equal(own_n, 1);
    similar_hit_clear(&hits[0]);
    assert_int_equal(similar_check(x, "TCD", lake, hits, &own_n), 1);
    assert_int_equal(own_n, 0);
    assert_string_equal(hits[0].id, "req_nga");
    assert_string_equal(hits[0].country, "NGA");
    similar_hit_clear(&hits[0]);
    assert_int_equal(similar_nearest(x, lake, hits), 1);
    assert_true(hits[0].score > 0.99);
    similar_hit_clear(&hits[0]);
    reading_free(lake);
    similar_free(x);
}

static void test_what_is_removed_is_not_found(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *lake = read_request("en", lake_title, lake_text);
    struct similar_hit hits[SIMILAR_LOOKS];
    char id[16];

    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "req_%03d", i);
        similar_add(x, i % 2 ? "TCD" : "NGA", id, lake);
    }
    for (int i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "req_%03d", i);
        assert_true(similar_has(x, id));
        if (i != 77)
            assert_true(similar_remove(x, id));
    }
    assert_false(similar_remove(x, "req_076"));
    assert_false(similar_has(x, "req_076"));
    assert_int_equal(similar_count(x), 1);
    assert_int_equal(similar_nearest(x, lake, hits), 1);
    assert_string_equal(hits[0].id, "req_077");
    similar_hit_clear(&hits[0]);
    reading_free(lake);
    similar_free(x);
}

static void test_an_id_that_is_there_is_replaced(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *lake = read_request("en", lake_title, lake_text);
    struct reading *rot = read_request("en", "Potato brown rot in seed imports",
                                       "A quarantine pest was found by our inspectors, who need "
                                       "laboratory reagents and a phytosanitary procedure.");
    struct similar_hit hits[SIMILAR_LOOKS];

    (void)state;
    similar_add(x, "TCD", "req_a", rot);
    similar_add(x, "NGA", "req_a", lake);
    assert_int_equal(similar_count(x), 1);
    assert_int_equal(similar_find(x, "TCD", rot, hits), 0);
    assert_int_equal(similar_find(x, "NGA", lake, hits), 1);
    similar_hit_clear(&hits[0]);
    reading_free(lake);
    reading_free(rot);
    similar_free(x);
}

static void test_packed_is_found_like_the_text_itself(void **state)
{
    struct similar_index *x = similar_new(engine), *packed = similar_new(engine);
    struct reading *lake = read_request("en", lake_title, lake_text);
    struct reading *again = read_request("en", "Lake Fitri wetland", lake_text);
    struct similar_hit hit[2][SIMILAR_HITS_MAX];
    unsigned char bytes[SIMILAR_PACKED_MAX];
    size_t n = similar_pack(engine, lake, bytes, sizeof bytes);
    struct err e = {0};

    (void)state;
    assert_true(n > 0);
    assert_int_equal(similar_pack(engine, lake, bytes, n - 1), 0);
    assert_int_equal(similar_pack(engine, lake, bytes, n), n);
    similar_add(x, "TCD", "req_a", lake);
    assert_int_equal(similar_add_packed(packed, "TCD", "req_a", bytes, n, &e), ERR_OK);
    assert_int_equal(similar_find(x, "TCD", again, hit[0]), 1);
    assert_int_equal(similar_find(packed, "TCD", again, hit[1]), 1);
    assert_true(hit[0][0].probability == hit[1][0].probability);
    similar_hit_clear(&hit[0][0]);
    similar_hit_clear(&hit[1][0]);
    reading_free(lake);
    reading_free(again);
    similar_free(x);
    similar_free(packed);
}

static void test_packed_of_another_version_or_cut_is_refused(void **state)
{
    struct similar_index *x = similar_new(engine);
    struct reading *lake = read_request("en", lake_title, lake_text);
    unsigned char bytes[SIMILAR_PACKED_MAX];
    size_t n = similar_pack(engine, lake, bytes, sizeof bytes);
    struct err e = {0};

    (void)state;
    for (size_t cut = 1; cut < n; cut++)
        assert_int_equal(similar_add_packed(x, "TCD", "req_a", bytes, cut, &e), ERR_MALFORMED);
    bytes[0]++;
    assert_int_equal(similar_add_packed(x, "TCD", "req_a", bytes, n, &e), ERR_STALE);
    assert_int_equal(similar_add_packed(x, "TCD", "req_a", bytes, 0, &e), ERR_STALE);
    assert_int_equal(similar_count(x), 0);
    reading_free(lake);
    similar_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_text_is_certain),
        cmocka_unit_test(test_case_and_spacing_do_not_hide_the_same_text),
        cmocka_unit_test(test_same_need_in_other_words_is_likely),
        cmocka_unit_test(test_same_need_in_another_language_is_likely),
        cmocka_unit_test(test_sibling_about_another_lake_is_at_most_possible),
        cmocka_unit_test(test_many_siblings_stay_at_most_possible),
        cmocka_unit_test(test_one_form_for_two_plants_is_not_certain),
        cmocka_unit_test(test_what_is_not_asked_here_is_nothing_in_common),
        cmocka_unit_test(test_chinese_sibling_is_at_most_possible),
        cmocka_unit_test(test_another_matter_is_not_listed),
        cmocka_unit_test(test_an_empty_index_and_empty_texts_give_no_hit),
        cmocka_unit_test(test_at_most_ten_hits_best_first),
        cmocka_unit_test(test_a_request_in_another_country_is_related_only),
        cmocka_unit_test(test_what_is_removed_is_not_found),
        cmocka_unit_test(test_an_id_that_is_there_is_replaced),
        cmocka_unit_test(test_packed_is_found_like_the_text_itself),
        cmocka_unit_test(test_packed_of_another_version_or_cut_is_refused),
    };
    return cmocka_run_group_tests_name("similar", tests, load_engine, free_engine);
}
