#include "workers/incoming.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REPLY_TO "reply@desk.example"
/* 52 digits that name a notice: made once with reply_token_write. */
#define TOKEN "agm7hqvbwr6d3hzelk3mpwhr6paqcaibaeaqcaibaeaqcaibaeaq"

static int init(void **state)
{
    (void)state;
    incoming_init();
    return 0;
}

static struct incoming read_text(const char *text)
{
    struct incoming m = {.text = NULL};

    assert_true(incoming_read(text, strlen(text), REPLY_TO, &m));
    return m;
}

static void test_a_plain_answer(void **state)
{
    struct incoming m =
        read_text("From: Amina <amina@ken.example>\r\n"
                  "To: \"Liaison\" <Reply+" TOKEN "@desk.example>\r\n"
                  "Message-ID: <1@ken.example>\r\nSubject: Re: x\r\n\r\nsolved\r\nthanks\r\n");

    (void)state;
    assert_string_equal(m.token, TOKEN);
    assert_string_equal(m.id, "1@ken.example");
    assert_string_equal(m.text, "solved\nthanks\n");
    assert_false(m.automatic);
    incoming_clear(&m);
}

static void test_parts_character_sets_and_encodings(void **state)
{
    struct incoming m =
        read_text("To: x@y.example\nDelivered-To: reply+" TOKEN "@desk.example\nMIME-Version: 1.0\n"
                  "Content-Type: multipart/mixed; boundary=a\n\n--a\n"
                  "Content-Type: multipart/alternative; boundary=b\n\n--b\n"
                  "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: "
                  "quoted-printable\n\n"
                  "R=E9solu\n\n--b\nContent-Type: text/html\n\n<p>no</p>\n--b--\n--a\n"
                  "Content-Type: text/plain\nContent-Disposition: attachment\n\nnot this\n--a--\n");

    (void)state;
    assert_string_equal(m.token, TOKEN);
    assert_non_null(m.text);
    assert_non_null(strstr(m.text, "Résolu"));
    assert_null(strstr(m.text, "not this"));
    incoming_clear(&m);
    m = read_text("Content-Type: text/plain; charset=koi8-r\n"
                  "Content-Transfer-Encoding: base64\n\n8sXbxc7P\n");
    assert_non_null(m.text);
    assert_non_null(strstr(m.text, "Решено"));
    incoming_clear(&m);
}

static void test_what_is_no_answer_to_us_has_no_token(void **state)
{
    static const char *const headers[] = {"To: reply@desk.example",
                                          "To: reply+short@desk.example",
                                          "To: reply+" TOKEN "@other.example",
                                          "To: other+" TOKEN "@desk.example",
                                          "Subject: reply+" TOKEN "@desk.example",
                                          "X-Note: reply+" TOKEN "@desk.example"};

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char text[256];
        struct incoming m;

        snprintf(text, sizeof text, "%s\n\nsolved\n", headers[i]);
        m = read_text(text);
        if (*m.token)
            fail_msg("%s", headers[i]);
        incoming_clear(&m);
    }
}

static void test_machines_are_known_by_what_they_say(void **state)
{
    static const struct {
        const char *header;
        bool automatic;
    } cases[] = {
        {"Auto-Submitted: auto-replied", true },
        {"Auto-Submitted: no",           false},
        {"Precedence: bulk",             true },
        {"Precedence: first-class",      false},
        {"Return-Path: <>",              true },
        {"Return-Path: <a@b.example>",   false},
        {"X-Autoreply: yes",             true },
        {"List-Id: <x.example>",         true }
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct incoming m;

        snprintf(text, sizeof text, "%s\n\nsolved\n", cases[i].header);
        m = read_text(text);
        if (m.automatic != cases[i].automatic)
            fail_msg("%s", cases[i].header);
        incoming_clear(&m);
    }
}

static void test_bounds(void **state)
{
    size_t n = INCOMING_BYTES_MAX + 1;
    char *large = mem_new(n, 1);
    struct incoming m = {.text = NULL};
    char *at = large;

    (void)state;
    memset(large, 'x', n);
    memcpy(large, "To: x\n\n", 7);
    assert_false(incoming_read(large, n, REPLY_TO, &m));
    assert_true(incoming_read(large, n - 1, REPLY_TO, &m));
    assert_int_equal(strlen(m.text), INCOMING_TEXT_MAX);
    incoming_clear(&m);
    /* Parts within parts, deeper than anyone writes. */
    for (int i = 0; i < 2000; i++)
        at += sprintf(at, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    at += sprintf(at, "Content-Type: text/plain\n\nsolved\n");
    assert_true(incoming_read(large, (size_t)(at - large), REPLY_TO, &m));
    assert_null(m.text);
    incoming_clear(&m);
    free(large);
}

static void test_control_characters_and_wrong_bytes_do_not_come_through(void **state)
{
    struct incoming m =
        read_text("Content-Type: text/plain; charset=utf-8\n\na\x07z\x1b[31m\tc\xc2\x85\n");

    (void)state;
    assert_string_equal(m.text, "az[31m\tc\n");
    incoming_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_answer),
        cmocka_unit_test(test_parts_character_sets_and_encodings),
        cmocka_unit_test(test_what_is_no_answer_to_us_has_no_token),
        cmocka_unit_test(test_machines_are_known_by_what_they_say),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_control_characters_and_wrong_bytes_do_not_come_through),
    };

    return cmocka_run_group_tests(tests, init, NULL);
}
