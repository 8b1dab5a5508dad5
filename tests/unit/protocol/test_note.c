#include "protocol/note.h"

#include "tests/unit/protocol/ring.h"

static void test_the_verifier_key_of_the_specification(void **state)
{
    static const char text[] =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    static const char line[] =
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3"
        "mFXmRKuwHjG1Yu72IneyaQM=";
    static const char message[] = "This is an example message.\n";
    char again[NOTE_KEY_BYTES];
    struct note_key key;
    uint8_t blob[68];
    size_t n;

    (void)state;
    assert_true(note_key_read(text, &key));
    assert_string_equal(key.name, "example.com/foo");
    assert_hex(key.id, 4, "530d903a");
    note_key_text(&key, false, again);
    assert_string_equal(again, text);
    assert_int_equal(sodium_base642bin(blob, sizeof blob, line, strlen(line), NULL, &n, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_memory_equal(blob, key.id, 4);
    assert_int_equal(crypto_sign_verify_detached(blob + 4, (const uint8_t *)message,
                                                 sizeof message - 1, key.pub),
                     0);
}

/* Base64 has the sign that parts the key's text, too. */
static void test_every_key_comes_back_from_its_text(void **state)
{
    char text[NOTE_KEY_BYTES], again[NOTE_KEY_BYTES];
    struct note_key key, read;

    (void)state;
    for (unsigned i = 0; i < 500; i++) {
        assert_true(note_key_new("a", &key));
        note_key_text(&key, i % 2, text);
        assert_true(note_key_read(text, &read));
        note_key_text(&read, i % 2, again);
        assert_string_equal(again, text);
    }
}

static void test_wrong_keys_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "example.com/foo",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA",
        "exam ple+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    };
    struct note_key key;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (note_key_read(cases[i], &key))
            fail_msg("%s", cases[i]);
    assert_false(note_key_new("", &key));
    assert_false(note_key_new("a+b", &key));
    assert_false(note_key_new("a b", &key));
}

static void test_what_is_signed_is_read_and_no_byte_may_change(void **state)
{
    struct note_key key, checker, other;
    char text[NOTE_KEY_BYTES];
    struct checkpoint c = {.size = 1234567}, read;
    BUF_AUTO struct buf note = {0};

    (void)state;
    randombytes_buf(c.root, sizeof c.root);
    assert_true(note_key_new("liaison.example/audit", &key));
    assert_true(note_key_new("liaison.example/audit", &other));
    note_key_text(&key, true, text);
    assert_true(note_key_read(text, &key)); /* what signs comes back from its text */
    note_key_text(&key, false, text);
    assert_true(note_key_read(text, &checker));
    note_write(&key, &c, &note);
    assert_int_equal(note_read(note.text, note.bytes, &checker, &read), note.bytes);
    assert_int_equal(read.size, c.size);
    assert_memory_equal(read.root, c.root, sizeof c.root);
    assert_int_equal(note_read(note.text, note.bytes, &other, &read), 0);
    for (size_t n = 0; n < note.bytes; n++)
        assert_int_equal(note_read(note.text, n, &checker, &read), 0);
    for (size_t i = 0; i < note.bytes; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            note.text[i] = (char)(note.text[i] ^ (1 << bit));
            if (note_read(note.text, note.bytes, &checker, &read))
                fail_msg("byte %zu bit %u", i, bit);
            note.text[i] = (char)(note.text[i] ^ (1 << bit));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_verifier_key_of_the_specification),
        cmocka_unit_test(test_every_key_comes_back_from_its_text),
        cmocka_unit_test(test_wrong_keys_are_refused),
        cmocka_unit_test(test_what_is_signed_is_read_and_no_byte_may_change),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
