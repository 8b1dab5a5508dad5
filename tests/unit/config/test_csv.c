#include "config/csv.h"

#include "tests/unit/config/folder.h"

#include "base/buf.h"

/* Each row as "line[cell][cell]\n". */
static enum err_code row_note(void *arg, const struct csv *row, struct err *e)
{
    struct buf *seen = arg;

    (void)e;
    buf_printf(seen, "%u", row->line);
    for (size_t i = 0; i < row->columns_n; i++)
        buf_printf(seen, "[%s]", row->cells[i]);
    buf_add_text(seen, "\n");
    return ERR_OK;
}

static void test_rows_come_out_as_rfc_4180_says(void **state)
{
    static const struct {
        const char *what, *text, *rows;
    } cases[] = {
        {"plain",              "a,b\n1,2\n3,4\n",             "2[1][2]\n3[3][4]\n"     },
        {"no last line end",   "a,b\n1,2",                    "2[1][2]\n"              },
        {"CRLF",               "a,b\r\n1,2\r\n",              "2[1][2]\n"              },
        {"CRLF and LF mixed",  "a,b\r\n1,2\n3,4\r\n",         "2[1][2]\n3[3][4]\n"     },
        {"byte order mark",
         "\xef\xbb\xbf"
         "a,b\n1,2\n",                                        "2[1][2]\n"              },
        {"empty cells",        "a,b\n,\n1,\n,2",              "2[][]\n3[1][]\n4[][2]\n"},
        {"comma in quotes",    "a,b\n\"1,5\",2\n",            "2[1,5][2]\n"            },
        {"doubled quote",      "a,b\n\"say \"\"no\"\"\",2\n", "2[say \"no\"][2]\n"     },
        {"only a quote",       "a,b\n\"\"\"\",\"\"\n",        "2[\"][]\n"              },
        {"quotes up to end",   "a,b\n1,\"2\"",                "2[1][2]\n"              },
        {"line break in cell", "a,b\n\"1\n2\",3\n4,5\n",      "2[1\n2][3]\n4[4][5]\n"  },
        {"CRLF in cell",       "a,b\r\n\"1\r\n2\",3\r\n",     "2[1\r\n2][3]\n"         },
        {"header only",        "a,b\n",                       ""                       },
        {"blanks are kept",    "a,b\n 1 ,\" 2\"\n",           "2[ 1 ][ 2]\n"           },
        {"one column",         "a\n1\n\n2\n",                 "2[1]\n3[]\n4[2]\n"      },
        {"quoted heading",     "\"a\",\"b\"\n1,2\n",          "2[1][2]\n"              },
        {"other alphabets",    "a,b\nвода,水\n",         "2[вода][水]\n"     },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf seen = {0};
        struct err e = {0};

        if (csv_read(folder_write(&f, "x.csv", cases[i].text), row_note, &seen, &e) != ERR_OK)
            fail_msg("%s: %s", cases[i].what, e.detail);
        if (strcmp(buf_text(&seen), cases[i].rows) != 0)
            fail_msg("%s: %s", cases[i].what, buf_text(&seen));
        buf_clear(&seen);
    }
    folder_remove(&f);
}

static void test_faults_name_file_and_line(void **state)
{
    static const char quote[] = "a quote must enclose a whole cell; inside it is doubled";
    static const struct {
        const char *text;
        unsigned line;
        const char *fault;
    } cases[] = {
        {"",                       1, "no header row"                    },
        {"\xef\xbb\xbf",           1, "no header row"                    },
        {"a,,c\n",                 1, "column 2 has no heading"          },
        {"a,b,a\n",                1, "heading \"a\" twice"              },
        {"a,b\n1,2\n3\n",          3, "1 cells, the header has 2"        },
        {"a,b\n1,2,3\n",           2, "3 cells, the header has 2"        },
        {"a,b\n1,2\n\n",           3, "1 cells, the header has 2"        },
        {"a,b\n\"1\n2\",3\n4\n",   4, "1 cells, the header has 2"        },
        {"a,b\n1,2\n3,\"4\n5,6\n", 3, "quote is not closed"              },
        {"a,b\n1,\"",              2, "quote is not closed"              },
        {"a,b\n1,\"\"\"",          2, "quote is not closed"              },
        {"a,b\n1,2\"\n",           2, quote                              },
        {"a,b\n1,\"2\"3\n",        2, quote                              },
        {"a,b\n1,\"2\n3\" \n",     3, quote                              },
        {"a,b\n1,2\r3,4\n",        2, "carriage return without line feed"},
        {"a,b\n1,2\n\xff,4\n",     3, "not valid UTF-8"                  },
        {"a,b\n\"1\n\xc3\n\",2\n", 3, "not valid UTF-8"                  },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf seen = {0};
        struct err e = {0};
        char expected[128];

        snprintf(expected, sizeof expected, "x.csv:%u: %s", cases[i].line, cases[i].fault);
        assert_int_equal(csv_read(folder_write(&f, "x.csv", cases[i].text), row_note, &seen, &e),
                         ERR_CONFIG);
        folder_assert_fault(&f, &e, expected);
        buf_clear(&seen);
    }
    folder_remove(&f);
}

static void test_nul_byte_is_refused(void **state)
{
    static const char text[] = "a,b\n1,2\n3\0,4\n";
    struct buf seen = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_write_n(&f, "x.csv", text, sizeof text - 1);
    assert_int_equal(csv_read_in(f.path, "x.csv", row_note, &seen, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "x.csv:3: NUL byte");
    assert_null(seen.text); /* found before the first row was handed out */
    folder_remove(&f);
}

static void test_file_over_16_mib_is_refused_and_one_of_16_mib_is_read(void **state)
{
    size_t bytes = 16 << 20;
    char *text = malloc(bytes + 1);
    struct buf seen = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', bytes + 1);
    text[1] = '\n';
    folder_make(&f);
    folder_write_n(&f, "x.csv", text, bytes + 1);
    assert_int_equal(csv_read_in(f.path, "x.csv", row_note, &seen, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "x.csv: larger than 16777216 bytes");
    folder_write_n(&f, "x.csv", text, bytes);
    assert_int_equal(csv_read_in(f.path, "x.csv", row_note, &seen, &e), ERR_OK);
    assert_int_equal(seen.bytes, bytes - 2 + strlen("2[]\n"));
    buf_clear(&seen);
    free(text);
    folder_remove(&f);
}

static void test_more_than_64_columns_are_refused(void **state)
{
    struct buf text = {0};
    struct buf seen = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    for (int i = 0; i < 64; i++)
        buf_printf(&text, "%sc%d", i ? "," : "", i);
    assert_int_equal(csv_read(folder_write(&f, "x.csv", buf_text(&text)), row_note, &seen, &e),
                     ERR_OK);
    buf_add_text(&text, ",c64\n");
    assert_int_equal(csv_read(folder_write(&f, "x.csv", buf_text(&text)), row_note, &seen, &e),
                     ERR_CONFIG);
    folder_assert_fault(&f, &e, "x.csv:1: 65 columns, at most 64");
    buf_clear(&text);
    folder_remove(&f);
}

static void test_missing_file_and_folder_in_its_place_are_faults(void **state)
{
    struct buf seen = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    assert_int_equal(csv_read_in(f.path, "none.csv", row_note, &seen, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "none.csv: No such file"));
    assert_int_equal(csv_read(f.path, row_note, &seen, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "Is a directory"));
    folder_remove(&f);
}

static enum err_code row_stop_at_3(void *arg, const struct csv *row, struct err *e)
{
    int *rows_n = arg;

    ++*rows_n;
    return row->line == 3 ? csv_fault(row, e, "no %s", csv_cell(row, "b")) : ERR_OK;
}

static void test_a_row_that_fails_ends_the_reading(void **state)
{
    struct err e = {0};
    struct folder f;
    int rows_n = 0;

    (void)state;
    folder_make(&f);
    folder_write(&f, "x.csv", "a,b\n1,2\n3,four\n5,6\n");
    assert_int_equal(csv_read_in(f.path, "x.csv", row_stop_at_3, &rows_n, &e), ERR_CONFIG);
    assert_int_equal(rows_n, 2);
    folder_assert_fault(&f, &e, "x.csv:3: no four");
    folder_remove(&f);
}

/* A row as a reader would give it. */
static const char *columns[] = {"empty", "text", "n", "flag"};
static const char *cells[] = {"", "seven!!", "-12", "yes"};
static const struct csv example = {"x.csv", 7, 4, columns, cells};

static void test_cells_are_found_by_heading(void **state)
{
    const char *cell = NULL;
    struct err e = {0};

    (void)state;
    assert_string_equal(csv_cell(&example, "text"), "seven!!");
    assert_string_equal(csv_cell(&example, "empty"), "");
    assert_null(csv_cell(&example, "Text"));
    assert_int_equal(csv_require(&example, "text", &cell, &e), ERR_OK);
    assert_string_equal(cell, "seven!!");
    assert_int_equal(csv_require(&example, "empty", &cell, &e), ERR_CONFIG);
    assert_string_equal(e.detail, "x.csv:7: empty is empty");
    assert_int_equal(csv_require(&example, "none", &cell, &e), ERR_CONFIG);
    assert_string_equal(e.detail, "x.csv:7: no column none");
    assert_string_equal(cell, "seven!!"); /* untouched by failures */
}

static void test_a_text_that_does_not_fit_is_refused(void **state)
{
    char eight[8] = "-";
    char seven[7] = "-";
    struct err e = {0};

    (void)state;
    assert_int_equal(csv_copy(&example, "text", eight, sizeof eight, &e), ERR_OK);
    assert_string_equal(eight, "seven!!");
    assert_int_equal(csv_copy(&example, "text", seven, sizeof seven, &e), ERR_CONFIG);
    assert_string_equal(e.detail, "x.csv:7: text \"seven!!\" is longer than 6 bytes");
    assert_string_equal(seven, "-");
}

static void test_numbers_outside_their_range_are_refused(void **state)
{
    static const struct {
        const char *cell;
        bool ok;
        int n;
    } cases[] = {
        {"-12",                  true,  -12},
        {"100",                  true,  100},
        {"101",                  false, 0  },
        {"-13",                  false, 0  },
        {" 5",                   false, 0  },
        {"5 ",                   false, 0  },
        {"5x",                   false, 0  },
        {"x",                    false, 0  },
        {"-",                    false, 0  },
        {"1e1",                  false, 0  },
        {"99999999999999999999", false, 0  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *one[] = {"", "", cases[i].cell, ""};
        struct csv row = example;
        struct err e = {0};
        int n = 0;

        row.cells = one;
        if ((csv_number(&row, "n", -12, 100, &n, &e) == ERR_OK) != cases[i].ok || n != cases[i].n)
            fail_msg("%s: %d %s", cases[i].cell, n, e.detail);
    }
}

static void test_flags_and_words_accept_their_words_only(void **state)
{
    static const char *const words[] = {"-12", "yes", NULL};
    struct err e = {0};
    bool flag = false;
    int word = -1;

    (void)state;
    assert_int_equal(csv_flag(&example, "flag", &flag, &e), ERR_OK);
    assert_true(flag);
    assert_int_equal(csv_flag(&example, "n", &flag, &e), ERR_CONFIG);
    assert_string_equal(e.detail, "x.csv:7: unknown n \"-12\"");
    assert_int_equal(csv_word(&example, "flag", words, &word, &e), ERR_OK);
    assert_int_equal(word, 1);
    assert_int_equal(csv_word(&example, "text", words, &word, &e), ERR_CONFIG);
    assert_int_equal(word, 1);
}

static void test_parts_are_trimmed_and_empty_ones_are_seen(void **state)
{
    static const struct {
        const char *cell, *parts;
    } cases[] = {
        {"",          ""        },
        {NULL,        ""        },
        {"a",         "[a]"     },
        {" a b ; c ", "[a b][c]"},
        {"a;;b",      "[a][][b]"},
        {";a",        "[][a]"   },
        {"a;",        "[a]"     },
        {" ",         "[]"      },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf seen = {0};
        const char *rest = cases[i].cell;
        const char *part;
        size_t bytes;

        while (csv_part(&rest, &part, &bytes))
            buf_printf(&seen, "[%.*s]", (int)bytes, part);
        assert_string_equal(buf_text(&seen), cases[i].parts);
        buf_clear(&seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_come_out_as_rfc_4180_says),
        cmocka_unit_test(test_faults_name_file_and_line),
        cmocka_unit_test(test_nul_byte_is_refused),
        cmocka_unit_test(test_file_over_16_mib_is_refused_and_one_of_16_mib_is_read),
        cmocka_unit_test(test_more_than_64_columns_are_refused),
        cmocka_unit_test(test_missing_file_and_folder_in_its_place_are_faults),
        cmocka_unit_test(test_a_row_that_fails_ends_the_reading),
        cmocka_unit_test(test_cells_are_found_by_heading),
        cmocka_unit_test(test_a_text_that_does_not_fit_is_refused),
        cmocka_unit_test(test_numbers_outside_their_range_are_refused),
        cmocka_unit_test(test_flags_and_words_accept_their_words_only),
        cmocka_unit_test(test_parts_are_trimmed_and_empty_ones_are_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
