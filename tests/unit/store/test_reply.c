#include "store/reply.h"

#include "store/reader.h"

#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The one reply that text is on the wire. */
static redisReply *reply_of(const char *text, size_t n)
{
    struct reader *r = reader_new(1 << 20, 1000);
    redisReply *reply = NULL;

    if (!reader_feed(r, text, n) || reader_next(r, &reply) != READER_REPLY)
        fail_msg("no reply: %s", text);
    reader_free(r);
    return reply;
}

#define REPLY(text) reply_of(text, sizeof text - 1)

static void test_error_replies_have_the_code_of_the_reply_table(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
    } cases[] = {
        {"LOADING Redis is loading the dataset in memory",   ERR_UNAVAILABLE},
        {"TRYAGAIN Multiple keys request during rehashing",  ERR_UNAVAILABLE},
        {"CLUSTERDOWN The cluster is down",                  ERR_UNAVAILABLE},
        {"MASTERDOWN Link with MASTER is down",              ERR_UNAVAILABLE},
        {"READONLY You can't write against a read only",     ERR_UNAVAILABLE},
        {"UNBLOCKED force unblock",                          ERR_UNAVAILABLE},
        {"NOREPLICAS Not enough good replicas to write.",    ERR_UNAVAILABLE},
        {"OOM command not allowed when used memory",         ERR_UNAVAILABLE},
        {"MISCONF Errors writing to the AOF file",           ERR_UNAVAILABLE},
        {"BUSY Redis is busy running a script",              ERR_UNAVAILABLE},
        {"ERR Function not found",                           ERR_UNAVAILABLE},
        {"BUSYGROUP Consumer Group name already exists",     ERR_INTERNAL   },
        {"NOAUTH Authentication required.",                  ERR_INTERNAL   },
        {"WRONGPASS invalid username-password pair",         ERR_INTERNAL   },
        {"NOPERM this user has no permissions",              ERR_INTERNAL   },
        {"CROSSSLOT Keys in request don't hash to the same", ERR_INTERNAL   },
        {"WRONGTYPE Operation against a key",                ERR_INTERNAL   },
        {"ERR unknown command",                              ERR_INTERNAL   },
        {"",                                                 ERR_INTERNAL   },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char wire[200];
        struct err e = {0};
        int n = snprintf(wire, sizeof wire, "-%s\r\n", cases[i].text);
        redisReply *reply = reply_of(wire, (size_t)n);

        if (reply_check(reply, &e) != cases[i].code || e.code != cases[i].code ||
            !strstr(e.detail, cases[i].text))
            fail_msg("%s: %s", cases[i].text, e.detail);
        assert_null(reply_text(reply)); /* never taken for a value */
        assert_int_equal(reply_int(reply), 0);
        freeReplyObject(reply);
    }
}

static void test_only_a_missing_function_asks_for_the_library(void **state)
{
    redisReply *missing = REPLY("-ERR Function not found\r\n");
    redisReply *other = REPLY("-ERR unknown command\r\n");
    redisReply *text = REPLY("$22\r\nERR Function not found\r\n");

    (void)state;
    assert_true(reply_lacks_function(missing));
    assert_false(reply_lacks_function(other));
    assert_false(reply_lacks_function(text));
    assert_false(reply_lacks_function(NULL));
    freeReplyObject(text);
    freeReplyObject(other);
    freeReplyObject(missing);
}

static void test_values_are_what_they_are_and_nothing_else(void **state)
{
    static const struct {
        const char *wire;
        const char *text; /* NULL: none */
        size_t bytes, count;
        int64_t number;
    } cases[] = {
        {"$5\r\nhello\r\n",                 "hello",                5,  0, 0        },
        {"$0\r\n\r\n",                      "",                     0,  0, 0        },
        {"$-1\r\n",                         NULL,                   0,  0, 0        },
        {"+OK\r\n",                         "OK",                   2,  0, 0        },
        {":42\r\n",                         NULL,                   0,  0, 42       },
        {":-9223372036854775808\r\n",       NULL,                   0,  0, INT64_MIN},
        {"$2\r\n42\r\n",                    "42",                   2,  0, 42       },
        {"$19\r\n9223372036854775807\r\n",  "9223372036854775807",  19, 0, INT64_MAX},
        {"$20\r\n99999999999999999999\r\n", "99999999999999999999", 20, 0, INT64_MAX},
        {"*0\r\n",                          NULL,                   0,  0, 0        },
        {"*2\r\n:1\r\n$1\r\na\r\n",         NULL,                   0,  2, 0        },
        {"*-1\r\n",                         NULL,                   0,  0, 0        },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        redisReply *reply = reply_of(cases[i].wire, strlen(cases[i].wire));
        struct err e = {0};
        const char *text = reply_text(reply);

        if (reply_check(reply, &e) != ERR_OK || (text != NULL) != (cases[i].text != NULL) ||
            (text && strcmp(text, cases[i].text) != 0) || reply_bytes(reply) != cases[i].bytes ||
            reply_count(reply) != cases[i].count || reply_int(reply) != cases[i].number)
            fail_msg("row %zu", i);
        freeReplyObject(reply);
    }
}

static void test_bytes_may_be_nul(void **state)
{
    redisReply *reply = REPLY("$3\r\na\0b\r\n");

    (void)state;
    assert_int_equal(reply_bytes(reply), 3);
    assert_memory_equal(reply_text(reply), "a\0b", 4);
    freeReplyObject(reply);
}

static void test_elements_are_found_or_nothing_is(void **state)
{
    redisReply *reply = REPLY("*3\r\n$1\r\na\r\n*1\r\n:7\r\n$-1\r\n");

    (void)state;
    assert_string_equal(reply_text(reply_at(reply, 0)), "a");
    assert_int_equal(reply_int(reply_at(reply_at(reply, 1), 0)), 7);
    assert_null(reply_at(reply_at(reply, 1), 1));
    assert_non_null(reply_at(reply, 2));
    assert_null(reply_text(reply_at(reply, 2)));
    assert_null(reply_at(reply, 3));
    assert_null(reply_at(reply_at(reply, 0), 0)); /* no array */
    assert_null(reply_at(NULL, 0));
    assert_null(reply_text(NULL));
    assert_int_equal(reply_count(NULL), 0);
    assert_int_equal(reply_bytes(NULL), 0);
    assert_int_equal(reply_int(NULL), 0);
    freeReplyObject(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_replies_have_the_code_of_the_reply_table),
        cmocka_unit_test(test_only_a_missing_function_asks_for_the_library),
        cmocka_unit_test(test_values_are_what_they_are_and_nothing_else),
        cmocka_unit_test(test_bytes_may_be_nul),
        cmocka_unit_test(test_elements_are_found_or_nothing_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
