/* RFC 9421 and RFC 9530: the examples of the RFCs (reliability rules, section 10), and the profile
 * of rule A-7. */
#include "protocol/digest.h"
#include "protocol/signature.h"
#include "protocol/signing_key.h"

#include "tests/unit/protocol/ring.h"

#define SLICE(text)                                                                                \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
#define FIELD(name, value)                                                                         \
    {                                                                                              \
        SLICE(name), SLICE(value)                                                                  \
    }

/* RFC 9421 B.1.4 */
static const char seed_hex[] = "9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5";
static const char public_hex[] = "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb";

/* RFC 9421 B.2: the request of the examples. */
static const struct signature_field rfc_fields[] = {
    FIELD("Host", "example.com"), FIELD("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
    FIELD("Content-Type", "application/json"),
    FIELD("Content-Digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+"
                            "AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"),
    FIELD("Content-Length", "18")};
static const struct signature_message rfc_message = {.method = "POST",
                                                     .authority = SLICE("example.com"),
                                                     .path = SLICE("/foo"),
                                                     .query = SLICE("param=Value&Pet=dog"),
                                                     .fields = rfc_fields,
                                                     .fields_n = 5,
                                                     .has_body = true};
static const char rfc_input[] =
    "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"
    ";created=1618884473;keyid=\"test-key-ed25519\"";
static const char rfc_sig[] = "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9"
                              "EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";

static void from_hex(uint8_t *out, const char *hex)
{
    size_t n;

    assert_int_equal(sodium_hex2bin(out, 32, hex, 64, NULL, &n, NULL), 0);
}

static void test_the_rfc_s_signature(void **state)
{
    static struct signature s;
    BUF_AUTO struct buf base = {0};
    uint8_t seed[32], must[32], public_key[32], secret[64], hash[32], again[64];
    char hex[65];

    (void)state;
    from_hex(seed, seed_hex);
    from_hex(must, public_hex);
    signing_key_public(seed, public_key);
    assert_memory_equal(public_key, must, 32);

    assert_true(
        signature_read(rfc_input, strlen(rfc_input), rfc_sig, strlen(rfc_sig), "sig-b26", &s));
    assert_int_equal(s.created_s, 1618884473);
    assert_string_equal(s.keyid, "test-key-ed25519");
    assert_true(signature_base(&s, &rfc_message, &base));
    assert_string_equal(
        buf_text(&base),
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n"
        "\"@authority\": example.com\n\"content-type\": application/json\n"
        "\"content-length\": 18\n\"@signature-params\": (\"date\" \"@method\" \"@path\" "
        "\"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-"
        "ed25519\"");
    assert_int_equal(base.bytes, 284);
    crypto_hash_sha256(hash, (const uint8_t *)base.text, base.bytes);
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, hash, 32),
                        "e6402577f54303accfda63dfbde1a7b8c5e5e6f3f7898637b7d78dc07ee1896a");
    assert_true(signature_verify(&s, &base, public_key));

    crypto_sign_seed_keypair(public_key, secret, seed);
    crypto_sign_detached(again, NULL, (const uint8_t *)base.text, base.bytes, secret);
    assert_memory_equal(again, s.bytes, 64);

    for (size_t i = 0; i < base.bytes; i++) { /* any other text is not what was signed */
        base.text[i] ^= 1;
        assert_false(signature_verify(&s, &base, public_key));
        base.text[i] ^= 1;
    }
    public_key[0] ^= 1;
    assert_false(signature_verify(&s, &base, public_key));
    /* What the RFC's example covers is not what we ask for. */
    assert_int_equal(signature_check(&s, &rfc_message, 1618884473), SIGNATURE_COMPONENTS);
}

static bool digest_of(const char *header, const char *body)
{
    struct digest d;

    if (!digest_read(header, strlen(header), &d))
        return false;
    for (size_t i = 0; body[i]; i++) /* in pieces as in one */
        digest_update(&d, body + i, 1);
    return digest_fits(&d);
}

#define D256 "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
#define D512                                                                                       \
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJ" \
    "wew==:"

static void test_the_rfc_s_digests(void **state)
{
    static const char body[] = "{\"hello\": \"world\"}";
    static const struct {
        const char *header, *body;
        bool fits;
    } cases[] = {
        {D512,                                                            body,                       true },
        {D256,                                                            body,                       true },
        {"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",        "{\"hello\": \"world\"}\n",
         true                                                                                              },
        {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",        "",                         true },
        {D256 ", " D512,                                                  body,                       true },
        {"md5=:AAAA:, " D256,                                             body,                       true },
        {"md5=:AAAA:",                                                    body,                       false},
        {"",                                                              body,                       false},
        {D256,                                                            "{\"hello\": \"worle\"}",   false},
        {D256,                                                            "",                         false},
        {D256 ", sha-512=:AZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+"
              "AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",     body,                       false},
        {D256 ", sha-512=:AAAA:",                                         body,                       false},
        {"sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, " D512, body,                       false},
        {D256 ", " D256,                                                  body,                       false},
        {"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:",         body,                       false},
        {"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=:",        body,                       false},
        {"sha-256=\"X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=\"",      body,                       false},
        {D256 ", md5=1",                                                  body,                       false},
        {D256 ",",                                                        body,                       false},
    };
    char out[DIGEST_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (digest_of(cases[i].header, cases[i].body) != cases[i].fits)
            fail_msg("%s of %s", cases[i].header, cases[i].body);
    assert_string_equal(digest_write(body, strlen(body), out), D256);
}

/* --- the profile ------------------------------------------------------------------------------ */

enum { NOW_S = 1764000000 };

static const struct signature_field our_fields[] = {FIELD("Host", "Liaison.Example:443"),
                                                    FIELD("content-type", "application/json"),
                                                    FIELD("Idempotency-Key", "\"k-1\""),
                                                    FIELD("Content-Digest", D256),
                                                    FIELD("X-A", "1"),
                                                    FIELD("x-a", "2")};
static const struct signature_message our_message = {.method = "POST",
                                                     .authority = SLICE("Liaison.Example:443"),
                                                     .path = SLICE("/v1/requests"),
                                                     .query = SLICE(""),
                                                     .fields = our_fields,
                                                     .fields_n = 6,
                                                     .has_body = true};

static void test_what_we_write_we_read(void **state)
{
    static struct signature s;
    BUF_AUTO struct buf input = {0};
    BUF_AUTO struct buf sig = {0};
    BUF_AUTO struct buf base = {0};
    struct signature_message other = our_message;
    uint8_t seed[32], public_key[32];

    (void)state;
    from_hex(seed, seed_hex);
    signing_key_public(seed, public_key);
    signature_write(&our_message, "lsk_x", seed, NOW_S, &input, &sig);
    assert_true(
        signature_read(buf_text(&input), input.bytes, buf_text(&sig), sig.bytes, "liaison", &s));
    assert_int_equal(signature_check(&s, &our_message, NOW_S), SIGNATURE_GOOD);
    assert_true(signature_base(&s, &our_message, &base));
    assert_true(signature_verify(&s, &base, public_key));
    assert_non_null(strstr(buf_text(&base), "\"@authority\": liaison.example\n"));
    assert_non_null(strstr(buf_text(&base), "\"@query\": ?\n"));

    other.method = "PUT";
    buf_clear(&base);
    assert_true(signature_base(&s, &other, &base));
    assert_false(signature_verify(&s, &base, public_key));
}

#define COVER                                                                                      \
    "\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" \"content-type\" "         \
    "\"idempotency-key\""
#define REST                                                                                       \
    ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg==\";keyid=\"lsk_x\";alg=\"ed25519\";tag=\"liaison-v1\""
#define TIMES ";created=1764000000;expires=1764000300"

static const char zero_sig[] =
    "liaison=:"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
    ":";

static int judge(const char *input, const char *sig, const struct signature_message *m)
{
    struct signature s;

    if (!signature_read(input, strlen(input), sig, strlen(sig), "liaison", &s))
        return SIGNATURE_MALFORMED;
    return (int)signature_check(&s, m, NOW_S);
}

static void test_the_profile(void **state)
{
    static const struct {
        const char *input;
        enum signature_fault fault;
    } cases[] = {
        {"liaison=(" COVER ")" TIMES REST,                                                  SIGNATURE_GOOD      },
        {"liaison=(" COVER " \"x-a\")" TIMES REST,                                          SIGNATURE_GOOD      },
        {"liaison=(" COVER ");created=1763999800;expires=1764000000" REST,                  SIGNATURE_GOOD      },
        {"liaison=(" COVER ");created=1764000030;expires=1764000330" REST,                  SIGNATURE_GOOD      },
 /* times */
        {"liaison=(" COVER ");created=1764000031;expires=1764000331" REST,                  SIGNATURE_TIME      },
        {"liaison=(" COVER ");created=1763999800;expires=1763999999" REST,                  SIGNATURE_TIME      },
        {"liaison=(" COVER ");created=1764000000;expires=1764000301" REST,                  SIGNATURE_TIME      },
        {"liaison=(" COVER ");created=1764000000;expires=1764000000" REST,                  SIGNATURE_TIME      },
        {"liaison=(" COVER ");created=1764000010;expires=1764000000" REST,                  SIGNATURE_TIME      },
        {"liaison=(" COVER ");expires=1764000300" REST,                                     SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ");created=1764000000" REST,                                     SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ");created=\"1764000000\";expires=1764000300" REST,              SIGNATURE_MALFORMED },
        {"liaison=(" COVER ");created=1764000000.0;expires=1764000300" REST,                SIGNATURE_MALFORMED },
        {"liaison=(" COVER ");created=-1764000000;expires=1764000300" REST,                 SIGNATURE_MALFORMED },
 /* what is covered */
        {"liaison=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" "
         "\"content-type\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=(\"@authority\" \"@path\" \"@query\" \"content-digest\" \"content-type\" "
         "\"idempotency-key\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=(\"@method\" \"@path\" \"@query\" \"content-digest\" \"content-type\" "
         "\"idempotency-key\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=(\"@method\" \"@authority\" \"@query\" \"content-digest\" \"content-type\" "
         "\"idempotency-key\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" "
         "\"idempotency-key\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-type\" "
         "\"idempotency-key\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=(\"@method\" \"@authority\" \"@path\" \"@query\" \"content-digest\" "
         "\"idempotency-key\")" TIMES REST,
         SIGNATURE_COMPONENTS                                                                                   },
        {"liaison=()" TIMES REST,                                                           SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " \"x-a\" \"x-a\")" TIMES REST,                                  SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " \"x-a\";sf)" TIMES REST,                                       SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " \"x-a\";bs)" TIMES REST,                                       SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " \"x-a\";key=\"b\")" TIMES REST,                                SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " \"x-a\";req)" TIMES REST,                                      SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " \"x-a\";tr)" TIMES REST,                                       SIGNATURE_COMPONENTS},
        {"liaison=(" COVER " x-a)" TIMES REST,                                              SIGNATURE_MALFORMED },
 /* parameters */
        {"liaison=(" COVER ")" TIMES ";keyid=\"lsk_x\";alg=\"ed25519\";tag=\"liaison-v1\"",
         SIGNATURE_PARAMETERS                                                                                   },
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2Rl\";keyid=\"lsk_x\";alg="
         "\"ed25519\";tag=\"liaison-v1\"",                                         SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg=\";keyid=\"lsk_x\";alg="
         "\"ed25519\";tag=\"liaison-v1\"",                                         SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg==\";alg=\"ed25519\";tag="
         "\"liaison-v1\"",                                                         SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg==\";keyid=\"lsk_x\";tag="
         "\"liaison-v1\"",                                                         SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg==\";keyid=\"lsk_x\";alg="
         "\"hmac-sha256\";tag=\"liaison-v1\"",                                     SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg==\";keyid=\"lsk_x\";alg="
         "\"ed25519\";tag=\"liaison-v2\"",                                         SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES ";nonce=\"MDEyMzQ1Njc4OWFiY2RlZg==\";keyid=\"lsk_x\";alg="
         "\"ed25519\"",                                                            SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES REST ";more",                                          SIGNATURE_PARAMETERS},
        {"liaison=(" COVER ")" TIMES REST ";created=1764000000",                            SIGNATURE_MALFORMED },
 /* not exactly one of our label */
        {"sig1=(" COVER ")" TIMES REST,                                                     SIGNATURE_MALFORMED },
        {"liaison=(" COVER ")" TIMES REST ", sig1=(\"@method\")",                           SIGNATURE_MALFORMED },
        {"sig1=(\"@method\"), liaison=(" COVER ")" TIMES REST,                              SIGNATURE_MALFORMED },
        {"liaison=(" COVER ")" TIMES REST ", liaison=(" COVER ")" TIMES REST,               SIGNATURE_MALFORMED },
        {"liaison=\"@method\"" TIMES REST,                                                  SIGNATURE_MALFORMED },
        {"liaison",                                                                         SIGNATURE_MALFORMED },
        {"",                                                                                SIGNATURE_MALFORMED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fault = judge(cases[i].input, zero_sig, &our_message);

        if (fault != (int)cases[i].fault)
            fail_msg("%s: %s", signature_fault_words[fault], cases[i].input);
    }
}

static void test_what_is_no_signature(void **state)
{
    static const char input[] = "liaison=(" COVER ")" TIMES REST;
    static const char *const sigs[] = {
        "",
        "liaison",
        "liaison=::",
        "liaison=:AAAA:",
        "sig1=:AAAA:",
        "liaison=\"AAAA\"",
        "liaison=:"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:;"
        "a",
        "liaison=:"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB==:",
        "liaison=:"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==:"
        ", sig1=:AAAA:",
    };
    char longer[2 * STRUCTURED_BYTES_MAX];

    (void)state;
    assert_int_equal(judge(input, zero_sig, &our_message), SIGNATURE_GOOD);
    for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++)
        if (judge(input, sigs[i], &our_message) != SIGNATURE_MALFORMED)
            fail_msg("%s", sigs[i]);
    snprintf(longer, sizeof longer, "%s;x=\"%*s\"", input, STRUCTURED_BYTES_MAX, "");
    assert_int_equal(judge(longer, zero_sig, &our_message), SIGNATURE_MALFORMED);
}

static void test_a_request_without_a_body_covers_what_it_has(void **state)
{
    struct signature_message m = our_message;

    (void)state;
    m.has_body = false;
    assert_int_equal(
        judge("liaison=(\"@method\" \"@authority\" \"@path\" \"@query\")" TIMES REST, zero_sig, &m),
        SIGNATURE_COMPONENTS);
    m.fields_n = 1;
    assert_int_equal(
        judge("liaison=(\"@method\" \"@authority\" \"@path\" \"@query\")" TIMES REST, zero_sig, &m),
        SIGNATURE_GOOD);
}

static void test_bases_that_cannot_be(void **state)
{
    static const struct {
        const char *component;
        const char *line; /* NULL: there is none */
    } cases[] = {
        {"x-a",               "\"x-a\": 1, 2\n"},
        {"x-b",               NULL             },
        {"X-A",               NULL             },
        {"",                  NULL             },
        {"@target-uri",       NULL             },
        {"@status",           NULL             },
        {"@signature-params", NULL             },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO struct buf base = {0};
        char input[64];
        struct signature s;

        snprintf(input, sizeof input, "liaison=(\"%s\")", cases[i].component);
        assert_true(
            signature_read(input, strlen(input), zero_sig, strlen(zero_sig), "liaison", &s));
        if (signature_base(&s, &our_message, &base) != (cases[i].line != NULL))
            fail_msg("%s", input);
        if (cases[i].line)
            assert_memory_equal(buf_text(&base), cases[i].line, strlen(cases[i].line));
    }
}

/* --- structured fields ------------------------------------------------------------------------ */

static void test_structured_fields(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } cases[] = {
        {"",                         true },
        {"a",                        true },
        {"a=1, b=-2.5;x, c=?0",      true },
        {"a=1,\t b=2",               true },
        {"  a=1  ",                  true },
        {"a=(1 2 \"x\";y=z :AAAA:)", true },
        {"a=()",                     true },
        {"a=(  1  )",                true },
        {"a=@1659578233",            true },
        {"a=%\"f%c3%bc\"",           true },
        {"a=999999999999999",        true },
        {"a=999999999999.999",       true },
        {"*=*tok/en:",               true },
        {"a=\"\\\"\\\\\"",           true },
        {"a;b=1;c",                  true },
        {"A=1",                      false},
        {"1=1",                      false},
        {"a=",                       false},
        {"a=1,",                     false},
        {",a=1",                     false},
        {"a=1 b=2",                  false},
        {"a=1, a=2",                 false},
        {"a;x;x",                    false},
        {"a=(1,2)",                  false},
        {"a=(1",                     false},
        {"a=((1))",                  false},
        {"a=(1\t2)",                 false},
        {"a=(\"x\"\"y\")",           false},
        {"a=\"x",                    false},
        {"a=\"\\x\"",                false},
        {"a=\"\x7f\"",               false},
        {"a=:A A:",                  false},
        {"a=:AAAA",                  false},
        {"a=?2",                     false},
        {"a=1.",                     false},
        {"a=1.2345",                 false},
        {"a=1000000000000000",       false},
        {"a=1000000000000.1",        false},
        {"a=-",                      false},
        {"a=@1.5",                   false},
        {"a=%\"f%C3%BC\"",           false},
        {"a=%\"%ff\"",               false},
        {"a=%x",                     false},
        {"a= 1",                     false},
        {"a=1;",                     false},
        {"a=1; X=1",                 false},
        {"\ta=1",                    false},
    };
    static const char nested[] = "x=(\"a\\\"\";p=1;q 7);r=\"s\", y=-1.5";
    static struct structured s;
    char many[STRUCTURED_BYTES_MAX] = "a=(";
    const struct structured_part *list, *part;
    char text[8];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (structured_read(cases[i].text, strlen(cases[i].text), &s) != cases[i].is_good)
            fail_msg("%s", cases[i].text);
    for (unsigned i = 0; i < STRUCTURED_PARTS_MAX; i++)
        strcat(many, "1 ");
    strcat(many, ")");
    assert_false(structured_read(many, strlen(many), &s));

    assert_true(structured_read(nested, strlen(nested), &s));
    list = structured_member(&s, "x");
    assert_int_equal(list->items_n, 2);
    assert_int_equal(list->params_n, 1);
    assert_true(structured_string(structured_item(&s, list, 0), text, sizeof text));
    assert_string_equal(text, "a\"");
    assert_false(structured_string(structured_item(&s, list, 0), text, 2));
    part = structured_param(&s, structured_item(&s, list, 0), 1);
    assert_true(structured_is_key(part, "q") && part->kind == STRUCTURED_BOOLEAN && part->number);
    assert_int_equal(structured_item(&s, list, 1)->number, 7);
    part = structured_param(&s, list, 0);
    assert_true(structured_is_key(part, "r"));
    part = structured_member(&s, "y");
    assert_int_equal(part->number, -1500);
    assert_null(structured_member(&s, "q"));
}

/* --- keys ------------------------------------------------------------------------------------- */

static void test_keys_on_disk_and_their_proof(void **state)
{
    uint8_t seed[32], again[32], public_key[32];
    char pem[SIGNING_PEM_BYTES], id[SIGNING_ID_BYTES], proof[SIGNING_PROOF_TEXT_BYTES];
    char text[SIGNING_PUBLIC_TEXT_BYTES];

    (void)state;
    from_hex(seed, seed_hex);
    signing_key_pem(seed, pem);
    /* RFC 9421 B.1.4 prints this key as a PEM file. */
    assert_string_equal(pem, "-----BEGIN PRIVATE KEY-----\n"
                             "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
                             "-----END PRIVATE KEY-----\n");
    assert_true(signing_key_read_pem(pem, strlen(pem), again));
    assert_memory_equal(again, seed, 32);
    assert_true(signing_key_read_pem(pem, strlen(pem) - 1, again));
    for (size_t i = 0; i < strlen(pem) - 1; i++) {
        assert_false(signing_key_read_pem(pem, i, again));
        pem[i] ^= 0x20;
        if (signing_key_read_pem(pem, strlen(pem), again)) /* another seed */
            assert_memory_not_equal(again, seed, 32);
        pem[i] ^= 0x20;
    }

    signing_key_public(seed, public_key);
    signing_key_id(public_key, id);
    assert_true(signing_key_is_id(id));
    assert_false(signing_key_is_id("lsk_"));
    signing_key_public_text(public_key, text);
    assert_string_equal(text, "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=");
    assert_true(signing_key_read_public(text, again));
    assert_false(signing_key_read_public("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", again));
    assert_false(signing_key_read_public("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bt=", again));
    assert_false(signing_key_read_public("JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs", again));

    signing_key_prove(seed, &kenya, proof);
    assert_true(signing_key_is_proven(public_key, &kenya, proof));
    assert_false(signing_key_is_proven(public_key, &uganda, proof));
    public_key[1] ^= 1;
    assert_false(signing_key_is_proven(public_key, &kenya, proof));
    assert_false(signing_key_is_proven(public_key, &kenya, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_rfc_s_signature),
        cmocka_unit_test(test_the_rfc_s_digests),
        cmocka_unit_test(test_what_we_write_we_read),
        cmocka_unit_test(test_the_profile),
        cmocka_unit_test(test_what_is_no_signature),
        cmocka_unit_test(test_a_request_without_a_body_covers_what_it_has),
        cmocka_unit_test(test_bases_that_cannot_be),
        cmocka_unit_test(test_structured_fields),
        cmocka_unit_test(test_keys_on_disk_and_their_proof),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
