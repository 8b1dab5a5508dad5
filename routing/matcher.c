#include "routing/matcher.h"

#include "base/err.h"

#include <stdlib.h>
#include <string.h>

enum {
    NEAR_SPREAD = 3, /* a loose phrase of n words spans at most n + this many content tokens */
    NEAR_PHRASES_MAX = 64, /* a word with more phrases than that is no anchor */
    SHORT_LETTERS = 5,     /* Latin words up to here must agree but for the plural */
    NONE = -1
};

#define FIT_NEAR 0.4f       /* the phrase's words in another order or with words between */
#define FIT_OTHER_LINK 0.5f /* "remise a l'eau" for "remise en eau" */
#define FIT_MANNER 0.15f    /* "important" for "import" */

/* A beginning of a phrase, or a whole one. */
struct node {
    uint64_t hash; /* of the keys so far; 0: free slot */
    int32_t ends;  /* first of the phrases that end here, NONE */
};

struct phrase {
    uint64_t keys[MATCH_PHRASE_MAX];
    uint32_t payload;
    int32_t next; /* next phrase with the same keys, NONE */
    uint8_t keys_n;
    uint8_t anchor; /* index of its rarest key */
    uint8_t need;
    bool han;                  /* characters: their neighbourhood says nothing */
    bool name;                 /* its neighbourhood says nothing either */
    uint8_t before_n, after_n; /* function words around the only content word of a phrase */
    uint8_t manners[MATCH_PHRASE_MAX];
    uint64_t singulars[MATCH_PHRASE_MAX];
    uint8_t letters[MATCH_PHRASE_MAX];
    uint64_t between; /* hash of the function words that matter */
};

/* How many phrases have the key, and where its anchored phrases start. */
struct word {
    uint64_t key; /* 0: free slot */
    uint32_t phrases_n;
    uint32_t anchored_at, anchored_n;
};

/* A phrase that is found by its anchor, beside what tells most often that it is not there. */
struct anchored {
    uint32_t phrase;
    uint32_t seen; /* seen_bit of its rarest other key */
};

enum { KNOWN_BITS = 1 << 16 };

struct matcher {
    uint64_t known[KNOWN_BITS / 64]; /* a bit for each key of a phrase: most words are in none, and
                                        this fits where the tables do not, near the processor */
    struct node *nodes;              /* owned, open addressing, size a power of two */
    size_t nodes_n, nodes_room;
    struct phrase *phrases; /* owned */
    size_t phrases_n, phrases_room;
    struct word *words; /* owned, open addressing */
    size_t words_n, words_room;
    struct anchored *anchored; /* owned, grouped by anchor */
};

/* Which bit of content.seen stands for the key. */
static uint32_t seen_bit(uint64_t key)
{
    return (uint32_t)(key >> 20 & 4095);
}

static bool is_seen(const struct content *c, uint32_t bit)
{
    return c->seen[bit >> 6] >> (bit & 63) & 1;
}

void content_init(struct content *c, const struct text *t)
{
    memset(c, 0, sizeof *c);
    c->text = t;
    c->tokens = mem_new(t->tokens_n + 1, sizeof *c->tokens);
    for (size_t i = 0; i < t->tokens_n; i++) {
        uint64_t key = t->tokens[i].key;
        if (t->tokens[i].flags & TOKEN_STOP)
            continue;
        c->tokens[c->tokens_n++] = (uint32_t)i;
        c->seen[seen_bit(key) >> 6] |= UINT64_C(1) << (seen_bit(key) & 63);
    }
}

void content_clear(struct content *c)
{
    free(c->tokens);
    memset(c, 0, sizeof *c);
}

static const struct token *content_at(const struct content *c, size_t i)
{
    return &c->text->tokens[c->tokens[i]];
}

/* Punctuation between two neighbouring content tokens, also beside function words. */
static bool content_breaks(const struct content *c, size_t i)
{
    for (size_t t = c->tokens[i - 1] + 1; t <= c->tokens[i]; t++)
        if (c->text->tokens[t].flags & TOKEN_BREAK)
            return true;
    return false;
}

/* --- tables -------------------------------------------------------------------------- */

static struct node *node_slot(struct node *nodes, size_t room, uint64_t hash)
{
    size_t i = hash & (room - 1);

    while (nodes[i].hash != 0 && nodes[i].hash != hash)
        i = (i + 1) & (room - 1);
    return &nodes[i];
}

static struct word *word_slot(struct word *words, size_t room, uint64_t key)
{
    size_t i = key & (room - 1);

    while (words[i].key != 0 && words[i].key != key)
        i = (i + 1) & (room - 1);
    return &words[i];
}

static struct node *node_add(struct matcher *m, uint64_t hash)
{
    struct node *n;

    if (m->nodes_n * 2 >= m->nodes_room) {
        size_t room = m->nodes_room * 2;
        struct node *nodes = mem_new(room, sizeof *nodes);
        for (size_t i = 0; i < m->nodes_room; i++)
            if (m->nodes[i].hash != 0)
                *node_slot(nodes, room, m->nodes[i].hash) = m->nodes[i];
        free(m->nodes);
        m->nodes = nodes;
        m->nodes_room = room;
    }
    n = node_slot(m->nodes, m->nodes_room, hash);
    if (n->hash == 0) {
        m->nodes_n++;
        *n = (struct node){hash, NONE};
    }
    return n;
}

static struct word *word_add(struct matcher *m, uint64_t key)
{
    struct word *w;

    if (m->words_n * 2 >= m->words_room) {
        size_t room = m->words_room * 2;
        struct word *words = mem_new(room, sizeof *words);
        for (size_t i = 0; i < m->words_room; i++)
            if (m->words[i].key != 0)
                *word_slot(words, room, m->words[i].key) = m->words[i];
        free(m->words);
        m->words = words;
        m->words_room = room;
    }
    w = word_slot(m->words, m->words_room, key);
    if (w->key == 0) {
        m->words_n++;
        w->key = key;
    }
    return w;
}

struct matcher *matcher_new(void)
{
    struct matcher *m = mem_new(1, sizeof *m);

    m->nodes_room = m->words_room = 1024;
    m->nodes = mem_new(m->nodes_room, sizeof *m->nodes);
    m->words = mem_new(m->words_room, sizeof *m->words);
    return m;
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    free(m->nodes);
    free(m->phrases);
    free(m->words);
    free(m->anchored);
    free(m);
}

static uint32_t known_bit(uint64_t key)
{
    return (uint32_t)(key >> 8 & (KNOWN_BITS - 1));
}

static bool may_know(const struct matcher *m, uint64_t key)
{
    return m->known[known_bit(key) >> 6] >> (known_bit(key) & 63) & 1;
}

/* Function words in tokens [first, last] that may change the meaning; with all: every one. */
static uint64_t between_hash(const struct text *t, size_t first, size_t last, bool all)
{
    uint64_t hash = 0;

    for (size_t i = first; i <= last; i++)
        if ((t->tokens[i].flags & TOKEN_STOP) && (all || !(t->tokens[i].flags & TOKEN_LINK)))
            hash = text_mix(hash, t->tokens[i].key);
    return hash;
}

static void phrase_links(struct phrase *p, const struct text *t)
{
    size_t first = 0, last = t->tokens_n - 1;

    while (t->tokens[first].flags & TOKEN_STOP)
        first++;
    while (t->tokens[last].flags & TOKEN_STOP)
        last--;
    if (p->keys_n == 1 && t->tokens_n <= UINT8_MAX) {
        p->before_n = (uint8_t)first;
        p->after_n = (uint8_t)(t->tokens_n - 1 - last);
    }
    p->between = between_hash(t, first - p->before_n, last + p->after_n, p->keys_n == 1);
}

static void phrase_add(struct matcher *m, const struct text *phrase, enum match_need need,
                       uint32_t payload, bool name)
{
    struct phrase p = {.payload = payload, .need = (uint8_t)need, .name = name};
    struct node *node = NULL;
    uint64_t hash = 0;

    for (size_t i = 0; i < phrase->tokens_n && p.keys_n < MATCH_PHRASE_MAX; i++) {
        const struct token *t = &phrase->tokens[i];
        if (t->flags & TOKEN_STOP)
            continue;
        p.han = p.han || (t->flags & TOKEN_HAN);
        p.manners[p.keys_n] = t->manner;
        p.singulars[p.keys_n] = t->singular;
        p.letters[p.keys_n] = t->letters;
        p.keys[p.keys_n++] = t->key;
        hash = text_mix(hash, t->key);
        m->known[known_bit(t->key) >> 6] |= UINT64_C(1) << (known_bit(t->key) & 63);
        node = node_add(m, hash);
        if (!name)
            word_add(m, t->key)->phrases_n++;
    }
    if (!node)
        return;
    phrase_links(&p, phrase);
    for (int32_t i = node->ends; i != NONE; i = m->phrases[i].next)
        if (m->phrases[i].payload == payload && m->phrases[i].between == p.between &&
            memcmp(m->phrases[i].manners, p.manners, sizeof p.manners) == 0) {
            if (m->phrases[i].need > p.need)
                m->phrases[i].need = p.need; /* also written without capitals */
            return;
        }
    if (m->phrases_n == m->phrases_room) {
        m->phrases_room = m->phrases_room ? m->phrases_room * 2 : 1024;
        m->phrases = mem_grow(m->phrases, m->phrases_room, sizeof *m->phrases);
    }
    p.next = node->ends;
    node->ends = (int32_t)m->phrases_n;
    m->phrases[m->phrases_n++] = p;
}

void matcher_add(struct matcher *m, const struct text *phrase, enum match_need need,
                 uint32_t payload)
{
    phrase_add(m, phrase, need, payload, false);
}

void matcher_add_name(struct matcher *m, const struct text *phrase, enum match_need need,
                      uint32_t payload)
{
    phrase_add(m, phrase, need, payload, true);
}

/* Index of the key of p that fewest phrases have, besides one (NONE: of all). */
static uint8_t rarest_key(const struct matcher *m, const struct phrase *p, int besides)
{
    uint32_t least = UINT32_MAX;
    uint8_t rarest = 0;

    for (uint8_t k = 0; k < p->keys_n; k++) {
        uint32_t n = word_slot(m->words, m->words_room, p->keys[k])->phrases_n;
        if (k != besides && n < least) {
            least = n;
            rarest = k;
        }
    }
    return rarest;
}

void matcher_finish(struct matcher *m)
{
    uint32_t at = 0;

    for (size_t i = 0; i < m->phrases_n; i++) {
        struct phrase *p = &m->phrases[i];
        if (p->keys_n < 2 || p->han || p->name)
            continue;
        p->anchor = rarest_key(m, p, NONE);
        word_slot(m->words, m->words_room, p->keys[p->anchor])->anchored_n++;
    }
    for (size_t i = 0; i < m->words_room; i++) {
        m->words[i].anchored_at = at;
        at += m->words[i].anchored_n;
        m->words[i].anchored_n = 0;
    }
    m->anchored = mem_new(at + 1UL, sizeof *m->anchored);
    for (size_t i = 0; i < m->phrases_n; i++) {
        const struct phrase *p = &m->phrases[i];
        struct word *w;
        if (p->keys_n < 2 || p->han || p->name)
            continue;
        w = word_slot(m->words, m->words_room, p->keys[p->anchor]);
        m->anchored[w->anchored_at + w->anchored_n++] =
            (struct anchored){(uint32_t)i, seen_bit(p->keys[rarest_key(m, p, p->anchor)])};
    }
}

bool matcher_knows(const struct matcher *m, uint64_t key)
{
    return word_slot(m->words, m->words_room, key)->key != 0;
}

/* --- finding ------------------------------------------------------------------------- */

struct finding {
    const struct matcher *m;
    const struct content *c;
    struct match *matches;
    size_t n, room;
};

static bool need_is_met(const struct token *t, uint8_t need)
{
    if (need == MATCH_CAPITALS)
        return (t->flags & TOKEN_CAPITALS) != 0;
    return need == MATCH_ANY || (t->flags & TOKEN_UPPER) != 0;
}

static void finding_add(struct finding *f, const struct phrase *p, size_t first, size_t length,
                        float fit, bool near_only)
{
    if (f->n > 0 && f->matches[f->n - 1].payload == p->payload &&
        f->matches[f->n - 1].first == first && f->matches[f->n - 1].length == length) {
        struct match *last = &f->matches[f->n - 1]; /* the concept lists both forms */
        if (last->fit < fit)
            *last = (struct match){p->payload, (uint32_t)first, (uint16_t)length, near_only, fit};
        return;
    }
    if (f->n < f->room)
        f->matches[f->n++] =
            (struct match){p->payload, (uint32_t)first, (uint16_t)length, near_only, fit};
}

/* Whether a text's word can stand for the phrase's word of the same stem. A verb's form stands
 * for the bare word ("trained": "train"), but not the other way round; a Russian adjective does
 * not stand for a noun. Stems of short words say little: French "mars" and "marais" share theirs.
 */
static bool word_fits(const struct phrase *p, uint8_t i, const struct token *t)
{
    if (p->singulars[i] == t->singular)
        return true;
    if ((t->letters <= SHORT_LETTERS || p->letters[i] <= SHORT_LETTERS) &&
        !(t->flags & (TOKEN_ARABIC | TOKEN_CYRILLIC | TOKEN_HAN)))
        return false;
    if (t->flags & TOKEN_CYRILLIC)
        return p->manners[i] != 0 || t->manner != MANNER_ADJECTIVE;
    return p->manners[i] == t->manner || (p->manners[i] == 0 && t->manner == MANNER_VERB);
}

static float phrase_fit(const struct finding *f, const struct phrase *p, size_t first)
{
    const struct text *t = f->c->text;
    size_t from = f->c->tokens[first], to = f->c->tokens[first + p->keys_n - 1U];
    float fit = 1.0f;

    if (p->before_n > from || to + p->after_n >= t->tokens_n)
        return 0;
    if (between_hash(t, from - p->before_n, to + p->after_n, p->keys_n == 1) != p->between) {
        if (p->keys_n == 1)
            return 0;
        fit = FIT_OTHER_LINK;
    }
    for (uint8_t i = 0; i < p->keys_n; i++)
        if (!word_fits(p, i, content_at(f->c, first + i)))
            fit *= FIT_MANNER;
    return fit;
}

static void find_phrases(struct finding *f, size_t first)
{
    uint64_t hash = 0;

    for (size_t i = first; i < f->c->tokens_n && i < first + MATCH_PHRASE_MAX; i++) {
        const struct node *node;
        if (i > first && content_breaks(f->c, i))
            return;
        hash = text_mix(hash, content_at(f->c, i)->key);
        node = node_slot(f->m->nodes, f->m->nodes_room, hash);
        if (node->hash == 0)
            return;
        for (int32_t p = node->ends; p != NONE; p = f->m->phrases[p].next)
            if (need_is_met(content_at(f->c, first), f->m->phrases[p].need)) {
                float fit = phrase_fit(f, &f->m->phrases[p], first);
                if (fit > 0)
                    finding_add(f, &f->m->phrases[p], first, i - first + 1, fit, false);
            }
    }
}

/* The nearest token with that key around the anchor, in its sentence. NONE: not there. */
static long near_token(const struct content *c, size_t anchor, uint64_t key, size_t reach)
{
    uint16_t sentence = content_at(c, anchor)->sentence;

    for (size_t d = 1; d <= reach; d++) {
        if (anchor + d < c->tokens_n && content_at(c, anchor + d)->key == key &&
            content_at(c, anchor + d)->sentence == sentence)
            return (long)(anchor + d);
        if (anchor >= d && content_at(c, anchor - d)->key == key &&
            content_at(c, anchor - d)->sentence == sentence)
            return (long)(anchor - d);
    }
    return NONE;
}

/* Whether all words of the phrase may stand in the text. */
static bool may_stand(const struct content *c, const struct phrase *p)
{
    for (uint8_t i = 0; i < p->keys_n; i++)
        if (!is_seen(c, seen_bit(p->keys[i])))
            return false;
    return true;
}

/* The phrase around one of its words: from where to where, and how well. 0: not all stand there. */
static float phrase_near(const struct finding *f, const struct phrase *p, size_t anchor,
                         size_t *ret_low, size_t *ret_high)
{
    size_t reach = (size_t)p->keys_n + NEAR_SPREAD - 1;
    float fit = FIT_NEAR;
    bool in_order = true;

    *ret_low = *ret_high = anchor;
    for (uint8_t i = 0; i < p->keys_n; i++) {
        long at = i == p->anchor ? (long)anchor : near_token(f->c, anchor, p->keys[i], reach);
        if (at == NONE)
            return 0;
        if (!word_fits(p, i, content_at(f->c, (size_t)at)))
            fit *= FIT_MANNER;
        in_order = in_order && (size_t)at == anchor + i - p->anchor;
        *ret_low = (size_t)at < *ret_low ? (size_t)at : *ret_low;
        *ret_high = (size_t)at > *ret_high ? (size_t)at : *ret_high;
    }
    if (in_order || *ret_high - *ret_low > reach)
        return 0; /* in order: find_phrases has it */
    for (size_t i = *ret_low + 1; i <= *ret_high; i++)
        if (content_breaks(f->c, i))
            return 0; /* words on two sides of a comma belong to two things */
    return fit;
}

static void find_near(struct finding *f, size_t anchor)
{
    const struct word *w = word_slot(f->m->words, f->m->words_room, content_at(f->c, anchor)->key);

    if (w->key == 0 || w->anchored_n > NEAR_PHRASES_MAX)
        return;
    for (uint32_t k = 0; k < w->anchored_n; k++) {
        const struct anchored *a = &f->m->anchored[w->anchored_at + k];
        const struct phrase *p = &f->m->phrases[a->phrase];
        size_t low, high;
        float fit = is_seen(f->c, a->seen) && may_stand(f->c, p)
                        ? phrase_near(f, p, anchor, &low, &high)
                        : 0;
        if (fit > 0)
            finding_add(f, p, low, high - low + 1, fit, true);
    }
}

size_t matcher_find(const struct matcher *m, const struct content *c, struct match *ret_matches,
                    size_t room)
{
    struct finding f = {m, c, ret_matches, 0, room};

    for (size_t i = 0; i < c->tokens_n && f.n < room; i++) {
        if (!may_know(m, content_at(c, i)->key))
            continue;
        find_phrases(&f, i);
        find_near(&f, i);
    }
    return f.n;
}
