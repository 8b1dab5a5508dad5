/* Checkpoints of a log as signed notes (C2SP signed-note and tlog-checkpoint, Ed25519):
 *
 *   <origin>\n<size>\n<base64 root>\n
 *   \n
 *   — <name> <base64 of key id, 4 bytes, and signature, 64>\n        here name is the origin
 *
 * Keys as text: "<name>+<key id, 8 hex>+<base64 of 01 and the public key>" for those who check,
 * "PRIVATE+KEY+<name>+<key id>+<base64 of 01 and the seed>" for the one who signs. */
#ifndef PROTOCOL_NOTE_H
#define PROTOCOL_NOTE_H

#include "base/buf.h"
#include "base/err.h"
#include "protocol/tree.h"

#include <stdbool.h>

enum { NOTE_NAME_BYTES = 64, NOTE_KEY_BYTES = 192, NOTE_BYTES_MAX = 512 };

struct note_key {
    char name[NOTE_NAME_BYTES];
    uint8_t id[4];
    uint8_t pub[32];
    uint8_t secret[64]; /* all zero in a key that only checks; wipe it */
};

struct checkpoint {
    uint64_t size;
    uint8_t root[TREE_HASH_BYTES];
};

/* name: 1-63 visible ASCII without '+'. False: it is not. */
bool note_key_new(const char *name, struct note_key *ret_key);
/* Either form, without the line's end. False: neither. */
bool note_key_read(const char *text, struct note_key *ret_key);
/* The forms; out is NOTE_KEY_BYTES long. */
void note_key_text(const struct note_key *key, bool is_private, char *out);

/* Appends the note. key can sign. */
void note_write(const struct note_key *key, const struct checkpoint *c, struct buf *out);
/* Reads the note at the start of text (n bytes), exactly in the form above, signed by key. Returns
 * its length; 0: it is not. */
size_t note_read(const char *text, size_t n, const struct note_key *key,
                 struct checkpoint *ret_checkpoint);

#endif
