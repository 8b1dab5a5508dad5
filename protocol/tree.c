#include "protocol/tree.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static void node(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
    uint8_t bytes[1 + 2 * TREE_HASH_BYTES] = {1};

    memcpy(bytes + 1, left, TREE_HASH_BYTES);
    memcpy(bytes + 1 + TREE_HASH_BYTES, right, TREE_HASH_BYTES);
    crypto_hash_sha256(out, bytes, sizeof bytes);
}

void tree_add(struct tree *t, const void *leaf, size_t n)
{
    static const uint8_t prefix = 0;
    crypto_hash_sha256_state state;
    uint8_t hash[TREE_HASH_BYTES];
    unsigned i = 0;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, leaf, n);
    crypto_hash_sha256_final(&state, hash);
    for (; t->size >> i & 1; i++)
        node(t->edge[i], hash, hash);
    memcpy(t->edge[i], hash, sizeof hash);
    t->size++;
}

void tree_root(const struct tree *t, uint8_t ret_root[TREE_HASH_BYTES])
{
    bool any = false;

    crypto_hash_sha256(ret_root, NULL, 0);
    for (unsigned i = 0; i < 64; i++) { /* from the right, the smallest, to the left */
        if (!(t->size >> i & 1))
            continue;
        if (any)
            node(t->edge[i], ret_root, ret_root);
        else
            memcpy(ret_root, t->edge[i], TREE_HASH_BYTES);
        any = true;
    }
}
