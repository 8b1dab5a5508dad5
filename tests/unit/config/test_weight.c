#include "config/weight.h"

#include "tests/unit/config/folder.h"

/* The real file with each first `from` in it replaced. */
static void folder_change(struct folder *f, const char *name, const char *from, const char *to)
{
    struct buf text = {0}, other = {0};
    char path[128];
    const char *at;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(file_read(path, 1 << 20, &text, NULL), ERR_OK);
    at = strstr(text.text, from);
    assert_non_null(at);
    buf_add(&other, text.text, (size_t)(at - text.text));
    buf_add_text(&other, to);
    buf_add_text(&other, at + strlen(from));
    folder_write_n(f, name, other.text, other.bytes);
    buf_clear(&text);
    buf_clear(&other);
}

static void assert_fault(const char *name, const char *from, const char *to, const char *fault)
{
    struct weights before, w;
    struct err e = {0};
    struct folder f;

    memset(&w, 7, sizeof w);
    before = w;
    folder_make(&f);
    folder_copy_config(&f);
    folder_change(&f, name, from, to);
    assert_int_equal(weights_load(f.path, &w, &e), ERR_CONFIG);
    if (!strstr(e.detail, fault))
        fail_msg("\"%s\" lacks \"%s\"", e.detail, fault);
    assert_memory_equal(&w, &before, sizeof w);
    folder_remove(&f);
}

static void test_the_real_weights_load(void **state)
{
    struct weights w = {0};
    struct err e = {0};

    (void)state;
    if (weights_load(LIAISON_SOURCE_DIR "/config", &w, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_true(w.title > 1);
    for (int i = 1; i < WORTH_MAX; i++)
        assert_true(w.worth[i] > w.worth[i - 1]);
    assert_true(w.denied < 1);
}

static void test_each_weight_lands_in_its_own_member(void **state)
{
    struct weights w = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    folder_change(&f, "routing.csv", "\ntheme,2,", "\ntheme,2.25,");
    folder_change(&f, "routing.csv", "\nworth_9,12,", "\nworth_9,12.5,");
    assert_int_equal(weights_load(f.path, &w, &e), ERR_OK);
    assert_float_equal(w.theme, 2.25, 1e-9);
    assert_float_equal(w.worth[8], 12.5, 1e-9);
    folder_remove(&f);
}

static void test_faults_name_file_and_line(void **state)
{
    (void)state;
    assert_fault("routing.csv", "title,", "titel,", "routing.csv:2: unknown weight \"titel\"");
    assert_fault("routing.csv", "theme,", "title,", "routing.csv:3: \"title\" twice");
    assert_fault("routing.csv", "title,3,", "title,7,",
                 "routing.csv:2: title: value 7 is not in 1..6");
    assert_fault("routing.csv", "title,3,", "title,,", "routing.csv:2: value is empty");
    assert_fault("routing.csv", "title,3,", "title,nan,",
                 "routing.csv:2: value \"nan\" is not a decimal number");
    assert_fault("routing.csv", "title,3,", "title,0x3,", "is not a decimal number");
    assert_fault("routing.csv", "title,3,", "title,3e1,", "is not a decimal number");
    assert_fault("routing.csv", "title,3,", "title,3.1.2,", "is not a decimal number");
    assert_fault("routing.csv", "title,3,", "title,\" 3\",", "is not a decimal number");
    assert_fault("routing.csv", "title,3,", "title,-,", "is not a decimal number");
    assert_fault("routing.csv", "name,value,low", "name,value,lowest", "no column low");
}

static void test_a_missing_weight_is_a_fault(void **state)
{
    struct weights w = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    folder_write(&f, "routing.csv", "name,value,low,high,about\ntitle,3,1,6,x\n");
    assert_int_equal(weights_load(f.path, &w, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "routing.csv: no row \"theme\""));
    folder_remove(&f);
}

/* What is written is read back as it was, with the same names, limits and sentences. */
static void test_written_weights_are_read_back(void **state)
{
    static struct weights w, back;
    struct buf text = {0}, real = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    assert_int_equal(weights_load(LIAISON_SOURCE_DIR "/config", &w, &e), ERR_OK);
    assert_int_equal(weights_write(LIAISON_SOURCE_DIR "/config", &w, &text, &e), ERR_OK);
    assert_int_equal(file_read(LIAISON_SOURCE_DIR "/config/routing.csv", 1 << 20, &real, &e),
                     ERR_OK);
    assert_string_equal(buf_text(&text), buf_text(&real));
    buf_clear(&text);
    for (size_t i = 0; i < weights_count(); i++)
        weights_set(&w, i, w.limits[i].low + (w.limits[i].high - w.limits[i].low) / 7.0);
    assert_int_equal(weights_write(LIAISON_SOURCE_DIR "/config", &w, &text, &e), ERR_OK);
    folder_make(&f);
    folder_write(&f, "routing.csv", buf_text(&text));
    if (weights_load(f.path, &back, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_memory_equal(&back, &w, sizeof w);
    folder_remove(&f);
    buf_clear(&text);
    buf_clear(&real);
}

static void test_a_weight_stays_within_its_limits(void **state)
{
    static struct weights w;
    size_t title = weights_find("title");
    struct err e = {0};

    (void)state;
    assert_int_equal(weights_load(LIAISON_SOURCE_DIR "/config", &w, &e), ERR_OK);
    weights_set(&w, title, 1e9);
    assert_float_equal(weights_get(&w, title), w.limits[title].high, 1e-9);
    weights_set(&w, title, -1e9);
    assert_float_equal(weights_get(&w, title), w.limits[title].low, 1e-9);
    assert_string_equal(weights_name(title), "title");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_real_weights_load),
        cmocka_unit_test(test_each_weight_lands_in_its_own_member),
        cmocka_unit_test(test_faults_name_file_and_line),
        cmocka_unit_test(test_a_missing_weight_is_a_fault),
        cmocka_unit_test(test_written_weights_are_read_back),
        cmocka_unit_test(test_a_weight_stays_within_its_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
