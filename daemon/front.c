/* GET / and the web pages. The front page comes in the reader's language; without pages (a daemon
 * for programs alone) a few words say what this is. */
#include "daemon/operations.h"

#include "daemon/pages.h"
#include "daemon/task.h"

#include <stdio.h>
#include <string.h>

static const char words[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Liaison</title>\n<h1>Liaison</h1>\n"
    "<p>Countries ask eight biodiversity conventions for help; Liaison takes each request once, "
    "finds who is best placed to answer, and shows who has the ball.</p>\n"
    "<p>This is the JSON protocol's address. Requests are sent with <code>POST "
    "/v1/requests</code> and a token, or with the command <code>liaison submit</code>; your "
    "coordinator issues the token.</p>\n</html>\n";

/* Everything a page needs is ours and has an address; nothing stands inside the HTML
 * (conventions 1.11). */
static const char policy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

/* The client has these very bytes: its If-None-Match lists the tag. */
static bool is_known(const struct task *t, const char *tag)
{
    const struct head_slice *known = head_find(http_head(t->http), "If-None-Match");

    return known && memmem(known->text, known->bytes, tag, strlen(tag));
}

static void page_reply(struct task *t, const struct page *page, const char *vary)
{
    const struct head_slice *accepted = head_find(http_head(t->http), "Accept-Encoding");
    enum page_coding coding =
        page_choose(page, accepted ? accepted->text : NULL, accepted ? accepted->bytes : 0);
    const struct page_bytes *form = &page->forms[coding];
    char tag[PAGE_TAG_BYTES + 16];

    snprintf(tag, sizeof tag, "\"%s%s%s\"", page->tag, coding == PAGE_PLAIN ? "" : "-",
             coding == PAGE_PLAIN ? "" : page_coding_words[coding]);
    http_add_header(t->http, "ETag", tag);
    http_add_header(t->http, "Vary", vary);
    http_add_header(t->http, "Cache-Control",
                    page->is_fixed ? "public, max-age=31536000, immutable" : "public, no-cache");
    http_add_header(t->http, "Content-Security-Policy", policy);
    if (*page->language)
        http_add_header(t->http, "Content-Language", page->language);
    if (is_known(t, tag)) {
        task_reply_page(t, 304, NULL, "", 0);
        return;
    }
    if (coding != PAGE_PLAIN)
        http_add_header(t->http, "Content-Encoding", page_coding_words[coding]);
    task_reply_page(t, 200, page->type, form->bytes, form->n);
}

void front_begin(struct task *t)
{
    const struct page *page;
    char path[8];

    snprintf(path, sizeof path, "/%s", language_codes[t->language]);
    page = pages_find(t->app->pages, path);
    if (page)
        page_reply(t, page, "Accept-Encoding, Accept-Language");
    else
        task_reply_text(t, 200, "text/html; charset=utf-8", words);
}

void page_begin(struct task *t)
{
    char path[sizeof((struct page *)0)->path];
    const struct page *page = NULL;

    if (head_path_decode(http_head(t->http), path, sizeof path))
        page = pages_find(t->app->pages, path);
    if (page)
        page_reply(t, page, "Accept-Encoding");
    else
        task_problem(t, &(struct err){ERR_NOT_FOUND, "no such page"});
}
