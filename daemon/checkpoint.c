/* GET /v1/audit/checkpoint: the last signed head of the audit log, for whoever keeps one to compare
 * with later. */
#include "daemon/operations.h"

#include "base/buf.h"
#include "config/file.h"
#include "daemon/task.h"
#include "protocol/note.h"

#include <stdlib.h>

void checkpoint_begin(struct task *t)
{
    BUF_AUTO struct buf note = {0};
    struct err e = {0};
    char *path = file_path(t->app->settings.state, "audit/checkpoint");

    if (file_read(path, NOTE_BYTES_MAX, &note, &e) == ERR_OK)
        task_reply_text(t, 200, "text/plain; charset=utf-8", buf_text(&note));
    else
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no checkpoint"});
    free(path);
}
