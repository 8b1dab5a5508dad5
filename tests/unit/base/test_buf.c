#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_an_empty_buffer_is_an_empty_text(void **state)
{
    struct buf b = {0};

    (void)state;
    assert_string_equal(buf_text(&b), "");
    buf_clear(&b);
    buf_add(&b, NULL, 0);
    assert_non_null(b.text);
    assert_string_equal(buf_text(&b), "");
    buf_clear(&b);
    buf_clear(&b); /* twice is harmless */
    assert_null(b.text);
}

static void test_text_grows_over_every_boundary(void **state)
{
    struct buf b = {0};

    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        char c = (char)('a' + i % 26);

        buf_add(&b, &c, 1);
        if (b.bytes != i + 1 || b.text[i] != c || b.text[i + 1] != '\0' || b.room < b.bytes + 1)
            fail_msg("byte %zu", i);
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(b.text[i], 'a' + (int)(i % 26));
    buf_clear(&b);
}

static void test_bytes_may_be_nul(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_add(&b, "a\0b", 3);
    buf_add_text(&b, "c");
    assert_int_equal(b.bytes, 4);
    assert_memory_equal(b.text, "a\0bc", 5);
    buf_clear(&b);
}

static void test_printf_takes_exactly_what_it_needs(void **state)
{
    (void)state;
    for (int n = 0; n < 300; n++) {
        struct buf b = {0};

        buf_add_text(&b, "x=");
        buf_printf(&b, "%0*d", n, 7);
        if (b.bytes != 2 + (n ? (size_t)n : 1) || b.text[b.bytes - 1] != '7' ||
            b.text[b.bytes] != '\0')
            fail_msg("width %d: %s", n, buf_text(&b));
        buf_clear(&b);
    }
}

static void test_take_hands_the_text_over(void **state)
{
    struct buf b = {0};
    char *text;

    (void)state;
    buf_printf(&b, "%s-%d", "LN", 2026);
    text = buf_take(&b);
    assert_string_equal(text, "LN-2026");
    assert_null(b.text);
    assert_int_equal(b.bytes, 0);
    free(text);
    text = buf_take(&b); /* never NULL */
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(test_text_grows_over_every_boundary),
        cmocka_unit_test(test_bytes_may_be_nul),
        cmocka_unit_test(test_printf_takes_exactly_what_it_needs),
        cmocka_unit_test(test_take_hands_the_text_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
