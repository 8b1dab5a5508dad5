#include "store/reader.h"

#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BYTES_MAX = 200, ELEMENTS_MAX = 4 };

static void test_replies_come_out_whole_however_they_are_cut(void **state)
{
    static const char wire[] = "+OK\r\n*2\r\n$3\r\nabc\r\n*1\r\n:5\r\n$-1\r\n-ERR no\r\n";

    (void)state;
    for (size_t step = 1; step < sizeof wire; step++) {
        struct reader *r = reader_new(BYTES_MAX, ELEMENTS_MAX);
        int types[8] = {0};
        unsigned n = 0;
        redisReply *reply;

        for (size_t at = 0; at < sizeof wire - 1; at += step) {
            size_t left = sizeof wire - 1 - at;

            assert_true(reader_feed(r, wire + at, left < step ? left : step));
            while (reader_next(r, &reply) == READER_REPLY) {
                types[n++] = reply->type;
                freeReplyObject(reply);
            }
        }
        if (n != 4 || types[0] != REDIS_REPLY_STATUS || types[1] != REDIS_REPLY_ARRAY ||
            types[2] != REDIS_REPLY_NIL || types[3] != REDIS_REPLY_ERROR)
            fail_msg("steps of %zu: %u replies", step, n);
        assert_int_equal(reader_next(r, &reply), READER_MORE);
        reader_free(r);
    }
}

static void test_what_is_no_reply_breaks_the_reader(void **state)
{
    static const char *const wires[] = {
        "hello\r\n",
        "HTTP/1.1 200 OK\r\n",
        "\r\n",
        "*x\r\n",
        "$x\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "*5\r\n",
        "*1000000000\r\n",
        "*99999999999999\r\n",
        "*1\r\n*5\r\n",
        "*2\r\n:1\r\n*5\r\n",
        "%1\r\n:1\r\n:2\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wires / sizeof wires[0]; i++) {
        struct reader *r = reader_new(BYTES_MAX, ELEMENTS_MAX);
        redisReply *reply = NULL;

        assert_true(reader_feed(r, wires[i], strlen(wires[i])));
        if (reader_next(r, &reply) != READER_BROKEN || reply)
            fail_msg("%s", wires[i]);
        assert_int_equal(reader_next(r, &reply), READER_BROKEN); /* and stays so */
        reader_free(r);
    }
}

static void test_an_array_as_large_as_allowed_is_read(void **state)
{
    static const char wire[] = "*4\r\n:1\r\n:2\r\n:3\r\n*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n";
    struct reader *r = reader_new(BYTES_MAX, ELEMENTS_MAX);
    redisReply *reply = NULL;

    (void)state;
    assert_true(reader_feed(r, wire, sizeof wire - 1));
    assert_int_equal(reader_next(r, &reply), READER_REPLY);
    assert_int_equal(reply->elements, 4);
    freeReplyObject(reply);
    reader_free(r);
}

static void test_limits_are_each_reader_s_own(void **state)
{
    struct reader *small = reader_new(BYTES_MAX, 1);
    struct reader *large = reader_new(BYTES_MAX, 3);
    redisReply *reply = NULL;

    (void)state;
    assert_true(reader_feed(large, "*3\r\n:1\r\n:2\r\n:3\r\n", 16));
    assert_int_equal(reader_next(large, &reply), READER_REPLY);
    freeReplyObject(reply);
    assert_true(reader_feed(small, "*3\r\n:1\r\n:2\r\n:3\r\n", 16));
    assert_int_equal(reader_next(small, &reply), READER_BROKEN);
    reader_free(large);
    reader_free(small);
}

static void test_a_reply_without_end_is_refused_at_its_limit(void **state)
{
    static const char *const starts[] = {"$100000\r\n", "+", "*4\r\n+", "-"};

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct reader *r = reader_new(BYTES_MAX, ELEMENTS_MAX);
        size_t fed = strlen(starts[i]);
        redisReply *reply;

        assert_true(reader_feed(r, starts[i], fed));
        while (fed < BYTES_MAX) {
            assert_true(reader_feed(r, "x", 1));
            assert_int_equal(reader_next(r, &reply), READER_MORE);
            fed++;
        }
        if (reader_feed(r, "x", 1))
            fail_msg("%s", starts[i]);
        reader_free(r);
    }
}

static void test_the_limit_is_for_one_reply_not_for_all(void **state)
{
    struct reader *r = reader_new(BYTES_MAX, ELEMENTS_MAX);
    redisReply *reply;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(reader_feed(r, "$10\r\n0123456789\r\n", 17));
        assert_int_equal(reader_next(r, &reply), READER_REPLY);
        freeReplyObject(reply);
    }
    reader_free(r);
    reader_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies_come_out_whole_however_they_are_cut),
        cmocka_unit_test(test_what_is_no_reply_breaks_the_reader),
        cmocka_unit_test(test_an_array_as_large_as_allowed_is_read),
        cmocka_unit_test(test_limits_are_each_reader_s_own),
        cmocka_unit_test(test_a_reply_without_end_is_refused_at_its_limit),
        cmocka_unit_test(test_the_limit_is_for_one_reply_not_for_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
