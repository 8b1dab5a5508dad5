/* One pass over the code points. The scanner keeps the word it is in; a word that ends is
 * repaired, stemmed and stored. ICU's word breaker is not used: it needs a dictionary for Han,
 * which is read character by character here, and its rules change between ICU releases, while
 * the same input must give the same decision. */
#include "routing/text.h"

#include "base/err.h"
#include "config/mandate.h"
#include "routing/letter.h"
#include "routing/stop.h"

#include <libstemmer.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

enum {
    WORD_LETTERS_MAX = 24, /* longer words are read up to here */
    SKELETON_LETTERS = 3,  /* fewer consonants tell no names apart */
    SHOUT_WORDS = 4,       /* a sentence of so many words, most of them in capitals, */
    SHOUT_PERCENT = 70,    /* is shouting: there capitals mark no abbreviation */
    SENTENCES_MAX = 4095,
    ARABIC_ROOT_LETTERS = 3, /* what must remain when a prefix is taken off */
    WORD_BYTES_REMEMBERED = 38,
    MEMORIES_BITS = 16
};

/* Requests use the same few thousand words again and again, and stemming is what reading costs. */
static _Thread_local struct memory
    *memories; /* 1 << MEMORIES_BITS of them; as long as the thread */

uint64_t text_hash(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3);
    return text_mix(h, n);
}

uint64_t text_mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ (b + UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);

    h = (h ^ (h >> 29)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 32);
}

/* The word under way. */
struct word {
    size_t length; /* code points */
    size_t upper_n;
    size_t start;
    unsigned script; /* TOKEN_ARABIC, TOKEN_CYRILLIC or 0 */
    bool number;
};

/* A word that was read before, with what came of it. */
struct memory {
    char word[WORD_BYTES_REMEMBERED];
    uint8_t word_bytes; /* 0: free */
    int8_t language;
    struct token token; /* what depends on the word alone */
};

struct scanner {
    struct text *text;
    const UNormalizer2 *nfd;             /* borrowed from ICU */
    struct sb_stemmer *arabic, *russian; /* owned, made when first needed */
    struct sb_stemmer *latin;            /* owned */
    int language;                        /* -1: not known */
    struct word word;
    size_t room;
    unsigned sentence;
    unsigned pending; /* flags for the next token */
};

/* --- UTF-8 --------------------------------------------------------------------------- */

/* ICU's macros are not written for -Wconversion: they stay in these two functions. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"

/* The code point at *at, which moves behind it; negative where bytes are not well-formed. */
static UChar32 utf8_next(const char *text, size_t *at, size_t bytes)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t i = *at;
    UChar32 c;

    U8_NEXT(p, i, bytes, c);
    *at = i;
    return c;
}

static size_t letters_to_utf8(const UChar32 *letters, size_t n, char out[TEXT_WORD_BYTES * 4])
{
    uint8_t *p = (uint8_t *)out;
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        U8_APPEND_UNSAFE(p, bytes, letters[i]);
    p[bytes] = 0;
    return bytes;
}

#pragma GCC diagnostic pop

/* --- letters ------------------------------------------------------------------------- */

static UChar32 letter_fold(const UNormalizer2 *nfd, UChar32 c)
{
    static const struct {
        UChar32 from, to;
    } odd[] = {
        {0xdf,  's'},
        {0xe6,  'a'},
        {0xf0,  'd'},
        {0xf8,  'o'},
        {0xfe,  't'},
        {0x111, 'd'},
        {0x131, 'i'},
        {0x142, 'l'},
        {0x153, 'o'}
    };
    UChar parts[8];

    if (c < 0x80)
        return c;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (odd[i].from == c)
            return odd[i].to;
    for (int depth = 0; depth < 3; depth++) { /* Vietnamese letters carry two marks */
        UErrorCode status = U_ZERO_ERROR;
        int32_t n = unorm2_getRawDecomposition(nfd, c, parts, 8, &status);
        if (n <= 0 || U_FAILURE(status))
            break;
        c = parts[0]; /* letters beyond the basic plane do not decompose in our scripts */
    }
    return c;
}

/* The forms of one letter that writers mix. */
static UChar32 letter_repair(UChar32 c)
{
    switch (c) {
    case 0x0622: /* alef with madda, hamza above, below, wasla */
    case 0x0623:
    case 0x0625:
    case 0x0671:
        return 0x0627;
    case 0x0629: /* ta marbuta -> ha */
        return 0x0647;
    case 0x0624:
        return 0x0648;
    case 0x0626: /* ya with hamza, alef maqsura, Persian ya */
    case 0x0649:
    case 0x06cc:
        return 0x064a;
    case 0x06a9:
        return 0x0643;
    case 0x0451: /* io */
        return 0x0435;
    default:
        return c;
    }
}

static unsigned letter_script(UChar32 c)
{
    if (c >= 0x0600 && c <= 0x06ff)
        return TOKEN_ARABIC;
    if (c >= 0x0400 && c <= 0x052f)
        return TOKEN_CYRILLIC;
    return 0;
}

/* Consonant class: alike where the scripts write the same sound differently. 0: no consonant.
 * h and kh have no class, for Russian and Arabic divide them otherwise than Latin does. */
static char letter_class(UChar32 c)
{
    static const char latin[] = "\0bkd\0fg\0\0gklmn\0bkrst\0f\0s\0s";
    static const char cyrillic[] = "\0bfgd\0gs\0\0klmn\0brst\0f\0ssss\0\0\0\0\0\0";
    static const struct {
        UChar32 c;
        char class;
    } arabic[] = {
        {0x0628, 'b'},
        {0x062a, 't'},
        {0x062b, 't'},
        {0x062c, 'g'},
        {0x062f, 'd'},
        {0x0630, 'd'},
        {0x0631, 'r'},
        {0x0632, 's'},
        {0x0633, 's'},
        {0x0634, 's'},
        {0x0635, 's'},
        {0x0636, 'd'},
        {0x0637, 't'},
        {0x0638, 'd'},
        {0x063a, 'g'},
        {0x0641, 'f'},
        {0x0642, 'k'},
        {0x0643, 'k'},
        {0x0644, 'l'},
        {0x0645, 'm'},
        {0x0646, 'n'},
        {0x067e, 'b'},
        {0x0686, 's'},
        {0x0698, 'g'},
        {0x06a4, 'f'},
        {0x06af, 'g'}
    };

    if (c >= 'a' && c <= 'z')
        return latin[c - 'a'];
    if (c >= 0x0430 && c <= 0x044f)
        return cyrillic[c - 0x0430];
    for (size_t i = 0; i < sizeof arabic / sizeof arabic[0]; i++)
        if (arabic[i].c == c)
            return arabic[i].class;
    return 0;
}

/* What two letters write together: sh, ch, ts -> s; ph -> f; zh, dj, dzh -> g; kh -> nothing. "ch"
 * before l, n, r sounds k ("Christ"). */
static size_t skeleton_join(char *out, size_t n, UChar32 before, UChar32 c, UChar32 next,
                            char class)
{
    if (c == 'h' && n > 0) {
        if (before == 'c' && next != 'l' && next != 'n' && next != 'r')
            out[n - 1] = 's';
        else if (before == 'p')
            out[n - 1] = 'f';
        else if (before == 'z')
            out[n - 1] = 'g';
        else if (before == 'k')
            n--;
        return n;
    }
    if (class == 0 || (n > 0 && out[n - 1] == class))
        return n;
    if (n > 0 && ((out[n - 1] == 'd' && class == 'g') || (out[n - 1] == 't' && class == 's'))) {
        out[n - 1] = class;
        return n;
    }
    out[n] = class;
    return n + 1;
}

static bool is_vowel(UChar32 c)
{
    return c > 0 && c < 0x80 && strchr("aeiouy", (int)c);
}

/* The g of an English "gh" that is not heard: "Brighton", but "Uighur". */
static bool is_silent(const UChar32 *folded, size_t n, size_t i)
{
    return folded[i] == 'g' && i > 0 && i + 1 < n && folded[i + 1] == 'h' &&
           (folded[i - 1] == 'u' || folded[i - 1] == 'i') &&
           (i + 2 == n || !is_vowel(folded[i + 2]));
}

static uint32_t word_skeleton(const UChar32 *folded, size_t n, uint8_t *ret_consonants)
{
    char classes[2 * WORD_LETTERS_MAX]; /* an x has two */
    size_t classes_n = 0;

    for (size_t i = 0; i < n; i++) {
        UChar32 next = i + 1 < n ? folded[i + 1] : 0;
        char class = letter_class(folded[i]);
        if (folded[i] == 'c' && (next == 'e' || next == 'i'))
            class = 's';
        if (is_silent(folded, n, i))
            class = 0;
        if (folded[i] == 'x' && i > 0)
            classes_n = skeleton_join(classes, classes_n, 0, folded[i], next, 'k');
        classes_n =
            skeleton_join(classes, classes_n, i > 0 ? folded[i - 1] : 0, folded[i], next, class);
    }
    *ret_consonants = (uint8_t)classes_n;
    if (classes_n < SKELETON_LETTERS)
        return 0;
    return (uint32_t)text_hash(classes, classes_n) | 1;
}

/* --- words --------------------------------------------------------------------------- */

/* Article, conjunction and prepositions written as one with the noun (light10 of Larkey and
 * others, "Light stemming for Arabic information retrieval", 2007, with ll- and single b-, l-
 * left to Snowball). Returns how many letters to drop. */
static size_t arabic_prefix(const UChar32 *w, size_t n)
{
    size_t at = 0;

    if (n > ARABIC_ROOT_LETTERS + 1 && (w[0] == 0x0648 || w[0] == 0x0641) && w[1] == 0x0627 &&
        w[2] == 0x0644)
        at = 1; /* wa-al-, fa-al- */
    else if (n > ARABIC_ROOT_LETTERS + 1 && w[0] == 0x0648)
        at = 1; /* wa- */
    if (n - at > ARABIC_ROOT_LETTERS + 1 && (w[at] == 0x0628 || w[at] == 0x0643) &&
        w[at + 1] == 0x0627 && w[at + 2] == 0x0644)
        return at + 3; /* bi-al-, ka-al- */
    if (n - at > ARABIC_ROOT_LETTERS && w[at] == 0x0644 && w[at + 1] == 0x0644)
        return at + 2; /* li-al- */
    if (n - at > ARABIC_ROOT_LETTERS && w[at] == 0x0627 && w[at + 1] == 0x0644)
        return at + 2; /* al- */
    return at;
}

static struct sb_stemmer *stemmer_for(struct scanner *s, unsigned script)
{
    static const char *const latin[] = {"es", "fr", "en"};
    struct sb_stemmer **slot = &s->latin;
    const char *algorithm = "en";

    if (script == TOKEN_ARABIC) {
        slot = &s->arabic;
        algorithm = "ar";
    } else if (script == TOKEN_CYRILLIC) {
        slot = &s->russian;
        algorithm = "ru";
    } else if (s->language >= 0) {
        for (size_t i = 0; i < 3; i++)
            if (strcmp(language_codes[s->language], latin[i]) == 0)
                algorithm = latin[i];
    }
    if (!*slot)
        *slot = sb_stemmer_new(algorithm, NULL);
    if (!*slot)
        bug("no stemmer for %s", algorithm);
    return *slot;
}

static uint64_t fold_hash(const struct scanner *s, const char *utf8, size_t bytes)
{
    UChar32 letters[WORD_LETTERS_MAX * 2];
    char out[TEXT_WORD_BYTES * 4];
    size_t n = 0;

    for (size_t i = 0; i < bytes && n < WORD_LETTERS_MAX * 2;) {
        UChar32 c = utf8_next(utf8, &i, bytes);
        letters[n++] = c < 0 ? '?' : letter_fold(s->nfd, c);
    }
    return text_hash(out, letters_to_utf8(letters, n, out));
}

static uint64_t stem_key(struct scanner *s, const UChar32 *letters, size_t n, unsigned script)
{
    char utf8[TEXT_WORD_BYTES * 4];
    size_t bytes = letters_to_utf8(letters, n, utf8);
    struct sb_stemmer *stemmer = stemmer_for(s, script);
    const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)utf8, (int)bytes);

    if (!stem)
        bug("stemmer out of memory");
    return fold_hash(s, (const char *)stem, (size_t)sb_stemmer_length(stemmer));
}

static struct token *token_new(struct scanner *s, size_t start, size_t end)
{
    struct text *t = s->text;
    struct token *token;

    if (t->tokens_n == TEXT_TOKENS_MAX)
        return NULL;
    if (t->tokens_n == s->room) {
        s->room = s->room ? s->room * 2 : 64;
        t->tokens = mem_grow(t->tokens, s->room, sizeof *t->tokens);
    }
    token = &t->tokens[t->tokens_n++];
    memset(token, 0, sizeof *token);
    token->start = (uint32_t)start;
    token->bytes = (uint16_t)(end - start > UINT16_MAX ? UINT16_MAX : end - start);
    token->sentence = (uint16_t)s->sentence;
    token->flags = (uint16_t)s->pending;
    s->pending = 0;
    return token;
}

/* Endings that Snowball takes off although they make another word, by manner. */
static const char *const english_endings[] = {
    [1] = "ant ants ance ances",      [2] = "able ability", [3] = "al als ally",
    [4] = "er ers or ors ator ators", [5] = "ive ative",    [6] = "ous ness ful ity",
    [MANNER_VERB] = "ed ing ings",
};
static const char *const spanish_endings[] = {
    [1] = "ante antes ancia ancias",
    [2] = "able ables",
    [3] = "al ales",
    [4] = "ador adora adores",
    [5] = "ivo iva ivos ivas",
    [6] = "mente idad oso osa",
    [MANNER_VERB] = "",
};
static const char *const french_endings[] = {
    [1] = "ant ante ants antes ance ances",
    [2] = "able ables",
    [3] = "al ale aux ales",
    [4] = "eur eurs ateur ateurs",
    [5] = "if ive ifs ives",
    [6] = "eux euse ite",
    [MANNER_VERB] = "",
};
/* Accents folded. Adjectives for certain, and endings that nouns have too. */
static const char *const russian_endings[] = {
    [MANNER_ADJECTIVE] = "ая яя ую юю ое ее ые ыи ого его ому ему ых ыми",
    [2] = "ои еи ии ие их ими им ем ым ом",
    [3] = "",
    [4] = "",
    [5] = "",
    [6] = "",
    [MANNER_VERB] = "",
};

/* Length of the longest of those endings that the word has, 0: none. */
static size_t ending_length(const char *endings, const char *word, size_t bytes)
{
    size_t longest = 0;

    for (const char *e = endings; *e;) {
        size_t n = strcspn(e, " ");
        if (n > longest && bytes > n + 2 && memcmp(word + bytes - n, e, n) == 0)
            longest = n;
        e += n + (e[n] == ' ');
    }
    return longest;
}

/* folded: the word without accents. Only the four languages whose stemmers join such words. */
static uint8_t word_manner(const struct scanner *s, const char *folded, size_t bytes,
                           unsigned script)
{
    const char *const *endings = english_endings;
    size_t longest = 0;
    uint8_t manner = 0;

    if (script == TOKEN_CYRILLIC)
        endings = russian_endings;
    else if (script != 0)
        return 0;
    else if (s->language >= 0 && strcmp(language_codes[s->language], "es") == 0)
        endings = spanish_endings;
    else if (s->language >= 0 && strcmp(language_codes[s->language], "fr") == 0)
        endings = french_endings;
    for (uint8_t i = 1; i <= MANNER_VERB; i++) {
        size_t n = ending_length(endings[i], folded, bytes);
        if (n > longest) {
            longest = n;
            manner = i;
        }
    }
    return manner;
}

static uint16_t stop_flags(enum stop stop)
{
    if (stop == STOP_NONE)
        return 0;
    return stop == STOP_LINK ? TOKEN_STOP | TOKEN_LINK : TOKEN_STOP;
}

/* The word's letters after script repairs, the first WORD_LETTERS_MAX. */
static size_t word_letters(const struct scanner *s, size_t end, UChar32 letters[WORD_LETTERS_MAX])
{
    size_t n = 0;

    for (size_t i = s->word.start; i < end && n < WORD_LETTERS_MAX;) {
        UChar32 c = utf8_next(s->text->source, &i, end);
        enum letter kind = letter_kind(c);
        if (kind == LETTER_ALPHA || kind == LETTER_DIGIT) /* no hyphen of "bio-prospecting" */
            letters[n++] = letter_repair(u_tolower(c));
    }
    return n;
}

static void word_read(struct scanner *s, size_t end, struct token *t)
{
    const struct word *w = &s->word;
    UChar32 letters[WORD_LETTERS_MAX], folded[WORD_LETTERS_MAX];
    char utf8[TEXT_WORD_BYTES * 4];
    size_t n = word_letters(s, end, letters);
    size_t skip = w->script == TOKEN_ARABIC ? arabic_prefix(letters, n) : 0;
    size_t bytes;

    for (size_t i = 0; i < n; i++)
        folded[i] = letter_fold(s->nfd, letters[i]);
    bytes = letters_to_utf8(folded, n, utf8);
    t->flags = (uint16_t)w->script;
    if (w->upper_n > 0)
        t->flags |= TOKEN_UPPER;
    if (w->upper_n == w->length && w->length > 1)
        t->flags |= TOKEN_CAPITALS;
    t->fold = t->singular = text_hash(utf8, bytes);
    if (bytes > 2 && (utf8[bytes - 1] == 's' || utf8[bytes - 1] == 'x'))
        t->singular = text_hash(utf8, bytes - 1);
    t->key = stem_key(s, letters + skip, n - skip, w->script);
    t->manner = word_manner(s, utf8, bytes, w->script);
    letters_to_utf8(letters, n, utf8);
    t->flags |= stop_flags(stop_find(s->language, utf8));
    t->skeleton = word_skeleton(folded + skip, n - skip, &t->consonants);
    t->letters = (uint8_t)(w->length > 255 ? 255 : w->length);
}

/* Where the word's memory is, right or wrong; NULL: too long to be remembered. */
static struct memory *memory_of(const char *word, size_t bytes, int language)
{
    if (bytes > WORD_BYTES_REMEMBERED)
        return NULL;
    if (!memories)
        memories = mem_new((size_t)1 << MEMORIES_BITS, sizeof *memories);
    return &memories[text_mix(text_hash(word, bytes), (uint64_t)language) >> (64 - MEMORIES_BITS)];
}

static void word_store(struct scanner *s, size_t end, struct token *t)
{
    const char *word = s->text->source + s->word.start;
    size_t bytes = end - s->word.start;
    struct memory *m = memory_of(word, bytes, s->language);
    struct token at = *t;

    if (m && m->word_bytes == bytes && m->language == s->language &&
        memcmp(m->word, word, bytes) == 0) {
        *t = m->token;
    } else {
        word_read(s, end, t);
        if (m) {
            memcpy(m->word, word, bytes);
            m->word_bytes = (uint8_t)bytes;
            m->language = (int8_t)s->language;
            m->token = *t;
        }
    }
    t->start = at.start;
    t->bytes = at.bytes;
    t->sentence = at.sentence;
    t->flags |= at.flags;
}

/* "1,200", "1.200" and "1200" are one number; "3.5" keeps its point. */
static void number_store(const struct scanner *s, struct token *t, size_t end)
{
    const char *p = s->text->source;
    char digits[TEXT_WORD_BYTES];
    size_t n = 0;

    for (size_t i = t->start; i < end && n < sizeof digits;) {
        UChar32 c = utf8_next(p, &i, end);
        size_t run = 0;
        if (u_charDigitValue(c) >= 0) {
            digits[n++] = (char)('0' + u_charDigitValue(c));
            continue;
        }
        while (i + run < end && p[i + run] >= '0' && p[i + run] <= '9')
            run++;
        if (run != 3)
            digits[n++] = '.';
    }
    t->flags |= TOKEN_NUMBER;
    t->key = t->fold = text_hash(digits, n);
    t->letters = (uint8_t)n;
}

static void word_end(struct scanner *s, size_t end)
{
    struct word *w = &s->word;
    struct token *t = w->length > 0 ? token_new(s, w->start, end) : NULL;

    if (t && w->number)
        number_store(s, t, end);
    else if (t)
        word_store(s, end, t);
    memset(w, 0, sizeof *w);
}

static void word_add(struct scanner *s, UChar32 c, size_t start)
{
    struct word *w = &s->word;

    if (w->length == 0)
        w->start = start;
    if (letter_is_upper(c))
        w->upper_n += w->upper_n == w->length || w->length == 0;
    if (w->length == 0)
        w->script = letter_script(c);
    w->length++;
}

static void han_add(struct scanner *s, UChar32 c, size_t start, size_t end)
{
    struct token *t;

    word_end(s, start);
    t = token_new(s, start, end);
    if (!t)
        return;
    t->flags |= TOKEN_HAN;
    t->key = t->fold = text_hash(&c, sizeof c);
    t->letters = 1;
}

/* --- the pass ------------------------------------------------------------------------ */

static bool is_hyphen(UChar32 c)
{
    return c == '-' || c == 0x2010 || c == 0x2011;
}

static bool is_soft(UChar32 c)
{
    switch (c) {
    case '\'':
    case '/':
    case '"':
    case '&':
    case 0xab: /* guillemets, typographic quotes, hyphens, middle dot */
    case 0xbb:
    case 0xb7:
    case 0x2018:
    case 0x2019:
    case 0x201c:
    case 0x201d:
    case 0x201e:
        return true;
    default:
        return is_hyphen(c) || (u_isUWhiteSpace(c) && c != '\n');
    }
}

static bool ends_sentence(UChar32 c, const char *rest)
{
    if (c == '.')
        return *rest == ' ' || *rest == '\n' || *rest == '\0';
    return c == '\n' || c == '!' || c == '?' || c == ';' || c == 0x3002 || c == 0x061f ||
           c == 0x061b;
}

/* "bio-prospecting" and "bioprospecting" are one word. */
static bool is_prefix(const struct scanner *s, size_t end)
{
    static const char *const prefixes[] = {"agro",  "anti",  "auto", "bio",   "co",    "eco",
                                           "geo",   "micro", "mini", "multi", "photo", "re",
                                           "socio", "агро",  "анти", "био",   "гео",   "эко"};
    UChar32 letters[WORD_LETTERS_MAX];
    char utf8[TEXT_WORD_BYTES * 4];

    if (s->word.length == 0 || s->word.length > 5)
        return false;
    letters_to_utf8(letters, word_letters(s, end, letters), utf8);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (strcmp(utf8, prefixes[i]) == 0)
            return true;
    return false;
}

static void mark(struct scanner *s, UChar32 c, size_t start, const char *rest)
{
    bool after_word = s->word.length > 0;

    if (is_hyphen(c) && is_prefix(s, start))
        return;
    word_end(s, start);
    if (is_hyphen(c) && after_word && s->text->tokens_n > 0) {
        s->text->tokens[s->text->tokens_n - 1].flags |= TOKEN_JOINED;
        s->pending |= TOKEN_JOINED;
    }
    if (is_soft(c))
        return;
    s->pending &= ~(unsigned)TOKEN_JOINED;
    s->pending |= TOKEN_BREAK;
    if (!ends_sentence(c, rest))
        return;
    s->pending |= TOKEN_OPENS;
    if (s->text->tokens_n > 0 && s->sentence < SENTENCES_MAX &&
        s->text->tokens[s->text->tokens_n - 1].sentence == s->sentence)
        s->sentence++;
}

/* A separator inside digits belongs to the number when a digit follows. */
static bool continues_number(const struct scanner *s, UChar32 c, const char *rest)
{
    return s->word.number && (c == '.' || c == ',') && *rest >= '0' && *rest <= '9';
}

static void scan(struct scanner *s)
{
    const char *p = s->text->source;
    size_t n = s->text->source_bytes;

    s->pending = TOKEN_BREAK | TOKEN_OPENS;
    for (size_t i = 0; i < n && s->text->tokens_n < TEXT_TOKENS_MAX;) {
        size_t start = i;
        UChar32 c = utf8_next(p, &i, n);
        switch (c < 0 ? LETTER_OTHER : letter_kind(c)) {
        case LETTER_MARK:
            break;
        case LETTER_HAN:
            han_add(s, c, start, i);
            break;
        case LETTER_ALPHA:
            if (s->word.number || (s->word.length > 0 && s->word.script != letter_script(c)))
                word_end(s, start);
            word_add(s, c, start);
            break;
        case LETTER_DIGIT:
            if (s->word.length == 0)
                s->word.number = true;
            word_add(s, c, start);
            break;
        case LETTER_OTHER:
            if (continues_number(s, c, p + i))
                word_add(s, c, start);
            else
                mark(s, c < 0 ? ',' : c, start, p + i);
            break;
        }
    }
    word_end(s, n);
}

/* In a sentence that is all capitals, capitals mark nothing; elsewhere "WHO" is no pronoun, and
 * a function word beside a hyphen belongs to its neighbour. */
static void settle_capitals(struct text *t)
{
    for (size_t i = 0; i < t->tokens_n;) {
        size_t end = i, capitals_n = 0;
        bool shouting;
        for (; end < t->tokens_n && t->tokens[end].sentence == t->tokens[i].sentence; end++)
            capitals_n += (t->tokens[end].flags & TOKEN_CAPITALS) != 0;
        shouting = end - i >= SHOUT_WORDS && capitals_n * 100 > (end - i) * SHOUT_PERCENT;
        for (; i < end; i++) {
            if (shouting)
                t->tokens[i].flags &= (uint16_t) ~(TOKEN_CAPITALS | TOKEN_UPPER);
            else if (t->tokens[i].flags & (TOKEN_CAPITALS | TOKEN_JOINED))
                t->tokens[i].flags &= (uint16_t) ~(TOKEN_STOP | TOKEN_LINK);
        }
    }
}

/* Every code point of it stands for itself, as nearly all texts have it. */
static bool is_normal(const char *source, size_t bytes)
{
    for (size_t i = 0; i < bytes;) {
        UChar32 c = utf8_next(source, &i, bytes);
        if (c < 0 || !letter_is_normal(c))
            return false;
    }
    return true;
}

/* NFKC, so that full-width letters and ligatures read like plain ones; by way of UTF-16. */
static void text_rewrite(const char *source, size_t bytes, struct text *t)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&status);
    int32_t units_n = 0, wide_n, out_n = 0;
    UChar *units = mem_new(bytes + 1, sizeof *units), *wide = NULL;

    u_strFromUTF8WithSub(units, (int32_t)bytes + 1, &units_n, source, (int32_t)bytes, 0xfffd, NULL,
                         &status);
    if (U_FAILURE(status))
        bug("ICU: %s", u_errorName(status));
    if (unorm2_isNormalized(nfkc, units, units_n, &status)) {
        wide = units;
        wide_n = units_n;
        units = NULL;
    } else {
        wide = mem_new(TEXT_BYTES_MAX, sizeof *wide);
        wide_n = unorm2_normalize(nfkc, units, units_n, wide, TEXT_BYTES_MAX, &status);
        if (status == U_BUFFER_OVERFLOW_ERROR) {
            wide_n = 0; /* ligatures that unfold to megabytes: nothing a person wrote */
            status = U_ZERO_ERROR;
        }
    }
    t->source = mem_new((size_t)wide_n * 3 + 1, 1);
    u_strToUTF8WithSub(t->source, wide_n * 3 + 1, &out_n, wide, wide_n, 0xfffd, NULL, &status);
    if (U_FAILURE(status))
        bug("ICU: %s", u_errorName(status));
    t->source_bytes = (size_t)out_n;
    free(units);
    free(wide);
}

void text_read(const char *source, int language, struct text *ret_text)
{
    UErrorCode status = U_ZERO_ERROR;
    struct scanner s = {.text = ret_text, .language = language};
    size_t bytes;

    letter_prepare();
    memset(ret_text, 0, sizeof *ret_text);
    s.nfd = unorm2_getNFDInstance(&status);
    if (U_FAILURE(status))
        bug("ICU: %s", u_errorName(status));
    bytes = strnlen(source, TEXT_BYTES_MAX);
    if (is_normal(source, bytes)) {
        ret_text->source = mem_text_n(source, bytes);
        ret_text->source_bytes = bytes;
    } else {
        text_rewrite(source, bytes, ret_text);
    }
    scan(&s);
    settle_capitals(ret_text);
    sb_stemmer_delete(s.arabic);
    sb_stemmer_delete(s.russian);
    sb_stemmer_delete(s.latin);
}

void text_clear(struct text *t)
{
    if (!t)
        return;
    free(t->source);
    free(t->tokens);
    memset(t, 0, sizeof *t);
}
