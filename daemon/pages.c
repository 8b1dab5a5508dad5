#include "daemon/pages.h"

#include "base/buf.h"
#include "config/csv.h"
#include "config/file.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static size_t blanks(const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && (text[i] == ' ' || text[i] == '\t'))
        i++;
    return i;
}

/* Whether what stands behind a coding says that it is refused: ";q=0", ";q=0.0" .. */
static bool is_refused(const char *text, size_t n)
{
    size_t at = blanks(text, n);

    if (at == n || text[at] != ';')
        return false;
    at++;
    at += blanks(text + at, n - at);
    if (n - at < 3 || strncasecmp(text + at, "q=0", 3) != 0)
        return false;
    for (at += 3; at < n; at++)
        if (text[at] >= '1' && text[at] <= '9')
            return false;
    return true;
}

static bool accepts(const char *value, size_t n, const char *coding)
{
    size_t coding_n = strlen(coding);

    while (n) {
        size_t at = blanks(value, n);
        const char *comma = memchr(value, ',', n);
        size_t part_n = comma ? (size_t)(comma - value) : n;
        size_t word_n = at;

        while (word_n < part_n && !strchr(" \t;", value[word_n]))
            word_n++;
        if (at <= part_n && word_n - at == coding_n && !strncasecmp(value + at, coding, coding_n))
            return !is_refused(value + word_n, part_n - word_n);
        if (!comma)
            break;
        n -= part_n + 1;
        value = comma + 1;
    }
    return false;
}

enum page_coding page_choose(const struct page *page, const char *value, size_t n)
{
    enum page_coding best = PAGE_PLAIN;

    for (int i = PAGE_PLAIN + 1; i < PAGE_CODINGS_N && value; i++)
        if (page->forms[i].bytes && page->forms[i].n < page->forms[best].n &&
            accepts(value, n, page_coding_words[i]))
            best = (enum page_coding)i;
    return best;
}
