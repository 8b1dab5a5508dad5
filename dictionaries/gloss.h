/* The text of a dictionary entry taken apart: headword and translations. Pure.
 *
 * Alternatives are parted by commas, semicolons and numbers of senses; what stands in brackets
 * explains and is left out. */
#ifndef DICTIONARIES_GLOSS_H
#define DICTIONARIES_GLOSS_H

#include <stddef.h>

/* head means gloss; rank: 0 for the first translation of an entry, 1 for the second .. Both are
 * NUL-terminated and borrowed for the call. */
typedef void (*gloss_fn)(void *arg, const char *head, const char *gloss, unsigned rank);

/* FreeDict: "head /pronunciation/ <grammar>", then lines of "1. this, that". */
void gloss_freedict(const char *entry, size_t bytes, gloss_fn fn, void *arg);
/* Mueller: "head", then indented text with labels (_n.), numbers and examples. */
void gloss_mueller(const char *entry, size_t bytes, gloss_fn fn, void *arg);
/* CC-CEDICT: a line of "traditional simplified [pinyin] /this; that/those/". The head is the
 * simplified form; a name is glossed by its name and its pinyin, whatever is told about it. */
void gloss_cedict(const char *line, size_t bytes, gloss_fn fn, void *arg);

#endif
