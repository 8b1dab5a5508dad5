#include "cli/store_command.h"

#include "cli/report.h"
#include "cli/store_session.h"

/* The checks of a new connection (store/check.c) do it; any answer says that they are over. */
enum exit_code store_prepare_run(const struct line *line)
{
    struct store_session *s = NULL;
    json_auto_t *ids = NULL;
    struct err e = {0};
    enum err_code rc = store_session_open(line, &s, &e);

    if (rc == ERR_OK)
        rc = store_session_ids(s, &ids, &e);
    store_session_close(s);
    if (rc != ERR_OK)
        return report_err(line, NULL, &e);
    report_remark(line, "the store is fit and has the functions of this release");
    return EXIT_DONE;
}
