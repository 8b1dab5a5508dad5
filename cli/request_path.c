#include "cli/request_path.h"

#include "cli/sheet.h"
#include "cli/url.h"

#include <string.h>

static bool is_reference(const char *name)
{
    return !strncmp(name, "LN-", 3);
}

enum exit_code request_path_find(struct api *api, const char *name, struct buf *ret_path)
{
    BUF_AUTO struct buf path = {0};
    BUF_AUTO struct buf subject = {0};
    struct api_answer answer = {0};
    enum exit_code rc = EXIT_DONE;

    buf_add_text(&path, "/v1/requests/");
    url_add(&path, name);
    if (is_reference(name)) {
        buf_printf(&subject, "request %s", name);
        rc = api_get(api, buf_text(&path), buf_text(&subject), &answer);
        if (rc == EXIT_DONE && sheet_text(answer.json, "id")) {
            buf_clear(&path);
            buf_add_text(&path, "/v1/requests/");
            url_add(&path, sheet_text(answer.json, "id"));
        }
        api_answer_clear(&answer);
    }
    if (rc == EXIT_DONE)
        buf_add_text(ret_path, buf_text(&path));
    return rc;
}
