#include "daemon/proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIG "\r\n\r\n\0\r\nQUIT\n"
#define V4 "\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb"
#define V6A "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define V6 V6A V6A "\x12\x34\x01\xbb"

/* clang-format off */
#define ROW(what, bytes, state, peer) {what, bytes, sizeof bytes - 1, state, peer}
static const struct {
    const char *what, *bytes;
    size_t n;
    enum proxy_state state;
    const char *peer;
} rows[] = {
    ROW("tcp4", SIG "\x21\x11\x00\x0c" V4, PROXY_CLIENT, "192.0.2.1"),
    ROW("tcp6", SIG "\x21\x21\x00\x24" V6, PROXY_CLIENT, "2001:db8::1"),
    ROW("tcp4 with an addition", SIG "\x21\x11\x00\x11" V4 "\x04\x00\x02\x00\x00", PROXY_CLIENT, "192.0.2.1"),
    ROW("two additions, one empty", SIG "\x21\x11\x00\x13" V4 "\x03\x00\x01x\x05\x00\x00", PROXY_CLIENT, "192.0.2.1"),
    ROW("local", SIG "\x20\x00\x00\x00", PROXY_OWN, ""),
    ROW("local with what is not looked at", SIG "\x20\x11\x00\x02zz", PROXY_OWN, ""),
    ROW("not said for whom", SIG "\x21\x00\x00\x00", PROXY_OWN, ""),
    ROW("datagrams", SIG "\x21\x12\x00\x0c" V4, PROXY_OWN, ""),
    ROW("addresses cut", SIG "\x21\x11\x00\x0b\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01", PROXY_BROKEN, ""),
    ROW("addition cut", SIG "\x21\x11\x00\x0f" V4 "\x04\x00\x01", PROXY_BROKEN, ""),
    ROW("addition without length", SIG "\x21\x11\x00\x0e" V4 "\x04\x00", PROXY_BROKEN, ""),
    ROW("too long", SIG "\x21\x11\x02\x09", PROXY_BROKEN, ""),
    ROW("version 1 in binary", SIG "\x11\x11\x00\x0c" V4, PROXY_BROKEN, ""),
    ROW("command 2", SIG "\x22\x11\x00\x0c" V4, PROXY_BROKEN, ""),
    ROW("family 4", SIG "\x21\x41\x00\x0c" V4, PROXY_BROKEN, ""),
    ROW("transport 3", SIG "\x21\x13\x00\x0c" V4, PROXY_BROKEN, ""),
    ROW("another signature", "\r\n\r\n\0\r\nQUIX\n", PROXY_BROKEN, ""),
    ROW("a request", "GET / HTTP/1.1\r\n", PROXY_BROKEN, ""),
    ROW("line, tcp4", "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\r\n", PROXY_CLIENT, "192.0.2.1"),
    ROW("line, tcp6", "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", PROXY_CLIENT, "2001:db8::1"),
    ROW("line, unknown", "PROXY UNKNOWN\r\n", PROXY_OWN, ""),
    ROW("line, unknown with more", "PROXY UNKNOWN ffff:f ::1 65535 1\r\n", PROXY_OWN, ""),
    ROW("line, unknown glued", "PROXY UNKNOWNX\r\n", PROXY_BROKEN, ""),
    ROW("line, bare LF", "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443\n", PROXY_BROKEN, ""),
    ROW("line, two blanks", "PROXY TCP4  192.0.2.1 198.51.100.2 4660 443\r\n", PROXY_BROKEN, ""),
    ROW("line, blank at the end", "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443 \r\n", PROXY_BROKEN, ""),
    ROW("line, one word more", "PROXY TCP4 192.0.2.1 198.51.100.2 4660 443 x\r\n", PROXY_BROKEN, ""),
    ROW("line, no port", "PROXY TCP4 192.0.2.1 198.51.100.2 4660\r\n", PROXY_BROKEN, ""),
    ROW("line, port with a zero", "PROXY TCP4 192.0.2.1 198.51.100.2 04660 443\r\n", PROXY_BROKEN, ""),
    ROW("line, port too high", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n", PROXY_BROKEN, ""),
    ROW("line, port with a sign", "PROXY TCP4 192.0.2.1 198.51.100.2 +1 443\r\n", PROXY_BROKEN, ""),
    ROW("line, address of the other family", "PROXY TCP4 2001:db8::1 ::1 1 1\r\n", PROXY_BROKEN, ""),
    ROW("line, address in octal", "PROXY TCP4 0192.0.2.1 198.51.100.2 1 1\r\n", PROXY_BROKEN, ""),
    ROW("line, small letters", "PROXY tcp4 192.0.2.1 198.51.100.2 1 1\r\n", PROXY_BROKEN, ""),
    ROW("line, tab", "PROXY TCP4\t192.0.2.1 198.51.100.2 1 1\r\n", PROXY_BROKEN, ""),
};
/* clang-format on */

enum { ROWS_N = sizeof rows / sizeof rows[0] };

static void test_each_header_has_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS_N; i++) {
        struct peer peer = {.text = "untouched"};
        size_t bytes = 0;
        enum proxy_state got = proxy_read(rows[i].bytes, rows[i].n, &peer, &bytes);

        if (got != rows[i].state)
            fail_msg("%s: %d", rows[i].what, got);
        if (got == PROXY_CLIENT)
            assert_string_equal(peer.text, rows[i].peer);
        else
            assert_string_equal(peer.text, "untouched");
        assert_int_equal(bytes, got == PROXY_BROKEN ? 0 : rows[i].n);
    }
}

/* Whatever way the bytes come: a beginning of a good header is waited for, and what follows is
 * left. */
static void test_split_at_every_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS_N; i++) {
        bool is_good = rows[i].state != PROXY_BROKEN;
        char *more = malloc(rows[i].n + 5);
        struct peer peer;
        size_t bytes = 0;

        for (size_t n = 0; n < rows[i].n; n++) {
            char *exact = malloc(n ? n : 1);
            enum proxy_state got;

            memcpy(exact, rows[i].bytes, n);
            got = proxy_read(exact, n, &peer, &bytes);
            free(exact);
            if (is_good ? got != PROXY_INCOMPLETE : got != PROXY_INCOMPLETE && got != PROXY_BROKEN)
                fail_msg("%s, %zu bytes: %d", rows[i].what, n, got);
        }
        memcpy(more, rows[i].bytes, rows[i].n);
        memcpy(more + rows[i].n, "GET /", 5);
        if (is_good) {
            assert_int_equal(proxy_read(more, rows[i].n + 5, &peer, &bytes), rows[i].state);
            assert_int_equal(bytes, rows[i].n);
        }
        free(more);
    }
}

static void test_an_endless_line_ends(void **state)
{
    char line[400];
    struct peer peer;
    size_t bytes;

    (void)state;
    memset(line, 'x', sizeof line);
    memcpy(line, "PROXY UNKNOWN ", 14);
    assert_int_equal(proxy_read(line, 106, &peer, &bytes), PROXY_INCOMPLETE);
    assert_int_equal(proxy_read(line, 107, &peer, &bytes), PROXY_BROKEN);
    assert_int_equal(proxy_read(line, sizeof line, &peer, &bytes), PROXY_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_header_has_its_answer),
        cmocka_unit_test(test_split_at_every_byte),
        cmocka_unit_test(test_an_endless_line_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
