/* Words for people, by key and language, from config/messages.csv. */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

#include "base/err.h"
#include "config/mandate.h"

struct words; /* opaque, read-only once loaded */

enum err_code words_load(const char *dir, struct words **ret_words, struct err *e) ERR_CHECK;
void words_free(struct words *w);

/* The text under key in that language (index, language_find). Never NULL: a key that is not
 * there comes back itself, so a gap is seen, not hidden. Borrowed from w or key. */
const char *words_get(const struct words *w, const char *key, int language);
bool words_has(const struct words *w, const char *key);

struct word_value {
    const char *name;  /* placeholder without braces */
    const char *value; /* inserted as it stands */
};
/* words_get with {name} replaced; values end with a row whose name is NULL. The caller frees. */
char *words_fill(const struct words *w, const char *key, int language,
                 const struct word_value *values) __attribute__((malloc, returns_nonnull));

/* The best of our languages for an Accept-Language value (RFC 9110 section 12.5.4: q-values,
 * prefix match such as fr-CA); otherwise when the value is NULL, names none of ours or leaves it
 * open ("*"). */
int words_negotiate(const char *accept_language, int otherwise);

#endif
