/* Where a request is, named as people name it. */
#ifndef CLI_REQUEST_PATH_H
#define CLI_REQUEST_PATH_H

#include "base/buf.h"
#include "cli/api.h"

/* name: an id, or a reference (LN-2026-KEN-0001), which is first looked up, since the API acts on
 * ids only. Adds "/v1/requests/<id>" to ret_path. Else the exit code, after saying why. */
enum exit_code request_path_find(struct api *api, const char *name, struct buf *ret_path);

#endif
