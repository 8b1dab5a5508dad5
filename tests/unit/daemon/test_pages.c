#include "daemon/pages.h"

#include "tests/unit/config/folder.h"

static const char heads[] = "path,type,language,fixed,file\n";

static void load(struct folder *f, const char *rows, struct pages **ret_pages)
{
    struct err e = {0};
    char text[1024];

    snprintf(text, sizeof text, "%s%s", heads, rows);
    folder_write(f, "pages.csv", text);
    if (pages_load(f->path, ret_pages, &e) != ERR_OK)
        fail_msg("%s", e.detail);
}

static void test_a_page_is_found_by_its_path_alone(void **state)
{
    struct folder f;
    struct pages *p = NULL;
    const struct page *page;

    (void)state;
    folder_make(&f);
    folder_write(&f, "en", "hello");
    folder_write(&f, "en.gz", "hi");
    load(&f, "/en,text/html,en,no,en\n/_/a-1.js,text/javascript,,yes,en\n", &p);
    page = pages_find(p, "/en");
    assert_non_null(page);
    assert_string_equal(page->language, "en");
    assert_false(page->is_fixed);
    assert_int_equal(page->forms[PAGE_PLAIN].n, 5);
    assert_memory_equal(page->forms[PAGE_PLAIN].bytes, "hello", 5);
    assert_int_equal(page->forms[PAGE_GZIP].n, 2);
    assert_null(page->forms[PAGE_BROTLI].bytes);
    assert_true(pages_find(p, "/_/a-1.js")->is_fixed);
    assert_null(pages_find(p, "/en.gz"));
    assert_null(pages_find(p, "/pages.csv"));
    assert_null(pages_find(p, "/en/"));
    pages_free(p);
    folder_remove(&f);
}

static void test_the_tag_follows_the_bytes(void **state)
{
    struct folder f;
    struct pages *p = NULL;
    char before[PAGE_TAG_BYTES];

    (void)state;
    folder_make(&f);
    folder_write(&f, "en", "hello");
    load(&f, "/en,text/html,en,no,en\n", &p);
    memcpy(before, pages_find(p, "/en")->tag, sizeof before);
    pages_free(p);
    load(&f, "/en,text/html,en,no,en\n", &p);
    assert_string_equal(pages_find(p, "/en")->tag, before);
    pages_free(p);
    folder_write(&f, "en", "hallo");
    load(&f, "/en,text/html,en,no,en\n", &p);
    assert_string_not_equal(pages_find(p, "/en")->tag, before);
    pages_free(p);
    folder_remove(&f);
}

static void test_a_faulty_table_is_refused(void **state)
{
    static const char *const rows[] = {
        "/en,text/html,en,no,../en\n",
        "/en,text/html,en,no,.en\n",
        "/en,text/html,en,no,/etc/passwd\n",
        "/en,text/html,en,no,missing\n",
        "en,text/html,en,no,en\n",
        "/en,text/html,en,maybe,en\n",
        "/en,text/html,en,no,en\n/en,text/html,en,no,en\n",
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_write(&f, "en", "hello");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pages *p = NULL;
        struct err e = {0};
        char text[512];

        snprintf(text, sizeof text, "%s%s", heads, rows[i]);
        folder_write(&f, "pages.csv", text);
        if (pages_load(f.path, &p, &e) != ERR_CONFIG || p)
            fail_msg("taken: %s", rows[i]);
    }
    folder_remove(&f);
}

static void test_without_a_folder_there_are_none(void **state)
{
    struct pages *p = NULL;
    struct err e = {0};

    (void)state;
    assert_int_equal(pages_load("", &p, &e), ERR_OK);
    assert_null(pages_find(p, "/en"));
    pages_free(p);
    assert_int_equal(pages_load("/nonexistent", &p, &e), ERR_CONFIG);
}

static void test_the_smallest_form_that_is_accepted_is_chosen(void **state)
{
    static const struct {
        const char *accepts;
        enum page_coding wanted;
    } cases[] = {
        {NULL,                      PAGE_PLAIN },
        {"",                        PAGE_PLAIN },
        {"gzip",                    PAGE_GZIP  },
        {"gzip, deflate, br, zstd", PAGE_BROTLI},
        {" br ;q=0 , GZIP",         PAGE_GZIP  },
        {"br;q=0.000,gzip;q=0",     PAGE_PLAIN },
        {"br;q=0.001",              PAGE_BROTLI},
        {"brotli, xgzip, gzipx",    PAGE_PLAIN },
        {"br; q=0, gzip;q=1.0",     PAGE_GZIP  },
        {",,;;,",                   PAGE_PLAIN },
    };
    char bytes[] = "abcdef";
    struct page page = {
        .forms = {{bytes, 6}, {bytes, 4}, {bytes, 3}}
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].accepts;

        if (page_choose(&page, text, text ? strlen(text) : 0) != cases[i].wanted)
            fail_msg("%s", text ? text : "none");
    }
    page.forms[PAGE_BROTLI].n = 9; /* larger than what it was made from */
    assert_int_equal(page_choose(&page, "br", 2), PAGE_PLAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_found_by_its_path_alone),
        cmocka_unit_test(test_the_tag_follows_the_bytes),
        cmocka_unit_test(test_a_faulty_table_is_refused),
        cmocka_unit_test(test_without_a_folder_there_are_none),
        cmocka_unit_test(test_the_smallest_form_that_is_accepted_is_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
