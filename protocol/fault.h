/* All that is wrong with a document, each with its JSON Pointer (RFC 6901, URI-fragment form)
 * and a code; words for people come from messages.csv under fault.<code>. */
#ifndef PROTOCOL_FAULT_H
#define PROTOCOL_FAULT_H

#include <stddef.h>
#include <stdint.h>

enum { FAULTS_MAX = 50, FAULT_POINTER_BYTES = 192, FAULT_WORDS_BYTES = 200 };

struct fault {
    char pointer[FAULT_POINTER_BYTES]; /* "#/sites/0/name", "#" for the whole document */
    const char *code;                  /* static: "wrong_length" */
    int64_t min, max;                  /* for messages with {min} {max}; 0 where unused */
    char words[FAULT_WORDS_BYTES];     /* for {words} and {member}; "" where unused */
};

struct faults {
    struct fault list[FAULTS_MAX];
    size_t n; /* never above FAULTS_MAX; what comes later is dropped */
};

/* Adds a fault at `at` (a pointer, "#" for the root) + "/" + name; name NULL: at itself. code is
 * static; NULL adds nothing. Returns the new fault for min, max and words, or NULL. */
struct fault *fault_add(struct faults *f, const char *at, const char *name, const char *code);

/* The words that would be right, for {words}: ends with NULL; "" is left out. */
void fault_words(struct fault *f, const char *const *words);

/* Appends "/" and the escaped name to at: ~ and / by RFC 6901, then percent-encoding as in a URI
 * fragment. Too long a pointer is cut; out has FAULT_POINTER_BYTES. Returns out. */
char *fault_pointer(const char *at, const char *name, char *out);

#endif
