#include "routing/explanation.h"

#include "base/buf.h"
#include "routing/quote.h"
#include "routing/rule.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ubidi.h>
#include <unicode/ustring.h>

enum { KEY_BYTES = 80, PAIR_WORDS = 4, LETTERS_LOOKED_AT = 64 };

/* How sure, in words: of decisions with 0.9 nine in ten are right. */
static const struct {
    double least;
    const char *key;
} degrees[] = {
    {0.9, "decision.sure.high"  },
    {0.7, "decision.sure.middle"},
    {0,   "decision.sure.low"   }
};

enum { DEGREES_N = sizeof degrees / sizeof degrees[0] };

struct teller {
    const struct words *words;
    int language;
};

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}

/* Takes text. */
static void say(json_t *object, char *text)
{
    json_object_set_new(object, "text", json_string(text));
    free(text);
}

/* The caller frees. */
static char *tell(const struct teller *t, const char *key, const char *name, const char *value)
{
    const struct word_value values[] = {
        {name, value},
        {NULL, NULL }
    };

    return words_fill(t->words, key, t->language, values);
}

/* The words for a code, NULL: there are none (any more). */
static const char *words_of(const struct teller *t, const char *kind, const char *code)
{
    char key[KEY_BYTES];

    snprintf(key, sizeof key, "%s.%s", kind, code);
    return words_has(t->words, key) ? words_get(t->words, key, t->language) : NULL;
}

/* As it stands inside a sentence; else as a label, else the code itself. */
static const char *office_of(const struct teller *t, const char *code)
{
    const char *text = words_of(t, "office", code);

    text = text ? text : words_of(t, "secretariat", code);
    return text ? text : code;
}

static const char *topic_about(const struct teller *t, const char *code)
{
    const char *text = words_of(t, "topic.about", code);

    text = text ? text : words_of(t, "topic", code);
    return text ? text : code;
}

/* --- lists ----------------------------------------------------------------------------------- */

/* pattern: key of a row that puts item behind list. Takes both; either may be NULL. */
static char *join(const struct teller *t, const char *pattern, char *list, char *item)
{
    const struct word_value values[] = {
        {"list", list},
        {"item", item},
        {NULL,   NULL}
    };
    char *both;

    if (!list || !item)
        return list ? list : item;
    both = words_fill(t->words, pattern, t->language, values);
    free(list);
    free(item);
    return both;
}

/* By its first letter that has a direction. */
static bool runs_right_to_left(const char *text, size_t bytes)
{
    UChar letters[LETTERS_LOOKED_AT];
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;

    if (bytes > LETTERS_LOOKED_AT)
        bytes = LETTERS_LOOKED_AT;
    u_strFromUTF8WithSub(letters, LETTERS_LOOKED_AT, &n, text, (int32_t)bytes, 0xfffd, NULL,
                         &status);
    return U_SUCCESS(status) && ubidi_getBaseDirection(letters, n) == UBIDI_RTL;
}

/* Words against the direction of the sentence would carry the comma behind them to their other
 * side: the row for them ends with a mark (U+200E or U+200F) that holds it back (UAX 9). */
static char *quoted(const struct teller *t, const char *word, size_t bytes)
{
    BUF_AUTO struct buf text = {0};

    buf_add(&text, word, bytes);
    return tell(t, runs_right_to_left(word, bytes) ? "list.quote.rtl" : "list.quote.ltr", "word",
                buf_text(&text));
}

/* "a; b" -> “a”, “b” */
static char *quoted_evidence(const struct teller *t, const char *evidence)
{
    const char *parting;
    char *list = NULL;

    for (const char *word = evidence; word;
         word = parting ? parting + strlen(QUOTE_PARTING) : NULL) {
        parting = strstr(word, QUOTE_PARTING);
        list = join(t, "list.words", list,
                    quoted(t, word, parting ? (size_t)(parting - word) : strlen(word)));
    }
    return list;
}

static char *quoted_words(const struct teller *t, const json_t *words)
{
    char *list = NULL;

    for (size_t i = 0; i < json_array_size(words) && i < PAIR_WORDS; i++) {
        const char *word = json_string_value(json_array_get(words, i));

        if (word)
            list = join(t, "list.words", list, quoted(t, word, strlen(word)));
    }
    return list;
}

/* "the secretariat of A, the secretariat of B and the secretariat of C"; NULL: none. */
static char *offices(const struct teller *t, const json_t *codes)
{
    size_t n = json_array_size(codes), i;
    const json_t *code;
    char *list = NULL;

    json_array_foreach (codes, i, code)
        if (json_is_string(code))
            list = join(t, i + 1 == n ? "list.names.last" : "list.names", list,
                        mem_text(office_of(t, json_string_value(code))));
    return list;
}

static bool lists(const json_t *codes, const char *code)
{
    const json_t *one;
    size_t i;

    json_array_foreach (codes, i, one)
        if (json_is_string(one) && strcmp(json_string_value(one), code) == 0)
            return true;
    return false;
}

/* --- reasons --------------------------------------------------------------------------------- */

/* Of the secretariats that a topic concerns, only those with the full base usually lead. */
static const char *standing(const json_t *reason)
{
    bool is_part = strcmp(text_at(reason, "factor"), "base_main") == 0 &&
                   json_integer_value(json_object_get(reason, "points")) < RULE_BASE_LEAD;

    return is_part ? "_part" : "";
}

/* A row of its own ("factor.site_whc.names") says the same of several things, where the one for a
 * single thing cannot. */
static void reason_key(const struct teller *t, const json_t *reason, char key[KEY_BYTES])
{
    const char *proof = text_at(reason, "proof");
    int n = snprintf(key, KEY_BYTES, "factor.%s%s.%ss", text_at(reason, "factor"), standing(reason),
                     proof);

    if (n > 0 && n < KEY_BYTES &&
        (!strstr(text_at(reason, "evidence"), QUOTE_PARTING) || !words_has(t->words, key)))
        key[n - 1] = '\0';
}

/* One reason, or why nobody leads; office and others as the sentence may need them. */
static char *reason_text(const struct teller *t, const json_t *reason, const char *office,
                         const char *others)
{
    char *evidence = quoted_evidence(t, text_at(reason, "evidence"));
    const struct word_value values[] = {
        {"topic",    topic_about(t, text_at(reason, "topic"))},
        {"evidence", evidence             },
        {"office",  office },
        {"offices",   others              },
        {NULL,  NULL}
    };
    char key[KEY_BYTES];
    char *text;

    reason_key(t, reason, key);
    text = words_fill(t->words, key, t->language, values);
    free(evidence);
    return text;
}

static void explain_reasons(const struct teller *t, const json_t *reasons, const char *office)
{
    json_t *reason;
    size_t i;

    json_array_foreach (reasons, i, reason)
        say(reason, reason_text(t, reason, office, office));
}

/* --- candidates ------------------------------------------------------------------------------ */

static const char *candidate_key(const json_t *routing, const json_t *candidate)
{
    const char *code = text_at(candidate, "secretariat");
    bool is_party = strcmp(text_at(candidate, "eligible"), "no") != 0;

    if (strcmp(text_at(routing, "lead"), code) == 0)
        return "candidate.lead";
    if (lists(json_object_get(routing, "support"), code))
        return is_party ? "candidate.support" : "candidate.admitted";
    if (lists(json_object_get(routing, "informed"), code))
        return "candidate.informed";
    return is_party ? "candidate.none" : "candidate.not_party";
}

static bool is_asked_unsure(const json_t *routing, const json_t *candidate)
{
    const char *code = text_at(candidate, "secretariat");

    return strcmp(text_at(candidate, "eligible"), "unknown") == 0 &&
           (strcmp(text_at(routing, "lead"), code) == 0 ||
            lists(json_object_get(routing, "support"), code));
}

static void explain_candidates(const struct teller *t, const json_t *routing)
{
    json_t *candidate;
    size_t i;

    json_array_foreach (json_object_get(routing, "candidates"), i, candidate) {
        const char *office = office_of(t, text_at(candidate, "secretariat"));

        explain_reasons(t, json_object_get(candidate, "reasons"), office);
        if (!*text_at(routing, "lead"))
            continue; /* nobody has a role yet */
        say(candidate,
            join(t, "list.sentence", tell(t, candidate_key(routing, candidate), "office", office),
                 is_asked_unsure(routing, candidate)
                     ? tell(t, "candidate.party_unknown", "office", office)
                     : NULL));
    }
}

/* --- the whole ------------------------------------------------------------------------------- */

static char *proposal(const struct teller *t, const json_t *routing)
{
    char *support = offices(t, json_object_get(routing, "support"));
    const struct word_value values[] = {
        {"lead",    office_of(t, text_at(routing, "lead"))},
        {"support", support           },
        {NULL,  NULL }
    };
    char *text = words_fill(t->words, support ? "decision.lead_support" : "decision.lead",
                            t->language, values);

    free(support);
    return text;
}

/* Of a lead, or that the need lies outside; where a person has to decide there is nothing to be
 * sure of. NULL also where this reader is not told. */
static char *sureness(const struct teller *t, const json_t *routing)
{
    const json_t *confidence = json_object_get(routing, "confidence");
    double sure = json_number_value(confidence);
    char percent[24];
    size_t i = 0;

    if (!confidence ||
        (!*text_at(routing, "lead") && !json_is_object(json_object_get(routing, "referral"))))
        return NULL;
    while (i + 1 < DEGREES_N && sure < degrees[i].least)
        i++;
    snprintf(percent, sizeof percent, "%.0f", floor(sure * 100));
    return tell(t, degrees[i].key, "percent", percent);
}

static char *referral_text(const struct teller *t, const json_t *referral)
{
    const char *text = words_of(t, "outside", text_at(referral, "code"));

    return text ? mem_text(text) : NULL;
}

/* Why nobody leads, and whom to turn to. */
static char *triage_text(const struct teller *t, const json_t *routing)
{
    const json_t *triage = json_object_get(routing, "triage");
    const json_t *codes = json_object_get(triage, "secretariats");
    const char *first = json_string_value(json_array_get(codes, 0));
    char *all = offices(t, codes);
    char *text = NULL;

    if (json_is_object(triage))
        text = reason_text(t, triage, first ? office_of(t, first) : "", all ? all : "");
    free(all);
    return join(t, "list.sentence", text, referral_text(t, json_object_get(routing, "referral")));
}

static void explain_triage(const struct teller *t, json_t *routing)
{
    json_t *referral = json_object_get(routing, "referral");
    json_t *triage = json_object_get(routing, "triage");

    if (json_is_object(referral))
        say(referral, referral_text(t, referral));
    if (json_is_object(triage))
        say(triage, triage_text(t, routing));
}

/* A lead that was not asked: the request looks like one that is there already. Told to readers of
 * all of it, who see that one too. */
static bool waits_for_its_twin(const json_t *routing)
{
    return *text_at(routing, "lead") && strcmp(text_at(routing, "outcome"), "triage") == 0 &&
           json_is_array(json_object_get(routing, "candidates"));
}

void explanation_add(const struct words *w, json_t *routing, int language)
{
    const struct teller t = {w, language};
    char *text;

    explain_candidates(&t, routing);
    explain_triage(&t, routing);
    text = *text_at(routing, "lead") ? proposal(&t, routing) : triage_text(&t, routing);
    text = join(&t, "list.sentence", text, sureness(&t, routing));
    if (waits_for_its_twin(routing))
        text = join(&t, "list.sentence", text, mem_text(words_get(w, "decision.twin", language)));
    if (text)
        say(routing, text);
}

/* --- pairs ----------------------------------------------------------------------------------- */

static char *pair_words(const struct teller *t, const json_t *pair, const char *key,
                        const char *member)
{
    char *words = quoted_words(t, json_object_get(pair, member));
    char *text = words ? tell(t, key, "words", words) : NULL;

    free(words);
    return text;
}

/* verdict: the row that says how the two stand to one another. */
static char *pair_text(const struct teller *t, const json_t *pair, const char *verdict)
{
    const char *reference = text_at(pair, "reference");
    char key[KEY_BYTES];
    char *text;

    snprintf(key, sizeof key, "pair.%s", verdict);
    text = tell(t, key, "reference", *reference ? reference : text_at(pair, "id"));
    text = join(t, "list.sentence", text, pair_words(t, pair, "pair.shared", "shared"));
    return join(t, "list.sentence", text, pair_words(t, pair, "pair.differs", "differs"));
}

void explanation_add_duplicates(const struct words *w, json_t *list, int language)
{
    const struct teller t = {w, language};
    json_t *pair;
    size_t i;

    json_array_foreach (list, i, pair)
        say(pair, pair_text(&t, pair, text_at(pair, "verdict")));
}

void explanation_add_related(const struct words *w, json_t *list, int language)
{
    const struct teller t = {w, language};
    json_t *pair;
    size_t i;

    json_array_foreach (list, i, pair)
        say(pair, pair_text(&t, pair, "related"));
}
