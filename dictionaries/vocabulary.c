#include "dictionaries/vocabulary.h"

#include "base/err.h"
#include "config/hash.h"

#include <stdlib.h>
#include <string.h>

struct form {
    char *text; /* owned */
    unsigned n;
    struct form *next;
};

struct word {
    uint64_t key;
    uint32_t number;
    struct form *forms; /* owned */
    UT_hash_handle hh;
};

struct vocabulary {
    struct word *by_key;
    struct word **words; /* owned, by number */
    uint32_t words_n, room;
};

struct vocabulary *vocabulary_new(void)
{
    return mem_new(1, sizeof(struct vocabulary));
}

void vocabulary_free(struct vocabulary *v)
{
    if (!v)
        return;
    HASH_CLEAR(hh, v->by_key);
    for (uint32_t i = 0; i < v->words_n; i++) {
        for (struct form *f = v->words[i]->forms, *next; f; f = next) {
            next = f->next;
            free(f->text);
            free(f);
        }
        free(v->words[i]);
    }
    free(v->words);
    free(v);
}

static struct word *word_new(struct vocabulary *v, uint64_t key)
{
    struct word *w = mem_new(1, sizeof *w);

    w->key = key;
    w->number = v->words_n;
    if (v->words_n == v->room) {
        v->room = v->room ? v->room * 2 : 1024;
        v->words = mem_grow(v->words, v->room, sizeof(struct word *));
    }
    v->words[v->words_n++] = w;
    HASH_ADD(hh, v->by_key, key, sizeof w->key, w);
    return w;
}

uint32_t vocabulary_add(struct vocabulary *v, uint64_t key, const char *form, size_t bytes)
{
    struct word *w;
    struct form *f;

    HASH_FIND(hh, v->by_key, &key, sizeof key, w);
    if (!w)
        w = word_new(v, key);
    for (f = w->forms; f; f = f->next)
        if (strlen(f->text) == bytes && memcmp(f->text, form, bytes) == 0)
            break;
    if (!f) {
        f = mem_new(1, sizeof *f);
        f->text = mem_text_n(form, bytes);
        f->next = w->forms;
        w->forms = f;
    }
    f->n++;
    return w->number;
}

uint32_t vocabulary_count(const struct vocabulary *v)
{
    return v->words_n;
}

const char *vocabulary_form(const struct vocabulary *v, uint32_t word)
{
    const struct form *best = v->words[word]->forms;

    for (const struct form *f = best; f; f = f->next)
        if (f->n > best->n || (f->n == best->n && strcmp(f->text, best->text) < 0))
            best = f;
    return best->text;
}
