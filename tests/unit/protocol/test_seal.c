#include "protocol/seal.h"

#include "tests/unit/protocol/ring.h"

static struct keyring *ring;

static int setup(void **state)
{
    if (ring_setup(state))
        return -1;
    ring = ring_of("7 active " RING_MASTER "\n8 decrypt-only " RING_OTHER "\n");
    return 0;
}

static int teardown(void **state)
{
    keyring_free(ring);
    return ring_teardown(state);
}

static const struct seal_place place = {"KEN", SAMPLE_ID, "body"};

static enum err_code open_at(const struct keyring *with, const struct seal_place *where,
                             const void *sealed, size_t n)
{
    struct err e = {0};
    char *plain = NULL;
    size_t plain_n = 42;
    uint8_t *exact = malloc(n ? n : 1); /* so that the sanitizer sees a step beyond */
    enum err_code rc;

    if (n)
        memcpy(exact, sealed, n);
    rc = seal_read(with, where, exact, n, &plain, &plain_n, &e);
    if (rc != ERR_OK && (plain || plain_n != 42 || e.code != rc))
        fail_msg("refused, and outputs touched");
    free(exact);
    free(plain);
    return rc;
}

static void test_the_library_computes_the_published_vectors(void **state)
{
    uint8_t key[32], nonce[24], hash[32], sealed[5 + 16];
    unsigned long long n;

    (void)state;
    for (uint8_t i = 0; i < 32; i++)
        key[i] = i;
    for (uint8_t i = 0; i < 24; i++)
        nonce[i] = (uint8_t)(0x40 + i);
    crypto_generichash(hash, 32, (const uint8_t *)"hello", 5, key, 32);
    assert_hex(hash, 32, "bc2cf927f9ed52cc29116e6a5cfdbdf96a7250f85db66887b13652596bf40d61");
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &n, (const uint8_t *)"hello", 5,
                                               (const uint8_t *)"aad", 3, NULL, nonce, key);
    assert_hex(sealed, (size_t)n, "bc5c691cbf546baa0c8972b8a65c349555c7981cbc");
}

static void test_what_is_sealed_opens_to_the_same_bytes(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n += n < 70 ? 1 : 41) {
        uint8_t bytes[300];
        struct err e = {0};
        uint8_t *sealed;
        char *plain = NULL;
        size_t sealed_n, plain_n;

        randombytes_buf(bytes, n);
        sealed = seal_write(ring, &place, bytes, n, &sealed_n);
        assert_int_equal(sealed_n, n + SEAL_OVERHEAD_BYTES);
        assert_int_equal(seal_read(ring, &place, sealed, sealed_n, &plain, &plain_n, &e), ERR_OK);
        assert_int_equal(plain_n, n);
        assert_memory_equal(plain, bytes, n);
        assert_int_equal(plain[n], '\0');
        free(plain);
        free(sealed);
    }
}

/* Built here once more from rule F-1, without our code. */
static void test_the_format_is_version_kid_nonce_and_ciphertext(void **state)
{
    static const char aad[] = "\0\x10liaison/field/v1\0\x03KEN\0\x24" SAMPLE_ID "\0\x04"
                              "body";
    uint8_t opened[5];
    uint8_t *sealed;
    size_t n;

    (void)state;
    sealed = seal_write(ring, &place, "hello", 5, &n);
    assert_hex(sealed, 5, "0100000007");
    assert_int_equal(crypto_aead_xchacha20poly1305_ietf_decrypt(
                         opened, NULL, NULL, sealed + 29, n - 29, (const uint8_t *)aad,
                         sizeof aad - 1, sealed + 5, keyring_key(ring, 7, KEY_FIELD)),
                     0);
    assert_memory_equal(opened, "hello", 5);
    free(sealed);
}

static void test_the_same_text_is_never_sealed_the_same_twice(void **state)
{
    uint8_t *first, *second;
    size_t n;

    (void)state;
    first = seal_write(ring, &place, "hello", 5, &n);
    second = seal_write(ring, &place, "hello", 5, &n);
    assert_memory_not_equal(first + 5, second + 5, 24);
    assert_memory_not_equal(first + 29, second + 29, 5);
    free(second);
    free(first);
}

static void test_no_bit_can_be_changed(void **state)
{
    uint8_t *sealed;
    size_t n;

    (void)state;
    sealed = seal_write(ring, &place, "hello", 5, &n);
    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            sealed[i] ^= (uint8_t)(1u << bit);
            if (open_at(ring, &place, sealed, n) != ERR_INTERNAL)
                fail_msg("byte %zu bit %u", i, bit);
            sealed[i] ^= (uint8_t)(1u << bit);
        }
    assert_int_equal(open_at(ring, &place, sealed, n), ERR_OK);
    free(sealed);
}

static void test_nothing_can_be_cut_off_or_added(void **state)
{
    uint8_t longer[SEAL_OVERHEAD_BYTES + 6] = {0};
    uint8_t *sealed;
    size_t n;

    (void)state;
    sealed = seal_write(ring, &place, "hello", 5, &n);
    for (size_t cut = 0; cut < n; cut++)
        if (open_at(ring, &place, sealed, cut) != ERR_INTERNAL)
            fail_msg("cut to %zu", cut);
    memcpy(longer, sealed, n);
    assert_int_equal(open_at(ring, &place, longer, n + 1), ERR_INTERNAL);
    free(sealed);
}

static void test_a_value_moved_elsewhere_does_not_open(void **state)
{
    static const struct seal_place others[] = {
        {"UGA",  SAMPLE_ID,                              "body" },
        {"KEN",  "req_0199f3c2a1b47c3d9f245ab6c7d8e1f4", "body" },
        {"KEN",  SAMPLE_ID,                              "inner"},
        {"KEN",  SAMPLE_ID,                              "bod"  },
        {"KEN",  SAMPLE_ID,                              ""     },
        {"KEN",  SAMPLE_ID "b",                          "ody"  },
        {"KENr", "eq_0199f3c2a1b47c3d9f245ab6c7d8e1f3",  "body" },
        {"",     SAMPLE_ID,                              "body" },
    };
    uint8_t *sealed;
    size_t n;

    (void)state;
    sealed = seal_write(ring, &place, "hello", 5, &n);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (open_at(ring, &others[i], sealed, n) != ERR_INTERNAL)
            fail_msg("row %zu", i);
    free(sealed);
}

static void test_the_kid_decides_which_key_opens(void **state)
{
    struct keyring *rotated = ring_of("7 decrypt-only " RING_MASTER "\n9 active " RING_OTHER "\n");
    struct keyring *foreign = ring_of("7 active " RING_OTHER "\n");
    struct keyring *without = ring_of("9 active " RING_MASTER "\n");
    uint8_t *sealed;
    size_t n;

    (void)state;
    sealed = seal_write(ring, &place, "hello", 5, &n);
    assert_int_equal(open_at(rotated, &place, sealed, n), ERR_OK);
    assert_int_equal(open_at(foreign, &place, sealed, n), ERR_INTERNAL);
    assert_int_equal(open_at(without, &place, sealed, n), ERR_INTERNAL);
    free(sealed);
    sealed = seal_write(rotated, &place, "hello", 5, &n);
    assert_hex(sealed, 5, "0100000009"); /* new ones with the active key */
    assert_int_equal(open_at(ring, &place, sealed, n), ERR_INTERNAL);
    free(sealed);
    keyring_free(without);
    keyring_free(foreign);
    keyring_free(rotated);
}

static void print_of(const struct keyring *with, const struct seal_part *parts, size_t n,
                     uint8_t out[32])
{
    seal_fingerprint(with, parts, n, out);
}

static void test_fingerprints_tell_apart_what_is_differently_divided(void **state)
{
    static const struct {
        struct seal_part parts[3];
        size_t n;
    } cases[] = {
        {{{"POST", 4}, {"/v1", 3}, {"{}", 2}},  3},
        {{{"POST/", 5}, {"v1", 2}, {"{}", 2}},  3},
        {{{"POST/v1{}", 9}},                    1},
        {{{"POST", 4}, {"/v1{}", 5}},           2},
        {{{"POST", 4}, {"/v1", 3}, {"{ }", 3}}, 3},
        {{{"", 0}, {"POST", 4}, {"/v1{}", 5}},  3},
        {{{"", 0}},                             1},
        {{{"", 0}},                             0},
        {{{"\0", 1}},                           1},
    };
    enum { CASES_N = sizeof cases / sizeof cases[0] };
    struct keyring *other = ring_of("7 active " RING_OTHER "\n");
    uint8_t prints[CASES_N][32];
    uint8_t again[32];

    (void)state;
    for (size_t i = 0; i < CASES_N; i++) {
        print_of(ring, cases[i].parts, cases[i].n, prints[i]);
        print_of(ring, cases[i].parts, cases[i].n, again);
        assert_memory_equal(again, prints[i], 32);
        print_of(other, cases[i].parts, cases[i].n, again);
        assert_memory_not_equal(again, prints[i], 32);
        for (size_t k = 0; k < i; k++)
            if (!memcmp(prints[i], prints[k], 32))
                fail_msg("rows %zu and %zu", k, i);
    }
    keyring_free(other);
}

static void test_a_fingerprint_is_keyed_blake2b_over_lengths_and_parts(void **state)
{
    static const char whole[] = "\0\0\0\0\0\0\0\4POST\0\0\0\0\0\0\0\2{}";
    const struct seal_part parts[] = {
        {"POST", 4},
        {"{}",   2}
    };
    uint8_t is[32], must[32];

    (void)state;
    print_of(ring, parts, 2, is);
    crypto_generichash(must, 32, (const uint8_t *)whole, sizeof whole - 1,
                       keyring_key(ring, 7, KEY_FINGERPRINT), KEY_BYTES);
    assert_memory_equal(is, must, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_library_computes_the_published_vectors),
        cmocka_unit_test(test_what_is_sealed_opens_to_the_same_bytes),
        cmocka_unit_test(test_the_format_is_version_kid_nonce_and_ciphertext),
        cmocka_unit_test(test_the_same_text_is_never_sealed_the_same_twice),
        cmocka_unit_test(test_no_bit_can_be_changed),
        cmocka_unit_test(test_nothing_can_be_cut_off_or_added),
        cmocka_unit_test(test_a_value_moved_elsewhere_does_not_open),
        cmocka_unit_test(test_the_kid_decides_which_key_opens),
        cmocka_unit_test(test_fingerprints_tell_apart_what_is_differently_divided),
        cmocka_unit_test(test_a_fingerprint_is_keyed_blake2b_over_lengths_and_parts),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
