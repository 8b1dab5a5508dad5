/* A Merkle tree that only grows (RFC 6962 section 2.1), kept as its right edge: of each perfect
 * subtree the root, as many as size has bits that are 1.
 *
 *   leaf = SHA-256(00 | bytes)        node = SHA-256(01 | left | right) */
#ifndef PROTOCOL_TREE_H
#define PROTOCOL_TREE_H

#include <stddef.h>
#include <stdint.h>

enum { TREE_HASH_BYTES = 32 };

/* Empty as {0}. */
struct tree {
    uint64_t size;
    uint8_t edge[64][TREE_HASH_BYTES]; /* [i]: of 2^i leaves, meaningful where bit i of size is 1 */
};

void tree_add(struct tree *t, const void *leaf, size_t n);
/* Of no leaves: SHA-256 of nothing. */
void tree_root(const struct tree *t, uint8_t ret_root[TREE_HASH_BYTES]);

#endif
