/* GET /: what this is and how to get in, for whoever opens it in a browser. */
#include "daemon/operations.h"

#include "daemon/task.h"

static const char page[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Liaison</title>\n<h1>Liaison</h1>\n"
    "<p>Countries ask eight biodiversity conventions for help; Liaison takes each request once, "
    "finds who is best placed to answer, and shows who has the ball.</p>\n"
    "<p>This is the JSON protocol's address. Requests are sent with <code>POST "
    "/v1/requests</code> and a token, or with the command <code>liaison submit</code>; your "
    "coordinator issues the token.</p>\n</html>\n";

void front_begin(struct task *t)
{
    task_reply_text(t, 200, "text/html; charset=utf-8", page);
}
