/* RFC 6962 roots over the leaves of the reliability rules, section 10. */
#include "protocol/tree.h"

#include "tests/unit/protocol/ring.h"

static const char *const leaves[] = {"",
                                     "00",
                                     "10",
                                     "2021",
                                     "3031",
                                     "40414243",
                                     "5051525354555657",
                                     "606162636465666768696a6b6c6d6e6f"};

static void add_hex(struct tree *t, const char *hex)
{
    uint8_t bytes[16];
    size_t n;

    sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &n, NULL);
    tree_add(t, bytes, n);
}

static void test_roots_are_those_of_the_rfc(void **state)
{
    static const struct {
        uint64_t size;
        const char *root;
    } cases[] = {
        {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct tree t = {0};
    uint8_t root[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        while (t.size < cases[i].size)
            add_hex(&t, leaves[t.size]);
        tree_root(&t, root);
        assert_hex(root, sizeof root, cases[i].root);
    }
}

/* The definition, word by word: split at the largest power of two below n. */
static void root_of(const char *const *list, size_t n, uint8_t out[32])
{
    uint8_t bytes[65] = {1};
    struct tree one = {0};
    size_t k = 1;

    if (n == 1) {
        tree_add(&one, *list, strlen(*list));
        tree_root(&one, out);
        return;
    }
    while (2 * k < n)
        k *= 2;
    root_of(list, k, bytes + 1);
    root_of(list + k, n - k, bytes + 33);
    crypto_hash_sha256(out, bytes, sizeof bytes);
}

static void test_the_edge_says_what_the_definition_says(void **state)
{
    enum { N = 200 };
    static char texts[N][8];
    const char *list[N];
    struct tree t = {0};
    uint8_t is[32], must[32];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "%zu", i);
        list[i] = texts[i];
        tree_add(&t, texts[i], strlen(texts[i]));
        tree_root(&t, is);
        root_of(list, i + 1, must);
        assert_memory_equal(is, must, 32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots_are_those_of_the_rfc),
        cmocka_unit_test(test_the_edge_says_what_the_definition_says),
    };

    return cmocka_run_group_tests(tests, ring_setup, ring_teardown);
}
