#include "routing/place.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum {
    COMMON_COUNTRIES = 4,   /* a word in the site names of so many countries is no name */
    NAME_LETTERS_MIN = 4,   /* shorter words are articles and abbreviations */
    NAME_WORDS_MAX = 6,     /* distinctive words looked at */
    NAME_REACH = 12,        /* tokens within which the words of one name stand */
    NAME_PERCENT = 60,      /* how many of three and more words must be there */
    NAME_TRIES_MAX = 16,    /* beginnings of one name looked at: bounds the work on any text */
    SKELETON_CONSONANTS = 4 /* a name in another script by its consonants alone */
};

struct place_word {
    uint64_t fold;
    uint32_t skeleton;      /* 0: too short to go by */
    uint64_t before, after; /* folds of its neighbours in the name, 0: none to go by */
};

struct place {
    struct place_word words[NAME_WORDS_MAX];
    size_t words_n;
};

struct places {
    const struct world *world; /* borrowed */
    struct place *places;      /* owned, one a site, same index */
};

/* A word of a site's name and the country it was seen in, to count countries. */
struct sighting {
    uint64_t fold;
    char iso3[4];
};

static int compare_sighting(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;

    if (x->fold != y->fold)
        return x->fold < y->fold ? -1 : 1;
    return strcmp(x->iso3, y->iso3);
}

/* Keeps in s the words that many countries have, once each; returns how many. */
static size_t common_words(struct sighting *s, size_t n)
{
    size_t kept = 0;

    qsort(s, n, sizeof *s, compare_sighting);
    for (size_t i = 0, end; i < n; i = end) {
        size_t countries = 1;
        for (end = i + 1; end < n && s[end].fold == s[i].fold; end++)
            countries += strcmp(s[end].iso3, s[end - 1].iso3) != 0;
        if (countries >= COMMON_COUNTRIES)
            s[kept++] = s[i];
    }
    return kept;
}

static bool is_common(const struct sighting *common, size_t n, uint64_t fold)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (common[middle].fold < fold)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && common[low].fold == fold;
}

static void place_fill(struct place *p, const struct text *name, const struct sighting *common,
                       size_t common_n, const struct matcher *vocabulary)
{
    for (size_t i = 0; i < name->tokens_n && p->words_n < NAME_WORDS_MAX; i++) {
        const struct token *t = &name->tokens[i];
        if (t->letters < NAME_LETTERS_MIN || (t->flags & TOKEN_NUMBER) ||
            is_common(common, common_n, t->fold) || matcher_knows(vocabulary, t->key))
            continue;
        if (i > 0 && t[-1].letters >= NAME_LETTERS_MIN)
            p->words[p->words_n].before = t[-1].fold;
        if (i + 1 < name->tokens_n && t[1].letters >= NAME_LETTERS_MIN)
            p->words[p->words_n].after = t[1].fold;
        p->words[p->words_n].fold = t->fold;
        p->words[p->words_n++].skeleton = t->consonants >= SKELETON_CONSONANTS ? t->skeleton : 0;
    }
}

struct places *places_new(const struct world *w, const struct matcher *vocabulary)
{
    struct places *p = mem_new(1, sizeof *p);
    struct text *names = mem_new(w->sites_n + 1, sizeof *names);
    struct sighting *common;
    size_t words_n = 0, common_n = 0;

    for (size_t i = 0; i < w->sites_n; i++) {
        text_read(w->sites[i].name, language_find("en"), &names[i]);
        words_n += names[i].tokens_n;
    }
    common = mem_new(words_n + 1, sizeof *common);
    for (size_t i = 0; i < w->sites_n; i++)
        for (size_t k = 0; k < names[i].tokens_n; k++) {
            common[common_n].fold = names[i].tokens[k].fold;
            memcpy(common[common_n++].iso3, w->sites[i].iso3, sizeof common->iso3);
        }
    common_n = common_words(common, common_n);
    p->world = w;
    p->places = mem_new(w->sites_n + 1, sizeof *p->places);
    for (size_t i = 0; i < w->sites_n; i++) {
        place_fill(&p->places[i], &names[i], common, common_n, vocabulary);
        text_clear(&names[i]);
    }
    free(names);
    free(common);
    return p;
}

void places_free(struct places *p)
{
    if (!p)
        return;
    free(p->places);
    free(p);
}

/* Whether the text's token can be that word of a name. */
static bool word_is(const struct place_word *w, const struct token *t,
                    const struct matcher *vocabulary)
{
    if (!(t->flags & (TOKEN_ARABIC | TOKEN_CYRILLIC)))
        return t->fold == w->fold && (t->flags & TOKEN_UPPER);
    return w->skeleton != 0 && t->skeleton == w->skeleton &&
           ((t->flags & TOKEN_ARABIC) || (t->flags & TOKEN_UPPER)) &&
           !matcher_knows(vocabulary, t->key);
}

/* "Talamanca Range" stands for "Talamanca Range-La Amistad Reserves": a distinctive word with its
 * neighbour, as in the name. */
static bool neighbour_stands(const struct place_word *w, const struct text *t, size_t at)
{
    return (w->before != 0 && at > 0 && t->tokens[at - 1].fold == w->before) ||
           (w->after != 0 && at + 1 < t->tokens_n && t->tokens[at + 1].fold == w->after);
}

/* How many further words of the name stand near token at. */
static size_t words_near(const struct place *p, const struct text *t, size_t at,
                         const struct matcher *vocabulary, size_t *ret_end)
{
    size_t from = at > NAME_REACH ? at - NAME_REACH : 0;
    size_t to = at + NAME_REACH < t->tokens_n ? at + NAME_REACH : t->tokens_n;
    size_t n = 0;

    for (size_t w = 0; w < p->words_n; w++)
        for (size_t i = from; i < to; i++)
            if (word_is(&p->words[w], &t->tokens[i], vocabulary)) {
                n++;
                if (i == *ret_end)
                    *ret_end = i + 1;
                break;
            }
    return n;
}

/* A bit for each word of the text, by fold and by skeleton: most sites are told absent at once. */
struct seen_words {
    uint64_t bits[64];
};

static void seen_add(struct seen_words *s, uint64_t hash)
{
    s->bits[hash >> 6 & 63] |= UINT64_C(1) << (hash & 63);
}

static bool seen_has(const struct seen_words *s, uint64_t hash)
{
    return (s->bits[hash >> 6 & 63] >> (hash & 63) & 1) != 0;
}

static bool place_may_stand(const struct place *p, const struct seen_words *seen)
{
    for (size_t w = 0; w < p->words_n; w++)
        if (seen_has(seen, p->words[w].fold) ||
            (p->words[w].skeleton != 0 && seen_has(seen, p->words[w].skeleton)))
            return true;
    return false;
}

static bool place_stands(const struct place *p, const struct text *t,
                         const struct matcher *vocabulary, struct place_found *ret_found)
{
    size_t needed = p->words_n < 3 ? p->words_n : (p->words_n * NAME_PERCENT + 99) / 100;
    size_t tries = 0;

    for (size_t i = 0; i < t->tokens_n && tries < NAME_TRIES_MAX; i++)
        for (size_t w = 0; w < p->words_n; w++) {
            size_t end = i + 1;
            if (!word_is(&p->words[w], &t->tokens[i], vocabulary))
                continue;
            tries++;
            if (words_near(p, t, i, vocabulary, &end) < needed &&
                !neighbour_stands(&p->words[w], t, i))
                continue;
            ret_found->token = (uint32_t)i;
            ret_found->token_end = (uint32_t)end;
            return true;
        }
    return false;
}

size_t places_find(const struct places *p, const char *iso3, const struct text *t,
                   const struct matcher *vocabulary, struct place_found *ret_found, size_t room)
{
    const struct world *w = p->world;
    size_t low = 0, high = w->sites_n, n = 0;
    struct seen_words seen = {{0}};

    for (size_t i = 0; i < t->tokens_n; i++) {
        seen_add(&seen, t->tokens[i].fold);
        seen_add(&seen, t->tokens[i].skeleton);
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(w->sites[middle].iso3, iso3) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < w->sites_n && strcmp(w->sites[low].iso3, iso3) == 0 && n < room; low++)
        if (place_may_stand(&p->places[low], &seen) &&
            place_stands(&p->places[low], t, vocabulary, &ret_found[n]))
            ret_found[n++].site = (uint32_t)low;
    return n;
}
