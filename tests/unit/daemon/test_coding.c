#include "daemon/coding.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

static bool accepts(const char *value, const char *coding)
{
    return coding_is_accepted(value, strlen(value), coding);
}

static void test_a_coding_is_accepted_by_its_name_unless_refused(void **state)
{
    (void)state;
    assert_true(accepts("gzip", "gzip"));
    assert_true(accepts("br;q=0.5, GZIP ;q=0.1", "gzip"));
    assert_false(accepts("", "gzip"));
    assert_false(accepts("br", "gzip"));
    assert_false(accepts("gzip;q=0", "gzip"));
    assert_false(accepts("gzip; q=0.000", "gzip"));
    assert_false(accepts("xgzip, gzipx", "gzip"));
}

static void test_what_is_packed_is_the_same_when_unpacked(void **state)
{
    BUF_AUTO struct buf packed = {0};
    struct z_stream_s z = {0};
    char plain[5000], back[sizeof plain + 1];

    (void)state;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (char)('a' + i * i % 7);
    assert_true(coding_gzip(plain, sizeof plain, &packed));
    assert_true(packed.bytes < sizeof plain / 4);
    z.next_in = (Bytef *)packed.text;
    z.avail_in = (uInt)packed.bytes;
    z.next_out = (Bytef *)back;
    z.avail_out = sizeof back;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, sizeof plain);
    assert_memory_equal(back, plain, sizeof plain);
    inflateEnd(&z);
}

static void test_what_would_not_become_shorter_stays_as_it_is(void **state)
{
    BUF_AUTO struct buf packed = {0};
    size_t most = 300 << 10;
    char *bytes = mem_new(most, 1);
    uint32_t x = 1;

    (void)state;
    assert_false(coding_gzip(bytes, 1000, &packed)); /* short */
    assert_false(coding_gzip(bytes, most, &packed)); /* long */
    for (size_t i = 0; i < 4000; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (char)(x >> 24);
    }
    assert_false(coding_gzip(bytes, 4000, &packed)); /* noise */
    assert_int_equal(packed.bytes, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_coding_is_accepted_by_its_name_unless_refused),
        cmocka_unit_test(test_what_is_packed_is_the_same_when_unpacked),
        cmocka_unit_test(test_what_would_not_become_shorter_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
