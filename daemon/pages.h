/* The web pages: a folder that the build made, read whole at start. What can be asked for is what
 * its table (pages.csv: path, type, language, file) lists; a path never becomes a file name.
 * docs/decisions/025-pages-as-a-table.md */
#ifndef DAEMON_PAGES_H
#define DAEMON_PAGES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pages;

enum page_coding { PAGE_PLAIN, PAGE_GZIP, PAGE_BROTLI, PAGE_CODINGS_N };
extern const char *const page_coding_words[]; /* as in Accept-Encoding; PAGE_PLAIN: "identity" */

#define PAGE_TAG_BYTES 24

/* One answer to GET. */
struct page {
    char path[64];
    char type[64];            /* media type */
    char language[4];         /* "" when it has none */
    bool is_fixed;            /* its path changes with its content: may be kept for ever */
    char tag[PAGE_TAG_BYTES]; /* hash of the plain bytes, without quotation marks */
    struct page_bytes {
        char *bytes; /* owned; NULL: not in this coding */
        size_t n;
    } forms[PAGE_CODINGS_N];
};

/* dir "" makes an empty table. ERR_CONFIG: no such folder, too much in it, or a row that is none.
 */
enum err_code pages_load(const char *dir, struct pages **ret_pages, struct err *e) ERR_CHECK;
void pages_free(struct pages *p);

/* Borrowed from p; NULL when there is none. */
const struct page *pages_find(const struct pages *p, const char *path);

/* The smallest form of the page that an Accept-Encoding value allows (RFC 9110 section 12.5.3);
 * value NULL: none was sent. The plain one when nothing else fits. */
enum page_coding page_choose(const struct page *page, const char *value, size_t n);

#endif
