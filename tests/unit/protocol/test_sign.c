#include "protocol/sign.h"

#include "tests/unit/protocol/sample.h"

#include <sodium.h>

/* The vector of the reliability rules, section 10. */
static void test_v1_is_the_vector_of_standard_webhooks(void **state)
{
    static const char body[] = "{\"test\": 2432232314}";
    const struct sign_content c = {"msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
                                   sizeof body - 1};
    char out[SIGN_V1_BYTES];

    (void)state;
    assert_true(sign_v1("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &c, out));
    assert_string_equal(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void test_a_secret_of_another_form_signs_nothing(void **state)
{
    static const char *const bad[] = {"",
                                      "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS*",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLg=="};
    const struct sign_content c = {"x", 1, "y", 1};
    char out[SIGN_V1_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sign_v1(bad[i], &c, out))
            fail_msg("%s", bad[i]);
}

static void test_v1a_is_verified_with_the_public_key_as_it_is_shown(void **state)
{
    static const char body[] = "{}";
    static const char signed_text[] = "ntc_1.1614265330.{}";
    const struct sign_content c = {"ntc_1", 1614265330, body, 2};
    uint8_t seed[SIGN_SEED_BYTES], public[32], signature[64];
    char shown[SIGN_PUBLIC_TEXT_BYTES], out[SIGN_V1A_BYTES];
    size_t n;

    (void)state;
    sign_seed_new(seed);
    sign_public(seed, shown);
    sign_v1a(seed, &c, out);
    assert_memory_equal(shown, "whpk_", 5);
    assert_memory_equal(out, "v1a,", 4);
    assert_int_equal(sodium_base642bin(public, sizeof public, shown + 5, strlen(shown + 5), NULL,
                                       &n, NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(n, 32);
    assert_int_equal(sodium_base642bin(signature, sizeof signature, out + 4, strlen(out + 4), NULL,
                                       &n, NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(n, 64);
    assert_int_equal(crypto_sign_verify_detached(signature, (const uint8_t *)signed_text,
                                                 sizeof signed_text - 1, public),
                     0);
    assert_int_not_equal(crypto_sign_verify_detached(signature, (const uint8_t *)signed_text,
                                                     sizeof signed_text - 2, public),
                         0);
}

static void test_new_secrets_are_new_and_can_sign(void **state)
{
    const struct sign_content c = {"x", 1, "y", 1};
    char a[SIGN_SECRET_TEXT_BYTES], b[SIGN_SECRET_TEXT_BYTES], out[SIGN_V1_BYTES];

    (void)state;
    assert_string_not_equal(sign_secret_new(a), sign_secret_new(b));
    assert_true(sign_v1(a, &c, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_v1_is_the_vector_of_standard_webhooks),
        cmocka_unit_test(test_a_secret_of_another_form_signs_nothing),
        cmocka_unit_test(test_v1a_is_verified_with_the_public_key_as_it_is_shown),
        cmocka_unit_test(test_new_secrets_are_new_and_can_sign),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
