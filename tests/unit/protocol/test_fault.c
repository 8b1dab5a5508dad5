#include "protocol/fault.h"

#include "tests/unit/protocol/sample.h"

static void test_pointers_are_escaped_for_json_and_for_uris(void **state)
{
    static const struct {
        const char *at, *name, *pointer;
    } cases[] = {
        {"#",         "title",            "#/title"       },
        {"#",         "",                 "#/"            },
        {"#/sites/0", "name",             "#/sites/0/name"},
        {"#",         "a~b",              "#/a~0b"        },
        {"#",         "a/b",              "#/a~1b"        },
        {"#",         "~1",               "#/~01"         },
        {"#",         "a b",              "#/a%20b"       },
        {"#",         "50%",              "#/50%25"       },
        {"#",         "<script>",         "#/%3Cscript%3E"},
        {"#",         "\"\\",             "#/%22%5C"      },
        {"#",         "#?&",              "#/%23%3F%26"   },
        {"#",         "\xc3\xa9",         "#/%C3%A9"      },
        {"#",         "\xd9\x85\xd8\xa7", "#/%D9%85%D8%A7"},
        {"#",         "\xe6\xb0\xb4",     "#/%E6%B0%B4"   },
        {"#",         "\n\x7f",           "#/%0A%7F"      },
        {"#",         "az.AZ-09_",        "#/az.AZ-09_"   },
    };
    char out[FAULT_POINTER_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(fault_pointer(cases[i].at, cases[i].name, out), cases[i].pointer) != 0)
            fail_msg("row %zu: %s, not %s", i, out, cases[i].pointer);
}

static void test_a_pointer_may_be_lengthened_in_place(void **state)
{
    char at[FAULT_POINTER_BYTES] = "#/sites";

    (void)state;
    assert_ptr_equal(fault_pointer(at, "0", at), at);
    assert_string_equal(fault_pointer(at, "name", at), "#/sites/0/name");
}

static void test_a_pointer_too_long_is_cut_between_escapes(void **state)
{
    static const char *const letters[] = {"x", "~", "\xe6\xb0\xb4", " "};

    (void)state;
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        for (size_t shift = 0; shift < 4; shift++) {
            char name[1024] = "";
            char out[FAULT_POINTER_BYTES + 8];
            size_t n;

            memset(out, '!', sizeof out);
            for (size_t k = 0; k < shift; k++)
                name[k] = 'y';
            for (size_t k = 0; k < 300; k++)
                strcat(name, letters[i]);
            n = strlen(fault_pointer("#", name, out));
            if (n >= FAULT_POINTER_BYTES || n < FAULT_POINTER_BYTES - 8 ||
                out[FAULT_POINTER_BYTES] != '!')
                fail_msg("%s: %zu", letters[i], n);
            for (const char *c = strchr(out, '%'); c; c = strchr(c + 1, '%'))
                if (strlen(c) < 3)
                    fail_msg("%s ends within an escape", out);
            for (const char *c = strchr(out, '~'); c; c = strchr(c + 1, '~'))
                if (c[1] != '0')
                    fail_msg("%s ends within an escape", out);
        }
}

static void test_a_full_pointer_takes_no_more(void **state)
{
    char at[FAULT_POINTER_BYTES];
    char out[FAULT_POINTER_BYTES];

    (void)state;
    memset(at, 'a', sizeof at - 1);
    at[sizeof at - 1] = '\0';
    assert_string_equal(fault_pointer(at, "name", out), at);
}

static void test_faults_beyond_fifty_are_dropped(void **state)
{
    struct faults f = {.n = 0};

    (void)state;
    for (unsigned i = 0; i < 50; i++) {
        struct fault *fault = fault_add(&f, "#", "x", "required");

        assert_ptr_equal(fault, &f.list[i]);
    }
    assert_null(fault_add(&f, "#", "x", "required"));
    assert_int_equal(f.n, 50);
}

static void test_a_fault_starts_empty_and_no_code_adds_none(void **state)
{
    struct faults f = {.n = 0};
    struct fault *fault;

    (void)state;
    memset(&f.list, 'x', sizeof f.list);
    assert_null(fault_add(&f, "#", "x", NULL));
    assert_int_equal(f.n, 0);
    fault = fault_add(&f, "#/items", NULL, "not_an_array");
    assert_string_equal(fault->pointer, "#/items");
    assert_string_equal(fault->code, "not_an_array");
    assert_int_equal(fault->min, 0);
    assert_int_equal(fault->max, 0);
    assert_string_equal(fault->words, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pointers_are_escaped_for_json_and_for_uris),
        cmocka_unit_test(test_a_pointer_may_be_lengthened_in_place),
        cmocka_unit_test(test_a_pointer_too_long_is_cut_between_escapes),
        cmocka_unit_test(test_a_full_pointer_takes_no_more),
        cmocka_unit_test(test_faults_beyond_fifty_are_dropped),
        cmocka_unit_test(test_a_fault_starts_empty_and_no_code_adds_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
