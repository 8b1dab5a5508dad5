#include "daemon/pages.h"

#include "base/buf.h"
#include "config/csv.h"
#include "config/file.h"
#include "daemon/coding.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGES_MAX = 64, FILE_BYTES_MAX = 1 << 20, HASH_BYTES = 10 };

const char *const page_coding_words[] = {"identity", "gzip", "br", NULL};
static const char *const coding_suffixes[] = {"", ".gz", ".br"};

struct pages {
    const char *dir; /* borrowed, while loading */
    struct page list[PAGES_MAX];
    size_t n;
};

/* --- loading --------------------------------------------------------------------------------- */

/* A plain name: nothing that leads out of the folder. */
static bool is_name(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return *text != '.' && *text && !text[strspn(text, letters)];
}

/* Only the plain form has to be there. */
static enum err_code forms_read(struct page *page, const char *dir, const char *name, struct err *e)
{
    enum err_code rc = ERR_OK;

    for (int i = 0; i < PAGE_CODINGS_N && rc == ERR_OK; i++) {
        char *plain = file_path(dir, name);
        BUF_AUTO struct buf path = {0};
        struct buf bytes = {0};
        struct err missing = {0};

        buf_printf(&path, "%s%s", plain, coding_suffixes[i]);
        free(plain);
        if (file_read(buf_text(&path), FILE_BYTES_MAX, &bytes, &missing) == ERR_OK) {
            page->forms[i].n = bytes.bytes;
            page->forms[i].bytes = buf_take(&bytes);
        } else if (i == PAGE_PLAIN) {
            rc = err_set(e, missing.code, "%s", missing.detail);
        }
    }
    return rc;
}

static void page_clear(struct page *page)
{
    for (int i = 0; i < PAGE_CODINGS_N; i++)
        free(page->forms[i].bytes);
}

static enum err_code page_row(void *arg, const struct csv *row, struct err *e)
{
    struct pages *p = arg;
    struct page page = {.is_fixed = false};
    const char *language = csv_cell(row, "language");
    unsigned char hash[HASH_BYTES];
    const char *name;
    enum err_code rc;

    if (p->n == PAGES_MAX)
        return csv_fault(row, e, "more than %d pages", PAGES_MAX);
    if ((rc = csv_copy(row, "path", page.path, sizeof page.path, e)) ||
        (rc = csv_copy(row, "type", page.type, sizeof page.type, e)) ||
        (rc = csv_flag(row, "fixed", &page.is_fixed, e)) ||
        (rc = csv_require(row, "file", &name, e)))
        return rc;
    if (page.path[0] != '/' || pages_find(p, page.path))
        return csv_fault(row, e, "path \"%s\" is none, or twice", page.path);
    if (!is_name(name))
        return csv_fault(row, e, "file \"%.60s\" is not a plain name", name);
    snprintf(page.language, sizeof page.language, "%s", language ? language : "");
    rc = forms_read(&page, p->dir, name, e);
    if (rc != ERR_OK) {
        page_clear(&page);
        return rc;
    }
    crypto_generichash(hash, sizeof hash, (const unsigned char *)page.forms[PAGE_PLAIN].bytes,
                       page.forms[PAGE_PLAIN].n, NULL, 0);
    sodium_bin2hex(page.tag, sizeof page.tag, hash, sizeof hash);
    p->list[p->n++] = page;
    return ERR_OK;
}

enum err_code pages_load(const char *dir, struct pages **ret_pages, struct err *e)
{
    struct pages *p = mem_new(1, sizeof *p);
    enum err_code rc = ERR_OK;

    p->dir = dir;
    if (*dir)
        rc = csv_read_in(dir, "pages.csv", page_row, p, e);
    p->dir = NULL;
    if (rc != ERR_OK)
        pages_free(p);
    else
        *ret_pages = p;
    return rc;
}

void pages_free(struct pages *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        page_clear(&p->list[i]);
    free(p);
}

/* --- asking ---------------------------------------------------------------------------------- */

const struct page *pages_find(const struct pages *p, const char *path)
{
    for (size_t i = 0; i < p->n; i++)
        if (!strcmp(p->list[i].path, path))
            return &p->list[i];
    return NULL;
}

enum page_coding page_choose(const struct page *page, const char *value, size_t n)
{
    enum page_coding best = PAGE_PLAIN;

    for (int i = PAGE_PLAIN + 1; i < PAGE_CODINGS_N && value; i++)
        if (page->forms[i].bytes && page->forms[i].n < page->forms[best].n &&
            coding_is_accepted(value, n, page_coding_words[i]))
            best = (enum page_coding)i;
    return best;
}
