/* A file for secrets: mode 0600 from its first byte on, there wholly or not at all. */
#ifndef CLI_SECRET_FILE_H
#define CLI_SECRET_FILE_H

#include "base/err.h"

#include <stdbool.h>

/* replace: an existing file is replaced, else it is ERR_IO. */
enum err_code secret_file_write(const char *path, const char *text, bool replace,
                                struct err *e) ERR_CHECK;

#endif
