/* The functions inside Redis: the .lua files of store/lua and the guards of the life-cycle table,
 * joined at build (cmake/library.cmake) into one library. */
#ifndef STORE_LIBRARY_H
#define STORE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct redisReply;

extern const char library_name[]; /* "liaison_v1" */
extern const char library_code[]; /* NUL-terminated beyond its length */
extern const size_t library_bytes;

/* entry: one library of FUNCTION LIST .. WITHCODE, NULL: none. True when its code is ours. */
bool library_is(const struct redisReply *entry);
/* True when it has a function of each name that ours has: then it is that of another release, which
 * still knows how to do what this one asks (a function that changes gets a new name, R-14). */
bool library_serves(const struct redisReply *entry);

#endif
