#include "protocol/endpoint.h"

#include "tests/unit/protocol/sample.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool refuses(const char *text, bool loopback_too)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return endpoint_refuses((const struct sockaddr *)&in, loopback_too);
    if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
        return endpoint_refuses((const struct sockaddr *)&in6, loopback_too);
    fail_msg("%s is no address", text);
    return false;
}

/* First and last address of each range that is never called, one by one. */
static const char *const refused[] = {
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
    "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255",
    "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1", "192.31.196.1",
    "192.52.193.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "192.175.48.1", "198.18.0.0",
    "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.0", "239.255.255.255", "240.0.0.0",
    "255.255.255.255",
    /* unspecified, loopback, IPv4 mapped, compatible, translated, discard */
    "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::10.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::1", "100::1",
    /* unique local, link-local, site-local, multicast, not yet given out */
    "fc00::1", "fd12:3456::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1",
    "1fff::1", "e000::1",
    /* within global unicast: Teredo, ORCHID, documentation, 6to4 of a private address */
    "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1",
    "2002:7f00:1::1", "2002:a00:1::", "2620:4f:8000::1", "3ffe::1", "3fff::1", "3fff:fff::1"};

static const char *const called[] = {
    "1.0.0.1",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
    "100.128.0.0",     "126.255.255.255", "128.0.0.0",       "169.253.255.255", "169.255.0.0",
    "172.15.255.255",  "172.32.0.0",      "192.0.1.0",       "192.167.255.255", "192.169.0.0",
    "198.17.255.255",  "198.20.0.0",      "223.255.255.255", "2001:200::1",     "2003::1",
    "2606:4700::1111", "2a00:1450::1",    "3ffd::1"};

static void test_addresses_that_are_never_called_are_refused_one_by_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (!refuses(refused[i], false))
            fail_msg("%s would be called", refused[i]);
    for (size_t i = 0; i < sizeof called / sizeof called[0]; i++)
        if (refuses(called[i], false))
            fail_msg("%s is refused", called[i]);
}

static void test_loopback_may_be_let_in_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        bool loopback = !strncmp(refused[i], "127.", 4) || !strcmp(refused[i], "::1");

        if (refuses(refused[i], true) == loopback)
            fail_msg("%s", refused[i]);
    }
}

static void test_another_family_is_refused(void **state)
{
    struct sockaddr local = {.sa_family = AF_UNIX};

    (void)state;
    assert_true(endpoint_refuses(&local, true));
}

static void test_urls(void **state)
{
    static const char *const good[] = {
        "https://a.example", "https://A-b.example:8443/x/y?z=1&q=%20",
        "https://localhost", "https://example.org?x",
        "https://8.8.8.8/",  "https://[2606:4700::1111]:443/"};
    static const char *const bad[] = {"",
                                      "http://a.example/",
                                      "HTTPS://a.example/",
                                      "https:/a.example",
                                      "https://",
                                      "https:///x",
                                      "https://u@a.example/",
                                      "https://u:p@a.example/",
                                      "https://a.example:80@b.example/",
                                      "https://a.example\\@b.example/",
                                      "https://a.example/#x",
                                      "https://a.example:0/",
                                      "https://a.example:65536/",
                                      "https://a.example:1x/",
                                      "https://a.example:/",
                                      "https://a b/",
                                      "https://a\n/",
                                      "https://\xd0\xb0.example/",
                                      "https://-a.example/",
                                      "https://a-.example/",
                                      "https://a..example/",
                                      "https://.example/",
                                      "https://a.example./",
                                      "https://a_b.example/",
                                      "https://127.0.0.1/",
                                      "https://10.1.2.3/",
                                      "https://169.254.169.254/latest/meta-data/",
                                      "https://[::1]/",
                                      "https://[::ffff:127.0.0.1]/",
                                      "https://[fe80::1%25eth0]/",
                                      "https://[fe80::1]/",
                                      "https://[::1",
                                      "https://[]/",
                                      "https://2130706433/",
                                      "https://0x7f000001/",
                                      "https://0x7f.1/",
                                      "https://127.1/",
                                      "https://0177.0.0.1/",
                                      "https://a.1/",
                                      "https://1.2.3.4.5/"};
    char large[ENDPOINT_URL_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!endpoint_url_is_good(good[i], false))
            fail_msg("good: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (endpoint_url_is_good(bad[i], false))
            fail_msg("bad: %s", bad[i]);
    assert_true(endpoint_url_is_good("https://127.0.0.1:4433/", true));
    memset(large, 'a', sizeof large);
    memcpy(large, "https://a.example/", 18);
    large[ENDPOINT_URL_MAX] = '\0';
    assert_true(endpoint_url_is_good(large, false));
    large[ENDPOINT_URL_MAX] = 'a';
    large[ENDPOINT_URL_MAX + 1] = '\0';
    assert_false(endpoint_url_is_good(large, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_that_are_never_called_are_refused_one_by_one),
        cmocka_unit_test(test_loopback_may_be_let_in_and_nothing_else),
        cmocka_unit_test(test_another_family_is_refused),
        cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
