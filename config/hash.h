/* uthash as we use it: a hash function without fall-through cases, which clang would report in
 * our files, and no memory is a bug() as everywhere. */
#ifndef CONFIG_HASH_H
#define CONFIG_HASH_H

#include "base/err.h"

#define HASH_FUNCTION(key, key_bytes, hash) HASH_FNV(key, key_bytes, hash)
#define uthash_fatal(msg) bug("%s", msg)
#include <uthash.h>

#endif
