/* A file that is there wholly or not at all, with its mode from its first byte on. */
#ifndef CLI_WHOLE_FILE_H
#define CLI_WHOLE_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum { WHOLE_FILE_SECRET = 0600, WHOLE_FILE_OPEN = 0644 };

/* replace: an existing file is replaced, else it is ERR_IO. */
enum err_code whole_file_write(const char *path, const char *text, mode_t mode, bool replace,
                               struct err *e) ERR_CHECK;

#endif
