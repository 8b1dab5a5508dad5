#include "daemon/head.h"

#include "tests/unit/daemon/messages.h"

/* A copy of exact size, so that the sanitizer sees a step beyond it. */
static char *exact(const char *bytes, size_t n)
{
    char *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, bytes, n);
    return copy;
}

static int scan_part(struct head_scan *scan, const char *bytes, size_t n)
{
    char *part = exact(bytes, n);
    enum head_verdict verdict = head_scan(scan, part, n);

    free(part);
    return (int)verdict;
}

/* 200, 0 for incomplete, or the refusal; bytes came as the first `cut`, then the rest. */
static int judge(const char *bytes, size_t n, size_t cut)
{
    struct head_scan scan = {0};
    struct head_refusal refusal = {0};
    struct head head;
    int status = 200;
    char *copy;

    head_scan(&scan, bytes, cut);
    switch (head_scan(&scan, bytes, n)) {
    case HEAD_INCOMPLETE:
        return 0;
    case HEAD_REFUSED:
        assert_non_null(scan.refusal.reason);
        return scan.refusal.status;
    case HEAD_COMPLETE:
        break;
    }
    copy = exact(bytes, scan.bytes);
    if (!head_parse(copy, scan.bytes, &head, &refusal))
        status = refusal.status;
    free(copy);
    return status;
}

static void test_every_message_gets_the_status_of_the_table(void **state)
{
    const struct messages *all = *state;

    for (size_t i = 0; i < all->rows_n; i++) {
        const struct message *m = &all->rows[i];
        char *bytes = exact(m->bytes.text, m->bytes.bytes);
        int status = judge(bytes, m->bytes.bytes, 0);

        free(bytes);
        if (status != m->status)
            fail_msg("%s: %d, not %d: %s", m->note, status, m->status, m->row);
    }
}

static void test_no_cut_changes_the_status(void **state)
{
    const struct messages *all = *state;

    for (size_t i = 0; i < all->rows_n; i++) {
        const struct message *m = &all->rows[i];

        for (size_t cut = 1; cut < m->bytes.bytes; cut++) {
            int status = judge(m->bytes.text, m->bytes.bytes, cut);

            if (status != m->status)
                fail_msg("%s: cut after %zu: %d, not %d", m->note, cut, status, m->status);
        }
    }
}

static void test_a_byte_at_a_time_changes_no_status(void **state)
{
    const struct messages *all = *state;

    for (size_t i = 0; i < all->rows_n; i++) {
        const struct message *m = &all->rows[i];
        struct head_scan whole = {0};
        struct head_scan scan = {0};
        size_t n = 0;

        head_scan(&whole, m->bytes.text, m->bytes.bytes);
        while (n < m->bytes.bytes && scan_part(&scan, m->bytes.text, n) == HEAD_INCOMPLETE)
            n++;
        head_scan(&scan, m->bytes.text, m->bytes.bytes);
        if (scan.verdict != whole.verdict || scan.bytes != whole.bytes ||
            scan.refusal.status != whole.refusal.status)
            fail_msg("%s: byte by byte it is another verdict", m->note);
        if (scan.verdict == HEAD_COMPLETE && scan.bytes < m->bytes.bytes && n != scan.bytes)
            fail_msg("%s: complete after %zu, seen after %zu", m->note, scan.bytes, n);
    }
}

static void test_nonsense_is_refused_before_the_head_is_whole(void **state)
{
    static const struct {
        const char *bytes;
        int status;
    } cases[] = {
        {"\n",                        400},
        {"\x16",                      400},
        {"GET / HTTP/1.1\n",          400},
        {"GET / HTTP/1.1\r\nX: \x01", 400},
        {"GET /\r\n",                 400},
        {"GET /%zz HTTP/1.1\r\n",     400},
        {"PRI * HTTP/2.0\r\n",        505},
        {"BREW / HTTP/1.1\r\n",       501},
        {"\r\n\r\n",                  400},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct head_scan scan = {0};

        if (scan_part(&scan, cases[i].bytes, strlen(cases[i].bytes)) != HEAD_REFUSED ||
            scan.refusal.status != cases[i].status)
            fail_msg("row %zu: not refused with %d", i, cases[i].status);
    }
}

static void test_nothing_grows_beyond_the_limit(void **state)
{
    struct head_scan scan = {0};
    struct buf bytes = {0};

    (void)state;
    buf_add_text(&bytes, "GET / HTTP/1.1\r\nHost: a\r\n");
    while (bytes.bytes < HEAD_BYTES_MAX - 5)
        buf_add_text(&bytes, "a:\r\n");
    assert_int_equal(head_scan(&scan, bytes.text, bytes.bytes), HEAD_INCOMPLETE);
    buf_add_text(&bytes, "aaaaaaaa");
    assert_int_equal(head_scan(&scan, bytes.text, HEAD_BYTES_MAX), HEAD_REFUSED);
    assert_int_equal(scan.refusal.status, 431);
    buf_clear(&bytes);
}

static bool parse(const char *text, struct head *head)
{
    struct head_refusal refusal;

    return head_parse(text, strlen(text), head, &refusal);
}

static void assert_slice(const struct head_slice *s, const char *text)
{
    char copy[256];

    assert_non_null(s);
    snprintf(copy, sizeof copy, "%.*s", (int)s->bytes, s->text);
    assert_string_equal(copy, text);
}

static void test_a_head_is_taken_apart(void **state)
{
    struct head head;

    (void)state;
    assert_true(parse("\r\nPOST /v1/a%20b?limit=5&q=x HTTP/1.1\r\nhOsT:\t a.example:80 \r\n"
                      "Content-Length: 12\r\nX-One: 1\r\nx-one: 2\r\nExpect: 100-continue\r\n\r\n",
                      &head));
    assert_int_equal(head.method, METHOD_POST);
    assert_int_equal(head.minor, 1);
    assert_slice(&head.path, "/v1/a%20b");
    assert_slice(&head.query, "limit=5&q=x");
    assert_int_equal(head.fields_n, 5);
    assert_slice(&head.fields[0].name, "hOsT");
    assert_slice(head_find(&head, "Host"), "a.example:80");
    assert_slice(head_find(&head, "X-ONE"), "1");
    assert_int_equal(head_count(&head, "X-One"), 2);
    assert_null(head_find(&head, "X-On"));
    assert_null(head_find(&head, "X-Ones"));
    assert_int_equal(head.content_length, 12);
    assert_true(head.keep_alive);
    assert_true(head.expect_continue);
    assert_string_equal(head_method_name(head.method), "POST");
    assert_string_equal(head_method_name(METHOD_NONE), "-");
}

static void test_only_one_complete_head_is_parsed(void **state)
{
    struct head head;

    (void)state;
    assert_false(parse("", &head));
    assert_false(parse("G", &head));
    assert_false(parse("\r\n", &head));
    assert_false(parse("GET / HTTP/1.1\r\nHost: a\r\n", &head));
    assert_false(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\nG", &head));
}

static void test_a_refused_head_leaves_the_output_alone(void **state)
{
    struct head head = {.minor = 77};

    (void)state;
    assert_false(parse("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", &head));
    assert_int_equal(head.minor, 77);
}

static void test_connection_says_whether_to_stay(void **state)
{
    static const struct {
        const char *fields;
        bool stays;
    } cases[] = {
        {"HTTP/1.1\r\nHost: a\r\n",                                       true },
        {"HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n",             true },
        {"HTTP/1.1\r\nHost: a\r\nConnection: closed, not-close\r\n",      true },
        {"HTTP/1.1\r\nHost: a\r\nConnection: \r\n",                       true },
        {"HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",                  false},
        {"HTTP/1.1\r\nHost: a\r\nconnection: CLOSE\r\n",                  false},
        {"HTTP/1.1\r\nHost: a\r\nConnection: upgrade ,\tclose ,\r\n",     false},
        {"HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n", false},
        {"HTTP/1.0\r\n",                                                  false},
        {"HTTP/1.0\r\nConnection: keep-alive\r\n",                        false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct head head;

        snprintf(text, sizeof text, "GET / %s\r\n", cases[i].fields);
        if (!parse(text, &head) || head.keep_alive != cases[i].stays)
            fail_msg("row %zu: %s", i, cases[i].fields);
    }
}

static void test_an_old_client_does_not_wait_for_100(void **state)
{
    struct head head;

    (void)state;
    assert_true(
        parse("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n", &head));
    assert_false(head.expect_continue);
}

static void test_the_path_is_decoded_if_it_fits(void **state)
{
    struct head head;
    char out[8] = "before";

    (void)state;
    assert_true(parse("GET /a%20%c3%A9+?x HTTP/1.0\r\n\r\n", &head));
    assert_false(head_path_decode(&head, out, 6));
    assert_string_equal(out, "before");
    assert_true(head_path_decode(&head, out, 7));
    assert_string_equal(out, "/a \xc3\xa9+");
}

static void test_query_members_are_found(void **state)
{
    static const struct {
        const char *query, *name;
        enum head_member found;
        const char *value;
    } cases[] = {
        {"limit=5",      "limit",  HEAD_MEMBER_FOUND,    "5"       },
        {"limit=5&q=a",  "q",      HEAD_MEMBER_FOUND,    "a"       },
        {"q=a+b%2Bc%2F", "q",      HEAD_MEMBER_FOUND,    "a b+c/"  },
        {"%6cimit=5",    "limit",  HEAD_MEMBER_FOUND,    "5"       },
        {"limit",        "limit",  HEAD_MEMBER_FOUND,    ""        },
        {"limit=",       "limit",  HEAD_MEMBER_FOUND,    ""        },
        {"&&a=1&",       "a",      HEAD_MEMBER_FOUND,    "1"       },
        {"a=b=c",        "a",      HEAD_MEMBER_FOUND,    "b=c"     },
        {"a=?",          "a",      HEAD_MEMBER_FOUND,    "?"       },
        {"a=12345678",   "a",      HEAD_MEMBER_FOUND,    "12345678"},
        {"a=123456789",  "a",      HEAD_MEMBER_TOO_LONG, NULL      },
        {"a=1&a=1",      "a",      HEAD_MEMBER_TWICE,    NULL      },
        {"a=1&%61",      "a",      HEAD_MEMBER_TWICE,    NULL      },
        {"limit=5",      "limi",   HEAD_MEMBER_ABSENT,   NULL      },
        {"limit=5",      "limits", HEAD_MEMBER_ABSENT,   NULL      },
        {"Limit=5",      "limit",  HEAD_MEMBER_ABSENT,   NULL      },
        {"=5",           "",       HEAD_MEMBER_ABSENT,   NULL      },
        {"",             "a",      HEAD_MEMBER_ABSENT,   NULL      },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        char out[9] = "before";
        struct head head;

        snprintf(text, sizeof text, "GET /?%s HTTP/1.0\r\n\r\n", cases[i].query);
        assert_true(parse(text, &head));
        if (head_query(&head, cases[i].name, out, sizeof out) != cases[i].found ||
            strcmp(out, cases[i].value ? cases[i].value : "before") != 0)
            fail_msg("row %zu: %s: \"%s\"", i, cases[i].query, out);
    }
}

static int messages_set_up(void **state)
{
    *state = messages_read();
    return 0;
}

static int messages_tear_down(void **state)
{
    messages_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_gets_the_status_of_the_table),
        cmocka_unit_test(test_no_cut_changes_the_status),
        cmocka_unit_test(test_a_byte_at_a_time_changes_no_status),
        cmocka_unit_test(test_nonsense_is_refused_before_the_head_is_whole),
        cmocka_unit_test(test_nothing_grows_beyond_the_limit),
        cmocka_unit_test(test_a_head_is_taken_apart),
        cmocka_unit_test(test_only_one_complete_head_is_parsed),
        cmocka_unit_test(test_a_refused_head_leaves_the_output_alone),
        cmocka_unit_test(test_connection_says_whether_to_stay),
        cmocka_unit_test(test_an_old_client_does_not_wait_for_100),
        cmocka_unit_test(test_the_path_is_decoded_if_it_fits),
        cmocka_unit_test(test_query_members_are_found),
    };

    return cmocka_run_group_tests(tests, messages_set_up, messages_tear_down);
}
