/* lexicon_build: reads the dictionaries that are installed and the committed table, and writes one
 * lexicon (routing/lexicon.h).
 * usage: lexicon_build TABLE-FOLDER OUT [DICTIONARY-FOLDER..]
 *
 * A dictionary that is not there is left out and told on stderr; one that is damaged ends the
 * build. */
#include "base/buf.h"
#include "base/err.h"
#include "config/csv.h"
#include "config/file.h"
#include "config/mandate.h"
#include "dictionaries/dictd.h"
#include "dictionaries/gloss.h"
#include "routing/wordbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum form { FORM_FREEDICT, FORM_MUELLER, FORM_CEDICT };

/* One row a dictionary. Its pairs count score / (1 + rank): the first translation is the usual
 * one. */
static const struct source {
    const char *name; /* of the file, without its ending */
    const char *language;
    const char *other; /* of its translations */
    enum form form;
    unsigned score;
} sources[] = {
    {"freedict-fra-eng", "fr", "en", FORM_FREEDICT, 240},
    {"freedict-eng-fra", "en", "fr", FORM_FREEDICT, 240},
    {"freedict-spa-eng", "es", "en", FORM_FREEDICT, 240},
    {"freedict-eng-spa", "en", "es", FORM_FREEDICT, 240},
    {"freedict-ara-eng", "ar", "en", FORM_FREEDICT, 240},
    {"freedict-eng-ara", "en", "ar", FORM_FREEDICT, 240},
    {"freedict-eng-rus", "en", "ru", FORM_FREEDICT, 240},
    {"mueller7",         "en", "ru", FORM_MUELLER,  240},
    {"cedict_ts",        "zh", "en", FORM_CEDICT,   240},
    {"freedict-fra-spa", "fr", "es", FORM_FREEDICT, 240},
    {"freedict-fra-rus", "fr", "ru", FORM_FREEDICT, 240},
};

enum {
    RANKS_MAX = 12, /* later translations are of rare senses */
    SOURCES_N = sizeof sources / sizeof sources[0],
    TABLE_SCORE = 1500,
    TABLE_WEIGHT_MAX = 100
};

struct builder {
    struct wordbook *book;
    const struct source *source;
    unsigned pairs_n; /* of this source */
    struct buf about;
    unsigned dictionaries_n;
};

static void add_gloss(void *arg, const char *head, const char *gloss, unsigned rank)
{
    struct builder *b = arg;
    const struct source *s = b->source;
    unsigned score;

    if (strcmp(s->other, "en") == 0)
        wordbook_hear(b->book, gloss);
    if (rank >= RANKS_MAX)
        return;
    score = s->score / (1 + rank);
    if (strcmp(s->other, "en") == 0)
        b->pairs_n += wordbook_add(b->book, language_find(s->language), head, gloss,
                                   WORDBOOK_TO_ENGLISH, score);
    else if (strcmp(s->language, "en") == 0)
        b->pairs_n += wordbook_add(b->book, language_find(s->other), gloss, head,
                                   WORDBOOK_FROM_ENGLISH, score);
    else
        b->pairs_n += wordbook_bridge(b->book, language_find(s->language), head,
                                      language_find(s->other), gloss);
}

static void add_entry(void *arg, const char *entry, size_t bytes)
{
    static void (*const forms[])(const char *, size_t, gloss_fn,
                                 void *) = {[FORM_FREEDICT] = gloss_freedict,
                                            [FORM_MUELLER] = gloss_mueller,
                                            [FORM_CEDICT] = gloss_cedict};

    forms[((struct builder *)arg)->source->form](entry, bytes, add_gloss, arg);
}

static void builder_tell(struct builder *b, const char *name)
{
    buf_printf(&b->about, "%s%s %u", b->about.bytes > 0 ? ", " : "", name, b->pairs_n);
    b->pairs_n = 0;
}

/* --- dictionaries ---------------------------------------------------------------------- */

static enum err_code lines_read(const char *path, struct builder *b, struct err *e)
{
    BUF_AUTO struct buf text = {0};
    enum err_code rc = dictd_inflate(path, &text, e);
    const char *at = buf_text(&text);

    while (rc == ERR_OK && *at) {
        size_t n = strcspn(at, "\n");
        add_entry(b, at, n - (n > 0 && at[n - 1] == '\r'));
        at += n + (at[n] == '\n');
    }
    return rc;
}

/* The dictionary's path without its ending in one of the folders; NULL: not there. */
static char *source_find(const struct source *s, char **folders, const char *ending)
{
    for (; *folders; folders++) {
        char *base = file_path(*folders, s->name);
        BUF_AUTO struct buf path = {0};
        buf_printf(&path, "%s%s", base, ending);
        if (access(path.text, R_OK) == 0)
            return base;
        free(base);
    }
    return NULL;
}

static enum err_code source_read(struct builder *b, const struct source *s, char **folders,
                                 struct err *e)
{
    const char *ending = s->form == FORM_CEDICT ? ".u8" : ".index";
    char *base = source_find(s, folders, ending);
    enum err_code rc = ERR_OK;

    if (!base) {
        fprintf(stderr, "lexicon_build: %s is not installed\n", s->name);
        return ERR_OK;
    }
    b->source = s;
    if (s->form == FORM_CEDICT) {
        BUF_AUTO struct buf path = {0};
        buf_printf(&path, "%s%s", base, ending);
        rc = lines_read(path.text, b, e);
    } else {
        rc = dictd_read(base, add_entry, b, e);
    }
    free(base);
    if (rc == ERR_OK) {
        builder_tell(b, s->name);
        b->dictionaries_n++;
    }
    return rc;
}

/* --- the committed table --------------------------------------------------------------- */

static enum err_code table_row(void *arg, const struct csv *row, struct err *e)
{
    struct builder *b = arg;
    const char *word, *english;
    int language, weight;
    enum err_code rc;

    if ((rc = csv_word(row, "language", language_codes, &language, e)) != ERR_OK ||
        (rc = csv_require(row, "word", &word, e)) != ERR_OK ||
        (rc = csv_require(row, "english", &english, e)) != ERR_OK ||
        (rc = csv_number(row, "weight", 1, TABLE_WEIGHT_MAX, &weight, e)) != ERR_OK)
        return rc;
    b->pairs_n += wordbook_add(b->book, language, word, english, WORDBOOK_TO_ENGLISH,
                               TABLE_SCORE * (unsigned)weight / TABLE_WEIGHT_MAX);
    return ERR_OK;
}

static enum err_code table_read(struct builder *b, const char *folder, struct err *e)
{
    struct file_list files = {0};
    enum err_code rc = file_list_read(folder, ".csv", &files, e);

    for (size_t i = 0; rc == ERR_OK && i < files.names_n; i++)
        rc = csv_read_in(folder, files.names[i], table_row, b, e);
    file_list_clear(&files);
    builder_tell(b, "table");
    return rc;
}

/* --- */

/* Under another name first, so that a reader finds the old file or the new one. */
static enum err_code bytes_write(const char *path, const struct buf *bytes, struct err *e)
{
    BUF_AUTO struct buf fresh = {0};
    FILE *f;
    bool written;

    buf_printf(&fresh, "%s.new", path);
    f = fopen(fresh.text, "we");
    written = f && fwrite(bytes->text, 1, bytes->bytes, f) == bytes->bytes;
    if ((f && fclose(f) != 0) || !written || rename(fresh.text, path) != 0)
        return err_set(e, ERR_IO, "cannot write %s", path);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct builder b = {0};
    BUF_AUTO struct buf bytes = {0};
    struct err e = {0};
    enum err_code rc;

    if (argc < 3) {
        fprintf(stderr, "usage: lexicon_build TABLE-FOLDER OUT [DICTIONARY-FOLDER..]\n");
        return 2;
    }
    b.book = wordbook_new();
    rc = table_read(&b, argv[1], &e);
    for (size_t i = 0; rc == ERR_OK && i < SOURCES_N; i++)
        rc = source_read(&b, &sources[i], argv + 3, &e);
    if (b.dictionaries_n == 0)
        buf_add_text(&b.about, ", no dictionaries");
    if (rc == ERR_OK)
        rc = wordbook_write(b.book, buf_text(&b.about), &bytes, &e);
    if (rc == ERR_OK)
        rc = bytes_write(argv[2], &bytes, &e);
    if (rc == ERR_OK)
        printf("%s: %zu bytes; %s\n", argv[2], bytes.bytes, buf_text(&b.about));
    else
        fprintf(stderr, "lexicon_build: %s\n", e.detail);
    buf_clear(&b.about);
    wordbook_free(b.book);
    return rc == ERR_OK ? 0 : 1;
}
