#include "config/likeness.h"

#include "tests/unit/config/folder.h"

/* The real file with the first `from` in it replaced. */
static void assert_fault(const char *from, const char *to, const char *fault)
{
    struct likeness_weights w = {.base = 7};
    struct buf text = {0}, other = {0};
    struct err e = {0};
    struct folder f;
    const char *at;

    assert_int_equal(file_read(LIAISON_SOURCE_DIR "/config/similar.csv", 1 << 20, &text, NULL),
                     ERR_OK);
    at = strstr(buf_text(&text), from);
    assert_non_null(at);
    buf_add(&other, text.text, (size_t)(at - text.text));
    buf_add_text(&other, to);
    buf_add_text(&other, at + strlen(from));
    folder_make(&f);
    folder_write(&f, "similar.csv", buf_text(&other));
    assert_int_equal(likeness_load(f.path, &w, &e), ERR_CONFIG);
    if (!strstr(e.detail, fault))
        fail_msg("\"%s\" lacks \"%s\"", e.detail, fault);
    assert_true(w.base == 7);
    folder_remove(&f);
    buf_clear(&text);
    buf_clear(&other);
}

static void test_the_real_numbers_load(void **state)
{
    struct likeness_weights w = {0};
    struct err e = {0};

    (void)state;
    if (likeness_load(LIAISON_SOURCE_DIR "/config", &w, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_true(w.base < 0);
    assert_true(w.evidence[LIKENESS_TITLE_APART] < 0);
    assert_true(w.possible_min < w.likely_min && w.likely_min < w.certain_min);
}

static void test_a_fault_names_its_line(void **state)
{
    (void)state;
    assert_fault("\ncosine,", "\ncosin,", "similar.csv:3: unknown weight \"cosin\"");
    assert_fault("\ncosine,", "\nbase,", "similar.csv:3: \"base\" twice");
    assert_fault(",-50,50,", ",-2,-1,", "similar.csv:2: ");
    assert_fault("\ncross,", "\n#cross,", "unknown weight");
    assert_fault("name,value", "name,worth", "similar.csv:2: ");
}

static void test_a_missing_row_is_a_fault(void **state)
{
    struct likeness_weights w;
    struct folder f;
    struct err e = {0};

    (void)state;
    folder_make(&f);
    folder_write(&f, "similar.csv", "name,value,low,high,about\nbase,1,0,2,x\n");
    assert_int_equal(likeness_load(f.path, &w, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "no row \"certain_min\""));
    folder_remove(&f);
}

static void test_verdicts_stand_in_order(void **state)
{
    (void)state;
    assert_fault("\ncertain_min,0.95", "\ncertain_min,0.1", "certain_min fall");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_real_numbers_load),
        cmocka_unit_test(test_a_fault_names_its_line),
        cmocka_unit_test(test_a_missing_row_is_a_fault),
        cmocka_unit_test(test_verdicts_stand_in_order),
    };
    return cmocka_run_group_tests_name("likeness", tests, NULL, NULL);
}
