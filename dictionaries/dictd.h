/* Dictionaries in the format of the DICT server (dictfmt(1)): NAME.index, one line an entry with
 * its place in base 64, and NAME.dict.dz, the entries' texts, readable as gzip. */
#ifndef DICTIONARIES_DICTD_H
#define DICTIONARIES_DICTD_H

#include "base/err.h"

#include <stddef.h>

/* entry is borrowed and not NUL-terminated. */
typedef void (*dictd_fn)(void *arg, const char *entry, size_t bytes);

/* base: path without ".index". Each entry once a line of the index; entries about the dictionary
 * itself are left out. ERR_CONFIG: a file is missing, unreadable or damaged; entries before the
 * fault were handed out. */
enum err_code dictd_read(const char *base, dictd_fn fn, void *arg, struct err *e) ERR_CHECK;
/* A whole file, decompressed if it is gzip; at most 64 MiB. The caller frees. */
struct buf;
enum err_code dictd_inflate(const char *path, struct buf *ret_text, struct err *e) ERR_CHECK;

#endif
