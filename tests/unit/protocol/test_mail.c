#include "protocol/mail.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mail plain_mail(void)
{
    return (struct mail){.from = "liaison@desk.example",
                         .from_name = "Liaison",
                         .to = "amina@ken.example",
                         .to_name = "",
                         .reply_to = "",
                         .subject = "[LN-2026-KEN-0001] Received",
                         .text = "One\nTwo\n",
                         .language = "en",
                         .message_id = "ntc_1@desk.example",
                         .thread = "req_1@desk.example",
                         .date_ms = 1772546709123}; /* 2026-03-03T14:05:09.123Z */
}

static void test_a_plain_mail_is_written_as_the_standards_say(void **state)
{
    struct mail m = plain_mail();
    size_t n;
    char *text = mail_write(&m, &n);

    (void)state;
    assert_string_equal(text, "From: Liaison\r\n <liaison@desk.example>\r\n"
                              "To: <amina@ken.example>\r\n"
                              "Subject: [LN-2026-KEN-0001] Received\r\n"
                              "Date: Tue, 03 Mar 2026 14:05:09 +0000\r\n"
                              "Message-ID: <ntc_1@desk.example>\r\n"
                              "In-Reply-To: <req_1@desk.example>\r\n"
                              "References: <req_1@desk.example>\r\n"
                              "Auto-Submitted: auto-generated\r\n"
                              "MIME-Version: 1.0\r\n"
                              "Content-Type: text/plain; charset=utf-8\r\n"
                              "Content-Transfer-Encoding: base64\r\n"
                              "Content-Language: en\r\n\r\n"
                              "T25lDQpUd28NCg==\r\n");
    assert_int_equal(n, strlen(text));
    free(text);
}

static void test_no_header_is_longer_than_76_or_split_within_a_character(void **state)
{
    struct mail m = plain_mail();
    char name[400] = "";
    char *text, *line;
    size_t n;

    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(name, i % 2 ? "ж" : "秘");
    m.to_name = m.subject = name;
    text = mail_write(&m, &n);
    for (line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n"))
        if (strlen(line) > 76)
            fail_msg("%s", line);
    free(text);
}

static void test_line_ends_in_names_stay_encoded(void **state)
{
    struct mail m = plain_mail();
    size_t n;
    char *text;

    (void)state;
    m.to_name = "x\r\nBcc: eve@evil.example";
    m.subject = "y\nX-Forged: 1";
    text = mail_write(&m, &n);
    assert_null(strstr(text, "Bcc"));
    assert_null(strstr(text, "X-Forged"));
    free(text);
}

static void test_addresses(void **state)
{
    static const char *const good[] = {"a@b", "amina.w+x@ken.example", "o'neil@a-b.example",
                                       "reply+abc@desk.example"};
    static const char *const bad[] = {"",
                                      "a",
                                      "@b",
                                      "a@",
                                      "a b@c",
                                      "a@b c",
                                      "a@b>\r\nRCPT TO:<c@d",
                                      "a@b.",
                                      "a@-b",
                                      "a@b-",
                                      "a@b..c",
                                      ".a@b",
                                      "a.@b",
                                      "a..b@c",
                                      "\"a\"@b",
                                      "a<b@c",
                                      "ж@b",
                                      "a@ж",
                                      "a@b@c",
                                      "a,b@c",
                                      "a@b;c",
                                      "a@[127.0.0.1]"};
    char large[300];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!mail_is_address(good[i]))
            fail_msg("good: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mail_is_address(bad[i]))
            fail_msg("bad: %s", bad[i]);
    memset(large, 'a', sizeof large);
    memcpy(large + 65, "@b", 3);
    assert_false(mail_is_address(large));
    assert_true(mail_is_address(large + 1));
    assert_string_equal(mail_domain("a@b.example"), "b.example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_mail_is_written_as_the_standards_say),
        cmocka_unit_test(test_no_header_is_longer_than_76_or_split_within_a_character),
        cmocka_unit_test(test_line_ends_in_names_stay_encoded),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
