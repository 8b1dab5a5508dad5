/* A document's block:
 *
 *   terms_n words_n | distance << 5 | weight, .. | term bytes text, .. | id's text, NUL
 *      1       1         varint each                 1    1
 *
 * Numbers of terms ascend; the distance is from the one before. A list's block:
 *
 *   bytes used, last place | distance << 4 | level, ..
 *     2            2             15 bits in 2 bytes each, places ascend; highest bit: two more
 * follow
 *
 * A list grows from one block to a larger one, by a fifth or so each time; the largest keeps the
 * handle of the one it follows in front of its bytes. A term of one document needs no block: it
 * stands in the table itself. */
#include "routing/segment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTS_FIRST = 64,
    CLASS_SHIFT = NUMBERING_BITS,
    LEVEL_BITS = 4,
    LIST_HEAD = 4,     /* bytes */
    LIST_LINK = 4,     /* bytes, of the largest blocks */
    POSTING_BYTES = 4, /* at most: a distance below 2^14 and a level */
    POSTING_BITS = 15  /* in two bytes */
};

static const uint32_t only_document = UINT32_C(1) << 31;

/* Units of a list's block. */
static const uint16_t classes[] = {2,   3,   4,   5,   6,   7,   8,   10,  12,  14,
                                   17,  20,  24,  29,  35,  42,  50,  60,  72,  86,
                                   104, 125, 150, 180, 216, 259, 311, 373, 448, POOL_UNITS_MAX};
enum { CLASSES_N = sizeof classes / sizeof classes[0], CLASS_LARGEST = CLASSES_N - 1 };
_Static_assert(CLASSES_N <= 1 << (32 - CLASS_SHIFT), "a class stands above a number");

enum {
    RECORDS_UNITS = SEGMENT_RECORDS * sizeof(struct segment_record) / POOL_UNIT,
    MARKS_UNITS = SEGMENT_MARKS * sizeof(struct segment_mark) / POOL_UNIT
};
_Static_assert((int)RECORDS_UNITS <= (int)POOL_UNITS_MAX && (int)MARKS_UNITS <= (int)POOL_UNITS_MAX,
               "records and marks fit a block");

#define NORM_LEAST 0.05f
#define NORM_STEP 1.03f /* to the 255th: 1,877 */

struct segment *segment_new(uint32_t country)
{
    struct segment *s = mem_new(1, sizeof *s);

    s->country = country;
    s->lists_room = LISTS_FIRST;
    s->lists = mem_new(s->lists_room, sizeof *s->lists);
    memset(s->norm_least, UINT8_MAX, sizeof s->norm_least);
    return s;
}

static size_t put_varint(unsigned char *out, uint32_t value)
{
    size_t n = 0;

    for (; value >= 0x80; value >>= 7)
        out[n++] = (unsigned char)(value | 0x80);
    out[n++] = (unsigned char)value;
    return n;
}

static const unsigned char *take_varint(const unsigned char *p, uint32_t *ret_value)
{
    uint32_t value = *p & 0x7f;

    for (unsigned shift = 7; *p++ & 0x80; shift += 7)
        value |= (uint32_t)(*p & 0x7f) << shift;
    *ret_value = value;
    return p;
}

static const uint16_t posting_more = 1u << POSTING_BITS;

static size_t put_posting(unsigned char out[POSTING_BYTES], uint32_t value)
{
    uint16_t low = value & (posting_more - 1), high = (uint16_t)(value >> POSTING_BITS);

    if (high)
        low |= posting_more;
    memcpy(out, &low, sizeof low);
    memcpy(out + sizeof low, &high, sizeof high);
    return high ? sizeof low + sizeof high : sizeof low;
}

/* Most distances fit two bytes, so the processor guesses right where the next one begins. */
static const unsigned char *take_posting(const unsigned char *p, uint32_t *ret_value)
{
    uint16_t low, high;

    memcpy(&low, p, sizeof low);
    *ret_value = low;
    if (low < posting_more)
        return p + sizeof low;
    memcpy(&high, p + sizeof low, sizeof high);
    *ret_value = (low & (posting_more - 1u)) | (uint32_t)high << POSTING_BITS;
    return p + sizeof low + sizeof high;
}

/* --- lists ------------------------------------------------------------------------------------ */

static uint32_t list_term(const struct segment_list *l)
{
    return l->term & ((UINT32_C(1) << CLASS_SHIFT) - 1);
}

/* Any room, not only powers of two: the table is never less than half full for long. */
static uint32_t list_home(uint32_t number, uint32_t room)
{
    return (uint32_t)((uint64_t)(number * UINT32_C(2654435769)) * room >> 32);
}

static struct segment_list *list_find(struct segment_list *lists, uint32_t room, uint32_t number)
{
    uint32_t i = list_home(number, room);

    while (lists[i].ref != 0 && list_term(&lists[i]) != number)
        i = i + 1 == room ? 0 : i + 1;
    return &lists[i];
}

static void lists_grow(struct segment *s)
{
    uint32_t room = s->lists_room + s->lists_room / 2;
    struct segment_list *lists = mem_new(room, sizeof *lists);

    for (uint32_t i = 0; i < s->lists_room; i++)
        if (s->lists[i].ref != 0)
            *list_find(lists, room, list_term(&s->lists[i])) = s->lists[i];
    free(s->lists);
    s->lists = lists;
    s->lists_room = room;
}

static unsigned list_class(const struct segment_list *l)
{
    return l->term >> CLASS_SHIFT;
}

struct list_head {
    uint16_t bytes, last;
};

static struct list_head *list_head(const struct pool *p, uint32_t block)
{
    return pool_at(p, block);
}

static unsigned char *list_bytes(struct list_head *head, unsigned class)
{
    return (unsigned char *)head + LIST_HEAD + (class == CLASS_LARGEST ? LIST_LINK : 0);
}

static size_t list_room(unsigned class)
{
    return (size_t)classes[class] * POOL_UNIT - LIST_HEAD -
           (class == CLASS_LARGEST ? LIST_LINK : 0);
}

static void list_start(struct segment_list *l, struct pool *p, unsigned class)
{
    uint32_t before = l->ref;
    struct list_head *head;

    l->ref = pool_take(p, classes[class]);
    l->term = list_term(l) | (uint32_t) class << CLASS_SHIFT;
    head = list_head(p, l->ref);
    *head = (struct list_head){0};
    if (class == CLASS_LARGEST)
        memcpy((unsigned char *)head + LIST_HEAD, &before, LIST_LINK);
}

/* More room: the next class, or behind the largest a further one. */
static void list_extend(struct segment_list *l, struct pool *p)
{
    unsigned class = list_class(l);
    struct list_head *from = list_head(p, l->ref), *to;
    uint32_t old = l->ref;

    if (class == CLASS_LARGEST) {
        uint16_t last = from->last;
        list_start(l, p, class);
        list_head(p, l->ref)->last = last;
        return;
    }
    l->ref = 0; /* a largest one that follows none */
    list_start(l, p, class + 1);
    to = list_head(p, l->ref);
    *to = *from;
    memcpy(list_bytes(to, class + 1), list_bytes(from, class), from->bytes);
    pool_give(p, old, classes[class]);
}

static void list_append(struct segment_list *l, struct pool *p, uint32_t place, unsigned level)
{
    struct list_head *head = list_head(p, l->ref);
    unsigned char posting[POSTING_BYTES];
    size_t n = put_posting(posting, (place - head->last) << LEVEL_BITS | level);

    if (head->bytes + n > list_room(list_class(l))) {
        list_extend(l, p);
        head = list_head(p, l->ref);
    }
    memcpy(list_bytes(head, list_class(l)) + head->bytes, posting, n);
    head->bytes = (uint16_t)(head->bytes + n);
    head->last = (uint16_t)place;
}

static void list_add(struct segment *s, struct pool *p, uint32_t number, uint32_t place,
                     unsigned level)
{
    struct segment_list *l;

    if (s->lists_n * 4 >= s->lists_room * 3)
        lists_grow(s);
    l = list_find(s->lists, s->lists_room, number);
    if (l->ref == 0) {
        *l = (struct segment_list){number, only_document | place << LEVEL_BITS | level};
        s->lists_n++;
        return;
    }
    if (l->ref & only_document) {
        uint32_t only = l->ref & ~only_document;
        l->ref = 0;
        list_start(l, p, 0);
        list_append(l, p, only >> LEVEL_BITS, only & (VECTOR_LEVELS - 1));
    }
    list_append(l, p, place, level);
}

static void list_clear(struct segment_list *l, struct pool *p)
{
    uint32_t block = l->ref, before = 0;

    if (block & only_document)
        return;
    for (; block != 0; block = before) {
        before = 0;
        if (list_class(l) == CLASS_LARGEST)
            memcpy(&before, (unsigned char *)pool_at(p, block) + LIST_HEAD, LIST_LINK);
        pool_give(p, block, classes[list_class(l)]);
    }
}

/* --- documents -------------------------------------------------------------------------------- */

static uint8_t norm_round(float norm)
{
    float code = norm > NORM_LEAST ? roundf(logf(norm / NORM_LEAST) / logf(NORM_STEP)) : 0;

    return code >= UINT8_MAX ? UINT8_MAX : (uint8_t)code;
}

float segment_norm(uint8_t norm)
{
    return NORM_LEAST * powf(NORM_STEP, norm);
}

static uint32_t mark_units(const struct segment_mark *m)
{
    return m->units | (m->flags & SEGMENT_UNITS_HIGH ? UINT32_C(256) : 0);
}

struct segment_record *segment_record(const struct segment *s, const struct pool *p, uint32_t place)
{
    struct segment_record *block = pool_at(p, s->blocks[place / SEGMENT_RECORDS]);

    return &block[place % SEGMENT_RECORDS];
}

struct segment_mark *segment_mark(const struct segment *s, const struct pool *p, uint32_t place)
{
    struct segment_mark *block = pool_at(p, s->marks[place / SEGMENT_MARKS]);

    return &block[place % SEGMENT_MARKS];
}

/* Ascending by number: order[i] is the i-th term of the vector. */
struct numbered {
    uint32_t number;
    uint16_t term;
};

static int compare_number(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static size_t write_terms(const struct segment_document *d, const struct numbered *order,
                          unsigned char *out)
{
    uint32_t before = 0;
    size_t n = 0;

    for (size_t i = 0; i < d->vector->terms_n; i++) {
        n += put_varint(out + n, (order[i].number - before) << VECTOR_WEIGHT_BITS |
                                     d->vector->terms[order[i].term].weight);
        before = order[i].number;
    }
    return n;
}

static size_t write_words(const struct segment_document *d, const struct numbered *order,
                          unsigned char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < d->vector->words_n; i++) {
        const struct vector_word *w = &d->vector->words[i];
        size_t term = 0;
        while (order[term].term != w->term)
            term++;
        out[n++] = (unsigned char)term;
        out[n++] = w->bytes;
        memcpy(out + n, w->text, w->bytes);
        n += w->bytes;
    }
    return n;
}

enum {
    BLOCK_BYTES_MAX =
        3 + 5 * FEATURES_MAX + VECTOR_WORDS_MAX * (2 + VECTOR_WORD_BYTES_MAX) + SEGMENT_TEXT_MAX
};
_Static_assert(BLOCK_BYTES_MAX <= POOL_UNIT * POOL_UNITS_MAX, "a document fits a block");

static uint32_t write_block(const struct segment_document *d, struct pool *p, uint32_t *ret_units)
{
    struct numbered order[FEATURES_MAX];
    unsigned char bytes[BLOCK_BYTES_MAX];
    size_t n = 0, text_bytes;
    uint32_t block;

    for (size_t i = 0; i < d->vector->terms_n; i++)
        order[i] = (struct numbered){d->numbers[i], (uint16_t)i};
    qsort(order, d->vector->terms_n, sizeof *order, compare_number);
    bytes[n++] = (unsigned char)d->vector->terms_n;
    bytes[n++] = (unsigned char)(d->vector->terms_n >> 8);
    bytes[n++] = d->vector->words_n;
    n += write_terms(d, order, bytes + n);
    n += write_words(d, order, bytes + n);
    if (d->text) {
        text_bytes = strnlen(d->text, SEGMENT_TEXT_MAX - 1);
        memcpy(bytes + n, d->text, text_bytes);
        n += text_bytes;
        bytes[n++] = '\0';
    }
    *ret_units = pool_units(n);
    block = pool_take(p, *ret_units);
    memcpy(pool_at(p, block), bytes, n);
    return block;
}

uint32_t segment_add(struct segment *s, struct pool *p, const struct segment_document *d)
{
    uint32_t place = s->documents_n, units = 0;
    struct segment_record *r;
    struct segment_mark *m;

    if (place % SEGMENT_RECORDS == 0)
        s->blocks[place / SEGMENT_RECORDS] = pool_take(p, RECORDS_UNITS);
    if (place % SEGMENT_MARKS == 0)
        s->marks[place / SEGMENT_MARKS] = pool_take(p, MARKS_UNITS);
    s->documents_n++;
    r = segment_record(s, p, place);
    m = segment_mark(s, p, place);
    memcpy(r->id, d->id, sizeof r->id);
    r->fingerprint[0] = (uint32_t)d->vector->fingerprint;
    r->fingerprint[1] = (uint32_t)(d->vector->fingerprint >> 32);
    r->block = write_block(d, p, &units);
    m->units = (uint8_t)units;
    m->flags = (uint8_t)(d->vector->language | (units > UINT8_MAX ? SEGMENT_UNITS_HIGH : 0) |
                         (d->text ? SEGMENT_ID_TEXT : 0));
    for (size_t i = 0; i < 2; i++) {
        m->norm[i] = norm_round(d->norm[i]);
        if (m->norm[i] < s->norm_least[i])
            s->norm_least[i] = m->norm[i];
    }
    for (size_t i = 0; i < d->vector->terms_n; i++)
        if (d->posted[i])
            list_add(s, p, d->numbers[i], place, d->vector->terms[i].weight & (VECTOR_LEVELS - 1));
    return place;
}

void segment_remove(struct segment *s, struct pool *p, uint32_t place)
{
    struct segment_mark *m = segment_mark(s, p, place);

    pool_give(p, segment_record(s, p, place)->block, mark_units(m));
    m->flags |= SEGMENT_REMOVED;
    s->removed_n++;
}

void segment_free(struct segment *s, struct pool *p)
{
    if (!s)
        return;
    for (uint32_t place = 0; place < s->documents_n; place++)
        if (!(segment_mark(s, p, place)->flags & SEGMENT_REMOVED))
            segment_remove(s, p, place);
    for (uint32_t place = 0; place < s->documents_n; place += SEGMENT_RECORDS)
        pool_give(p, s->blocks[place / SEGMENT_RECORDS], RECORDS_UNITS);
    for (uint32_t place = 0; place < s->documents_n; place += SEGMENT_MARKS)
        pool_give(p, s->marks[place / SEGMENT_MARKS], MARKS_UNITS);
    for (uint32_t i = 0; i < s->lists_room; i++)
        if (s->lists[i].ref != 0)
            list_clear(&s->lists[i], p);
    free(s->lists);
    free(s);
}

static const unsigned char *read_terms(const struct segment *s, const struct pool *p,
                                       uint32_t place, struct segment_term *ret_terms,
                                       size_t *ret_n)
{
    const unsigned char *bytes = pool_at(p, segment_record(s, p, place)->block);
    size_t n = bytes[0] | (size_t)bytes[1] << 8;
    uint32_t number = 0;

    bytes += 3;
    for (size_t i = 0; i < n; i++) {
        uint32_t pair;
        bytes = take_varint(bytes, &pair);
        number += pair >> VECTOR_WEIGHT_BITS;
        ret_terms[i] = (struct segment_term){number, pair & ((1 << VECTOR_WEIGHT_BITS) - 1)};
    }
    *ret_n = n;
    return bytes;
}

size_t segment_terms(const struct segment *s, const struct pool *p, uint32_t place,
                     struct segment_term ret_terms[FEATURES_MAX])
{
    size_t n;

    read_terms(s, p, place, ret_terms, &n);
    return n;
}

size_t segment_words(const struct segment *s, const struct pool *p, uint32_t place,
                     struct vector_word ret_words[VECTOR_WORDS_MAX],
                     char ret_text[SEGMENT_TEXT_MAX])
{
    const struct segment_record *r = segment_record(s, p, place);
    struct segment_term terms[FEATURES_MAX];
    size_t terms_n, words_n = ((const unsigned char *)pool_at(p, r->block))[2];
    const unsigned char *bytes = read_terms(s, p, place, terms, &terms_n);

    for (size_t i = 0; i < words_n; i++) {
        ret_words[i].term = bytes[0];
        ret_words[i].bytes = bytes[1];
        memcpy(ret_words[i].text, bytes + 2, bytes[1]);
        bytes += 2 + bytes[1];
    }
    *ret_text = '\0';
    if (segment_mark(s, p, place)->flags & SEGMENT_ID_TEXT)
        memcpy(ret_text, bytes, strlen((const char *)bytes) + 1);
    return words_n;
}

/* --- asking ----------------------------------------------------------------------------------- */

static void score_block(struct list_head *head, unsigned class,
                        const uint16_t products[VECTOR_LEVELS], uint32_t place,
                        uint16_t scores[SEGMENT_DOCUMENTS])
{
    const unsigned char *p = list_bytes(head, class), *end = p + head->bytes;

    while (p < end) {
        uint32_t posting;
        p = take_posting(p, &posting);
        place += posting >> LEVEL_BITS;
        scores[place] = (uint16_t)(scores[place] + products[posting & (VECTOR_LEVELS - 1)]);
    }
}

static void score_list(const struct segment_list *l, const struct pool *p,
                       const uint16_t products[VECTOR_LEVELS], uint16_t scores[SEGMENT_DOCUMENTS])
{
    uint32_t block = l->ref;

    if (block & only_document) {
        uint32_t place = (block & ~only_document) >> LEVEL_BITS;
        scores[place] = (uint16_t)(scores[place] + products[block & (VECTOR_LEVELS - 1)]);
        return;
    }
    while (block != 0) {
        struct list_head *head = list_head(p, block);
        uint32_t before = 0, from = 0;
        if (list_class(l) == CLASS_LARGEST)
            memcpy(&before, (unsigned char *)head + LIST_HEAD, LIST_LINK);
        if (before != 0)
            from = list_head(p, before)->last;
        score_block(head, list_class(l), products, from, scores);
        block = before;
    }
}

/* What is read next was asked for some steps before: lists lie all over the memory. */
void segment_score(const struct segment *s, const struct pool *p, const struct segment_asked *terms,
                   size_t n, uint16_t scores[SEGMENT_DOCUMENTS])
{
    const struct segment_list *lists[FEATURES_MAX];

    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(&s->lists[list_home(terms[i].number, s->lists_room)]);
    for (size_t i = 0; i < n; i++) {
        lists[i] = list_find(s->lists, s->lists_room, terms[i].number);
        if (lists[i]->ref != 0 && !(lists[i]->ref & only_document))
            __builtin_prefetch(pool_at(p, lists[i]->ref));
    }
    for (size_t i = 0; i < n; i++)
        score_list(lists[i], p, terms[i].products, scores);
}

size_t segment_bytes(const struct segment *s)
{
    return sizeof *s + s->lists_room * sizeof *s->lists;
}
