/* Whole files and sorted folder listings, for the readers of this room. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* Reads all of path; more than limit_bytes is a fault. ret_text must be empty; it is filled only
 * on success. ERR_CONFIG names the file. */
enum err_code file_read(const char *path, size_t limit_bytes, struct buf *ret_text,
                        struct err *e) ERR_CHECK;

/* The first line of a file that nobody else may read, in guarded memory (sodium_free). ERR_CONFIG:
 * not there, longer than FILE_SECRET_MAX, or open to others. */
enum { FILE_SECRET_MAX = 512 };
enum err_code file_secret_read(const char *path, char **ret_secret, struct err *e) ERR_CHECK;

/* "dir/name"; the caller frees. */
char *file_path(const char *dir, const char *name) __attribute__((malloc, returns_nonnull));

struct file_list {
    char **names; /* owned; without the folder, sorted by bytes so that no locale matters */
    size_t names_n;
};

/* Names in dir that end in suffix and do not start with a dot. ret_list is filled only on success.
 */
enum err_code file_list_read(const char *dir, const char *suffix, struct file_list *ret_list,
                             struct err *e) ERR_CHECK;
void file_list_clear(struct file_list *l);

#endif
