/* UTF-8 as bytes from outside: validity (RFC 3629), length in code points, forbidden controls. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True for well-formed UTF-8: no overlong forms, surrogates or values above U+10FFFF. */
bool utf8_is_valid(const char *text, size_t bytes);
/* Code points of well-formed UTF-8. */
size_t utf8_length(const char *text, size_t bytes);
/* True when text has a control character (C0, DEL, C1) other than newline and tab. */
bool utf8_has_control(const char *text, size_t bytes);
/* The largest n <= limit that does not cut a character in two. */
size_t utf8_cut(const char *text, size_t bytes, size_t limit);

#endif
