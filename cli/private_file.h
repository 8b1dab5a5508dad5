/* A file with a secret: read into guarded memory, and only if nobody else may read it. */
#ifndef CLI_PRIVATE_FILE_H
#define CLI_PRIVATE_FILE_H

#include "base/err.h"

/* path "-" is stdin. *ret_text is NUL-terminated; free it with sodium_free. ERR_CONFIG: it is
 * absent, too long, or its mode is neither 0600 nor 0400. */
enum err_code private_file_read(const char *path, char **ret_text, struct err *e) ERR_CHECK;

#endif
