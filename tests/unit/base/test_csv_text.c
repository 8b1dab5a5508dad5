#include "base/csv_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_cells_are_those_of_rfc_4180(void **state)
{
    static const struct {
        const char *cell, *text;
    } cases[] = {
        {"plain",        "plain"             },
        {"",             ""                  },
        {"a,b",          "\"a,b\""           },
        {"say \"so\"",   "\"say \"\"so\"\"\""},
        {"\"",           "\"\"\"\""          },
        {"two\nlines",   "\"two\nlines\""    },
        {"=1+1",         "\"'=1+1\""         },
        {"+1",           "\"'+1\""           },
        {"-1",           "\"'-1\""           },
        {"@A1",          "\"'@A1\""          },
        {"\t=1",         "\"'\t=1\""         },
        {"  =1",         "\"'  =1\""         },
        {"\n@x\"",       "\"'\n@x\"\"\""     },
        {"1-1",          "1-1"               },
        {"LN-2026-KEN",  "LN-2026-KEN"       },
        {"\xd8\xb3\xd8", "\xd8\xb3\xd8"      },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO struct buf out = {0};
        BUF_AUTO struct buf expected = {0};

        csv_text_row(&out, (const char *const[]){"x", cases[i].cell, NULL}, 3);
        buf_printf(&expected, "x,%s,\r\n", cases[i].text);
        assert_string_equal(buf_text(&out), buf_text(&expected));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_are_those_of_rfc_4180),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
