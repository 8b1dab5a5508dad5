/* Words of one language by number, each with the form in which it is met most. */
#ifndef DICTIONARIES_VOCABULARY_H
#define DICTIONARIES_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

struct vocabulary;

struct vocabulary *vocabulary_new(void) __attribute__((returns_nonnull));
void vocabulary_free(struct vocabulary *v);
/* The number of the word with that key, counted once more in this form (bytes are copied). */
uint32_t vocabulary_add(struct vocabulary *v, uint64_t key, const char *form, size_t bytes);
uint32_t vocabulary_count(const struct vocabulary *v);
/* The form met most, of equals the first by bytes; borrowed. */
const char *vocabulary_form(const struct vocabulary *v, uint32_t word);

#endif
