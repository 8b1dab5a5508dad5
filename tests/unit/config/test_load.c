#include "config/load.h"

#include "tests/unit/config/folder.h"

static struct config *loaded(const char *dir)
{
    struct config *c = NULL;
    struct err e = {0};

    if (config_load(dir, &c, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    return c;
}

static void ruleset_of(const char *dir, char out[17])
{
    struct config *c = loaded(dir);

    memcpy(out, c->ruleset, 17);
    config_free(c);
}

/* Ends the header in CRLF: other bytes, the same data. */
static void touch(struct folder *f, const char *name)
{
    char path[256];
    struct buf text = {0};
    struct buf other = {0};
    size_t header;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(file_read(path, 16 << 20, &text, NULL), ERR_OK);
    header = strcspn(text.text, "\n");
    buf_add(&other, text.text, header);
    buf_add_text(&other, "\r");
    buf_add_text(&other, text.text + header);
    folder_write_n(f, name, other.text, other.bytes);
    buf_clear(&text);
    buf_clear(&other);
}

static void test_the_real_data_load(void **state)
{
    struct config *c = loaded(LIAISON_SOURCE_DIR "/config");

    (void)state;
    assert_int_equal(strspn(c->ruleset, "0123456789abcdef"), 16);
    assert_int_equal(strlen(c->ruleset), 16);
    assert_true(c->world.countries_n >= 193);
    assert_true(c->terms.concepts_n > 1000);
    assert_true(c->mandate.topics_n > 0);
    assert_true(words_has(c->words, "problem.validation"));
    config_free(c);
}

static void test_the_ruleset_depends_on_bytes_and_not_on_the_place(void **state)
{
    struct folder f;
    char here[17];
    char there[17];

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    ruleset_of(LIAISON_SOURCE_DIR "/config", here);
    ruleset_of(f.path, there);
    assert_string_equal(here, there);
    folder_remove(&f);
}

static void test_each_file_that_steers_routing_changes_the_ruleset(void **state)
{
    static const char *const files[] = {
        "secretariats.csv", "topics.csv",  "facts.csv",         "referrals.csv", "countries.csv",
        "parties.csv",      "sites.csv",   "species.csv",       "routing.csv",   "classes.csv",
        "supporters.csv",   "similar.csv", "terms/general.csv",
    };
    struct folder f;
    char before[17];
    char after[17];

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    ruleset_of(f.path, before);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        touch(&f, files[i]);
        ruleset_of(f.path, after);
        if (!strcmp(before, after))
            fail_msg("%s", files[i]);
        memcpy(before, after, sizeof before);
    }
    folder_remove(&f);
}

static void test_names_of_term_files_are_part_of_the_ruleset(void **state)
{
    struct folder f;
    char from[64];
    char to[64];
    char before[17];
    char after[17];

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    folder_write(&f, "terms/zz.csv", "concept,evidence,ar,en,es,fr,ru,zh\n");
    ruleset_of(f.path, before);
    snprintf(from, sizeof from, "%s/terms/zz.csv", f.path);
    snprintf(to, sizeof to, "%s/terms/zzz.csv", f.path);
    assert_int_equal(rename(from, to), 0);
    ruleset_of(f.path, after);
    assert_string_not_equal(before, after);
    folder_remove(&f);
}

static void test_words_for_people_do_not_change_the_ruleset(void **state)
{
    struct folder f;
    char before[17];
    char after[17];

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    ruleset_of(f.path, before);
    touch(&f, "messages.csv");
    touch(&f, "notices.csv");
    ruleset_of(f.path, after);
    assert_string_equal(before, after);
    folder_remove(&f);
}

static void test_any_faulty_or_missing_file_leaves_the_old_config(void **state)
{
    static const char *const files[] = {
        "secretariats.csv", "topics.csv",  "facts.csv",    "referrals.csv", "countries.csv",
        "parties.csv",      "sites.csv",   "species.csv",  "routing.csv",   "classes.csv",
        "supporters.csv",   "similar.csv", "messages.csv", "notices.csv",   "terms/general.csv",
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct config *old = loaded(LIAISON_SOURCE_DIR "/config");
        struct config *c = old;
        struct err e = {0};
        struct folder f;
        char fault[64];

        folder_make(&f);
        folder_copy_config(&f);
        folder_write(&f, files[i], "a\n\"");
        assert_int_equal(config_load(f.path, &c, &e), ERR_CONFIG);
        snprintf(fault, sizeof fault, "%s:2: quote is not closed", files[i]);
        folder_assert_fault(&f, &e, fault);
        assert_int_equal(unlink(f.file), 0);
        /* A terms file more or less is no fault by itself. */
        if (strncmp(files[i], "terms/", 6) != 0) {
            assert_int_equal(config_load(f.path, &c, &e), ERR_CONFIG);
            assert_non_null(strstr(e.detail, files[i]));
        }
        assert_ptr_equal(c, old);
        config_free(old);
        folder_remove(&f);
    }
}

/* It may be missing, but what is there must be readable whole. */
static void test_lexicon_is_read_where_there_is_one(void **state)
{
    struct folder f;
    struct config *c;
    struct err e = {0};
    char *large;

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    c = loaded(f.path);
    assert_int_equal(c->lexicon.bytes, 0);
    config_free(c);
    folder_write_n(&f, "lexicon.bin", "a\0b", 3);
    c = loaded(f.path);
    assert_int_equal(c->lexicon.bytes, 3);
    assert_memory_equal(c->lexicon.text, "a\0b", 3);
    config_free(c);
    large = mem_new(LEXICON_BYTES_MAX + 1, 1);
    folder_write_n(&f, "lexicon.bin", large, LEXICON_BYTES_MAX + 1);
    free(large);
    assert_int_equal(config_load(f.path, &c, &e), ERR_CONFIG);
    folder_remove(&f);
}

static void test_freeing_nothing_is_allowed(void **state)
{
    (void)state;
    config_free(NULL);
    words_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_real_data_load),
        cmocka_unit_test(test_the_ruleset_depends_on_bytes_and_not_on_the_place),
        cmocka_unit_test(test_each_file_that_steers_routing_changes_the_ruleset),
        cmocka_unit_test(test_names_of_term_files_are_part_of_the_ruleset),
        cmocka_unit_test(test_words_for_people_do_not_change_the_ruleset),
        cmocka_unit_test(test_any_faulty_or_missing_file_leaves_the_old_config),
        cmocka_unit_test(test_lexicon_is_read_where_there_is_one),
        cmocka_unit_test(test_freeing_nothing_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
