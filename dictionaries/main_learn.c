/* lexicon_learn: word pairs from sentences in six languages, as a table for lexicon_build.
 * usage: lexicon_learn FILE > config/lexicon/learned.csv
 *
 * FILE: tab-separated, its header names the columns; those with the code of a language are read.
 * script/learn-words runs it on the sentences named in config/SOURCES.md. */
#include "base/buf.h"
#include "base/err.h"
#include "config/file.h"
#include "config/mandate.h"
#include "dictionaries/aligner.h"
#include "dictionaries/hanword.h"
#include "dictionaries/vocabulary.h"
#include "routing/lexicon_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 16 << 20, COLUMNS_MAX = 32, SENSES_KEPT = 2 };

/* Below these a pair is taken for chance: it stood together nearly once when all else is explained,
 * and is likely both ways. */
static const double count_min = 0.9, likely_min = 0.1;

struct words {
    uint32_t *words; /* owned */
    size_t n, room;
};

struct corpus {
    char **cells[LANGUAGES_N]; /* borrowed from the file, a sentence each; NULL: no column */
    size_t n, room;
    struct words *english; /* owned, a sentence each */
    struct vocabulary *english_words;
};

/* --- the file -------------------------------------------------------------------------- */

static size_t cells_split(char *line, char *cells[COLUMNS_MAX])
{
    size_t n = 0;

    while (line && n < COLUMNS_MAX) {
        char *tab = strchr(line, '\t');
        cells[n++] = line;
        if (tab)
            *tab++ = '\0';
        line = tab;
    }
    return n;
}

static void row_add(struct corpus *c, const int columns[LANGUAGES_N], char **cells, size_t cells_n)
{
    for (int l = 0; l < LANGUAGES_N; l++)
        if (columns[l] < 0 || (size_t)columns[l] >= cells_n)
            return;
    if (c->n == c->room) {
        c->room = c->room ? c->room * 2 : 1024;
        for (int l = 0; l < LANGUAGES_N; l++)
            c->cells[l] = mem_grow(c->cells[l], c->room, sizeof(char *));
    }
    for (int l = 0; l < LANGUAGES_N; l++)
        c->cells[l][c->n] = cells[columns[l]];
    c->n++;
}

static void corpus_read(struct corpus *c, char *text)
{
    char *cells[COLUMNS_MAX];
    int columns[LANGUAGES_N];
    char *at = text;

    for (bool is_header = true; *at; is_header = false) {
        size_t line = strcspn(at, "\n");
        bool more = at[line] == '\n';
        size_t n;
        at[line] = '\0';
        n = cells_split(at, cells);
        for (int l = 0; is_header && l < LANGUAGES_N; l++) {
            columns[l] = -1;
            for (size_t i = 0; i < n; i++)
                if (strcmp(cells[i], language_codes[l]) == 0)
                    columns[l] = (int)i;
        }
        if (!is_header)
            row_add(c, columns, cells, n);
        at += line + more;
    }
}

/* --- sentences as numbers -------------------------------------------------------------- */

static void words_add(struct words *w, struct vocabulary *v, const struct text *t, size_t i,
                      size_t tokens_n)
{
    const struct token *first = &t->tokens[i], *last = &t->tokens[i + tokens_n - 1];

    if (w->n == w->room) {
        w->room = w->room ? w->room * 2 : 32;
        w->words = mem_grow(w->words, w->room, sizeof *w->words);
    }
    w->words[w->n++] = vocabulary_add(v, lexicon_phrase(first, tokens_n), t->source + first->start,
                                      last->start + last->bytes - first->start);
}

/* The script that words of the language have; others stand for themselves (lexicon_find). */
static unsigned script_of(int language)
{
    static const struct {
        const char *language;
        unsigned script;
    } scripts[] = {
        {"ar", TOKEN_ARABIC  },
        {"ru", TOKEN_CYRILLIC},
        {"zh", TOKEN_HAN     }
    };

    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        if (strcmp(language_codes[language], scripts[i].language) == 0)
            return scripts[i].script;
    return 0;
}

static void sentence_read(const struct text *t, int language, const struct hanwords *han,
                          struct vocabulary *v, struct words *ret_words)
{
    unsigned scripts = TOKEN_ARABIC | TOKEN_CYRILLIC | TOKEN_HAN;

    for (size_t i = 0, n; i < t->tokens_n; i += n) {
        n = han ? hanwords_longest(han, t, i) : 1;
        if (!(t->tokens[i].flags & (TOKEN_STOP | TOKEN_NUMBER)) &&
            (t->tokens[i].flags & scripts) == script_of(language))
            words_add(ret_words, v, t, i, n);
    }
}

static struct hanwords *han_learn(const struct corpus *c, const struct text *texts)
{
    struct hansentence *sentences = mem_new(c->n + 1, sizeof *sentences);
    struct hanwords *han;

    for (size_t i = 0; i < c->n; i++)
        sentences[i] = (struct hansentence){&texts[i], c->english[i].words, c->english[i].n};
    han = hanwords_learn(sentences, c->n);
    free(sentences);
    return han;
}

/* --- pairs ----------------------------------------------------------------------------- */

/* links of one foreign word: the likeliest two, when they are more than chance. */
static void word_print(const struct corpus *c, const struct vocabulary *v, int language,
                       const struct link *links, size_t n)
{
    const struct link *best[SENSES_KEPT] = {0};

    for (size_t i = 0; i < n; i++) {
        const struct link *x = &links[i];
        if (x->count < count_min || sqrt(x->forward * x->backward) < likely_min)
            continue;
        for (size_t k = 0; x && k < SENSES_KEPT; k++) {
            if (!best[k] || x->forward > best[k]->forward) {
                const struct link *weaker = best[k];
                best[k] = x;
                x = weaker;
            }
        }
    }
    for (size_t k = 0; k < SENSES_KEPT && best[k]; k++) {
        int weight = (int)lround(100 * best[k]->forward);
        if (weight > 0)
            printf("%s,%s,%s,%d\r\n", language_codes[language],
                   vocabulary_form(v, best[k]->foreign),
                   vocabulary_form(c->english_words, best[k]->english), weight);
    }
}

static void language_learn(const struct corpus *c, int language)
{
    struct text *texts = mem_new(c->n + 1, sizeof *texts);
    struct words *words = mem_new(c->n + 1, sizeof *words);
    struct bisentence *sentences = mem_new(c->n + 1, sizeof *sentences);
    struct vocabulary *v = vocabulary_new();
    struct hanwords *han = NULL;
    struct link *links;
    size_t links_n;

    for (size_t i = 0; i < c->n; i++)
        text_read(c->cells[language][i], language, &texts[i]);
    if (script_of(language) == TOKEN_HAN)
        han = han_learn(c, texts);
    for (size_t i = 0; i < c->n; i++) {
        sentence_read(&texts[i], language, han, v, &words[i]);
        sentences[i] =
            (struct bisentence){words[i].words, c->english[i].words, words[i].n, c->english[i].n};
    }
    links = aligner_run(sentences, c->n, vocabulary_count(v), vocabulary_count(c->english_words),
                        &links_n);
    for (size_t i = 0, end; i < links_n; i = end) {
        for (end = i + 1; end < links_n && links[end].foreign == links[i].foreign;)
            end++;
        word_print(c, v, language, links + i, end - i);
    }
    for (size_t i = 0; i < c->n; i++) {
        text_clear(&texts[i]);
        free(words[i].words);
    }
    hanwords_free(han);
    vocabulary_free(v);
    free(texts);
    free(words);
    free(sentences);
    free(links);
}

static void corpus_learn(struct corpus *c)
{
    int english = language_find("en");

    c->english = mem_new(c->n + 1, sizeof *c->english);
    c->english_words = vocabulary_new();
    for (size_t i = 0; i < c->n; i++) {
        struct text t;
        text_read(c->cells[english][i], english, &t);
        sentence_read(&t, english, NULL, c->english_words, &c->english[i]);
        text_clear(&t);
    }
    printf("language,word,english,weight\r\n");
    for (int l = 0; l < LANGUAGES_N; l++)
        if (l != english)
            language_learn(c, l);
    for (size_t i = 0; i < c->n; i++)
        free(c->english[i].words);
    free(c->english);
    vocabulary_free(c->english_words);
}

int main(int argc, char **argv)
{
    BUF_AUTO struct buf text = {0};
    struct corpus c = {0};
    struct err e = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: lexicon_learn FILE > TABLE\n");
        return 2;
    }
    if (file_read(argv[1], FILE_BYTES_MAX, &text, &e) != ERR_OK) {
        fprintf(stderr, "lexicon_learn: %s\n", e.detail);
        return 1;
    }
    if (text.bytes > 0)
        corpus_read(&c, text.text);
    corpus_learn(&c);
    for (int l = 0; l < LANGUAGES_N; l++)
        free(c.cells[l]);
    return 0;
}
