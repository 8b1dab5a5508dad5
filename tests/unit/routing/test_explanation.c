#include "routing/explanation.h"

#include "base/buf.h"
#include "routing/decision.h"
#include "routing/draft.h"
#include "routing/quote.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include <cmocka.h>

#include "engine_fixture.h"

enum { AR, EN, ES, FR, RU, ZH };

static const char *text_at(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "(none)";
}

/* Calls check with each text of the document, however deep. */
typedef void (*text_fn)(const json_t *owner, const char *text, void *arg);

static void each_text(const json_t *json, text_fn check, void *arg)
{
    const char *name;
    json_t *value;
    size_t i;

    if (json_is_array(json))
        json_array_foreach (json, i, value)
            each_text(value, check, arg);
    if (!json_is_object(json))
        return;
    json_object_foreach ((json_t *)(uintptr_t)json, name, value)
        if (strcmp(name, "text") == 0)
            check(json, json_string_value(value), arg);
        else
            each_text(value, check, arg);
}

/* --- what every sentence keeps to ------------------------------------------------------------ */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), end_n = strlen(end);

    return n >= end_n && strcmp(text + n - end_n, end) == 0;
}

/* Chinese and Arabic letters have no case. */
static bool starts_as_a_sentence(const char *text)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar first[8];

    u_strFromUTF8WithSub(first, 8, NULL, text, (int32_t)strnlen(text, 8), 0xfffd, NULL, &status);
    return U_SUCCESS(status) && !u_islower(first[0]);
}

/* "the the": what careless filling leaves behind. */
static bool repeats_a_word(const char *text)
{
    const char *last = "";
    size_t last_n = 0;

    for (const char *word = text; *word; word += strspn(word, " ")) {
        size_t n = strcspn(word, " ");
        if (n == last_n && memcmp(word, last, n) == 0)
            return true;
        last = word;
        last_n = n;
        word += n;
    }
    return false;
}

/* Joined where the language joins them otherwise, or with the marks of another script. */
/* clang-format off */
static const char *const never[LANGUAGES_N][6] = {
    [AR] = {", ", ";", "?", " ,"},
    [EN] = {"“,", " ,", "..", "a the "},
    [ES] = {" de el ", " a el ", " ,", ".."},
    [FR] = {" de le ", " à le ", " de les ", " que il", " ,", ".."},
    [RU] = {" ,", "..", " . "},
    [ZH] = {", ", "; ", ". ", ".", " ,"},
};
/* clang-format on */

static void check_sentence(const json_t *owner, const char *text, void *arg)
{
    int language = *(int *)arg;

    (void)owner;
    if (!text || !ends_with(text, language == ZH ? "。" : ".") || !starts_as_a_sentence(text) ||
        repeats_a_word(text))
        fail_msg("no sentence: %s", text ? text : "(none)");
    if (strpbrk(text, "{}") || strstr(text, "factor.") || strstr(text, "candidate.") ||
        strstr(text, "decision.") || strstr(text, "list.") || strstr(text, "outside.") ||
        strstr(text, "pair."))
        fail_msg("not filled: %s", text);
    for (size_t i = 0; i < 6 && never[language][i]; i++)
        if (strstr(text, never[language][i]))
            fail_msg("\"%s\" in: %s", never[language][i], text);
}

/* --- the samples ----------------------------------------------------------------------------- */

static json_t *routed(const json_t *line)
{
    const char *themes[DRAFT_THEMES_MAX + 1];
    struct decision decision;
    struct grounds grounds;
    struct reading *r;
    struct draft draft;
    struct err e = {0};

    assert_int_equal(draft_read(&config->mandate, line, themes, &draft, &e), ERR_OK);
    r = reading_new(engine, &draft);
    decision_read(engine, r, &draft, &grounds, &decision);
    reading_free(r);
    return decision_json(engine, &decision);
}

static void each_sample(void (*check)(const json_t *line))
{
    glob_t found;

    assert_int_equal(glob(LIAISON_SOURCE_DIR "/config/samples/*.json", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 20);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        json_auto_t *line = json_load_file(found.gl_pathv[i], 0, NULL);
        assert_non_null(line);
        check(line);
    }
    globfree(&found);
}

static void check_sentences_in_all_languages(const json_t *line)
{
    json_auto_t *routing = routed(line);

    for (int language = 0; language < LANGUAGES_N; language++) {
        explanation_add(config->words, routing, language);
        assert_true(json_is_string(json_object_get(routing, "text")));
        each_text(routing, check_sentence, &language);
    }
}

static void test_every_reason_of_the_samples_is_a_sentence_in_six_languages(void **state)
{
    (void)state;
    each_sample(check_sentences_in_all_languages);
}

static bool is_in_text(const json_t *line, const char *word)
{
    const json_t *theme;
    size_t i;

    json_array_foreach (json_object_get(line, "themes"), i, theme)
        if (strstr(json_string_value(theme), word))
            return true;
    return strstr(text_at(line, "title"), word) || strstr(text_at(line, "description"), word);
}

static bool is_a_site(const char *name)
{
    for (size_t i = 0; i < config->world.sites_n; i++)
        if (strcmp(config->world.sites[i].name, name) == 0)
            return true;
    return false;
}

enum { WORDS_MAX = 8 };

static size_t evidence_words(char *evidence, char *words[WORDS_MAX])
{
    size_t n = 0;

    for (char *word = evidence, *next; word && *word && n < WORDS_MAX; word = next) {
        next = strstr(word, QUOTE_PARTING);
        if (next) {
            *next = '\0';
            next += strlen(QUOTE_PARTING);
        }
        words[n++] = word;
    }
    return n;
}

static void check_evidence(const json_t *owner, const char *text, void *arg)
{
    static const char *const quotes[LANGUAGES_N] = {"«%s»",   "“%s”", "«%s»",
                                                    "« %s »", "«%s»", "“%s”"};
    const json_t *line = arg;
    int language = language_find(text_at(line, "language"));
    char *evidence, *words[WORDS_MAX];
    size_t n;

    if (!json_object_get(owner, "factor"))
        return;
    evidence = strdup(text_at(owner, "evidence"));
    n = evidence_words(evidence, words);
    assert_true(n <= 4);
    for (size_t i = 0; i < n; i++) {
        BUF_AUTO struct buf quoted = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(&quoted, quotes[language], words[i]);
#pragma GCC diagnostic pop
        if (!strstr(text, buf_text(&quoted)))
            fail_msg("%s is not in: %s", buf_text(&quoted), text);
        if (!is_in_text(line, words[i]) && !is_a_site(words[i]))
            fail_msg("'%s' is neither in the text nor a site", words[i]);
        for (size_t k = 0; k < n; k++)
            if (k != i && strcasestr(words[k], words[i]))
                fail_msg("'%s' twice: %s", words[i], text);
    }
    free(evidence);
}

static void check_evidence_of_sample(const json_t *line)
{
    json_auto_t *routing = routed(line);
    json_t *given = json_copy((json_t *)(uintptr_t)line);

    explanation_add(config->words, routing, language_find(text_at(line, "language")));
    each_text(routing, check_evidence, given);
    json_decref(given);
}

static void test_quoted_words_stand_in_the_text_once(void **state)
{
    (void)state;
    each_sample(check_evidence_of_sample);
}

/* --- golden sentences ------------------------------------------------------------------------ */

static json_t *parsed(const char *text)
{
    json_error_t e;
    json_t *json = json_loads(text, 0, &e);

    if (!json)
        fail_msg("%s: %s", text, e.text);
    return json;
}

/* The text of the lead's only reason. */
static void assert_reason(int language, const char *secretariat, const char *reason,
                          const char *expected)
{
    BUF_AUTO struct buf text = {0};
    json_t *routing;

    buf_printf(&text,
               "{\"lead\":\"%s\",\"candidates\":[{\"secretariat\":\"%s\",\"eligible\":\"yes\","
               "\"reasons\":[%s]}]}",
               secretariat, secretariat, reason);
    routing = parsed(buf_text(&text));
    explanation_add(config->words, routing, language);
    assert_string_equal(
        text_at(json_array_get(
                    json_object_get(json_array_get(json_object_get(routing, "candidates"), 0),
                                    "reasons"),
                    0),
                "text"),
        expected);
    json_decref(routing);
}

static void test_a_topic_is_told_with_its_words(void **state)
{
    static const char reason[] =
        "{\"factor\":\"base_main\",\"points\":60,\"topic\":\"WETLAND_RESTORE\","
        "\"proof\":\"words\",\"evidence\":\"papyrus; swamp\"}";
    static const char *const expected[LANGUAGES_N] = {
        [EN] =
            "The request is mainly about the restoration of wetlands (in the text: “papyrus”, "
            "“swamp”), a subject on which the secretariat of the Convention on Wetlands (Ramsar) "
            "usually leads.",
        [FR] = "La demande porte surtout sur la restauration de zones humides (dans le texte : "
               "« papyrus », « swamp ») ; sur ce sujet, c'est d'ordinaire le secrétariat de la "
               "Convention sur les zones humides (Ramsar) qui dirige la réponse.",
        [ES] = "La solicitud versa principalmente sobre la restauración de humedales (en el texto: "
               "«papyrus», «swamp»); en este tema suele dirigir la respuesta la secretaría de la "
               "Convención sobre los Humedales (Ramsar).",
        [RU] = "Запрос касается прежде всего восстановления водно-болотных угодий (в тексте: "
               "«papyrus», «swamp»); ответы на эту тему обычно ведёт секретариат Конвенции о "
               "водно-болотных угодьях (Рамсар).",
        [AR] = "يتعلق الطلب أساساً باستعادة الأراضي الرطبة (في النص: «papyrus»\u200f، "
               "«swamp»\u200f)، وهو موضوع تتولاه عادةً أمانة اتفاقية الأراضي الرطبة (رامسار).",
        [ZH] = "这项请求主要涉及湿地恢复（文中有：“papyrus”、“swamp”），这类事务通常由《湿地公约》"
               "（拉姆萨尔）秘书处牵头。",
    };

    (void)state;
    for (int language = 0; language < LANGUAGES_N; language++)
        assert_reason(language, "ramsar", reason, expected[language]);
}

static void test_one_site_and_several_are_told_apart(void **state)
{
    (void)state;
    assert_reason(
        FR, "ramsar",
        "{\"factor\":\"site_ramsar\",\"points\":35,\"proof\":\"name\",\"evidence\":\"Lac Fitri\"}",
        "Le texte nomme un site Ramsar (« Lac Fitri ») ; le secrétariat de la Convention "
        "sur les zones humides (Ramsar) s'occupe de ces sites.");
    assert_reason(
        RU, "whc",
        "{\"factor\":\"site_whc\",\"points\":35,\"proof\":\"name\",\"evidence\":\"Алтай; Байкал\"}",
        "В тексте названы объекты всемирного наследия («Алтай», «Байкал»); такими "
        "объектами занимается секретариат Конвенции о всемирном наследии (ЮНЕСКО).");
    assert_reason(
        EN, "whc",
        "{\"factor\":\"site_whc\",\"points\":35,\"proof\":\"words\",\"evidence\":\"danger list\"}",
        "The text (“danger list”) points to a World Heritage property; the secretariat of "
        "the World Heritage Convention (UNESCO) looks after such sites.");
}

static void test_a_topic_that_is_not_the_leads_own_says_so(void **state)
{
    (void)state;
    assert_reason(
        EN, "cms",
        "{\"factor\":\"base_main\",\"points\":30,\"topic\":\"COASTAL_SPILL\",\"proof\":\"none\","
        "\"evidence\":\"\"}",
        "The request is mainly about oil and other spills on the coast, which is also part "
        "of the work of the secretariat of the Convention on Migratory Species (CMS).");
}

static void test_words_against_the_direction_of_the_sentence_are_held(void **state)
{
    static const char reason[] = "{\"factor\":\"cms_listed\",\"points\":15,\"proof\":\"name\","
                                 "\"evidence\":\"المها; الحبارى\"}";

    (void)state;
    assert_reason(
        EN, "cms", reason,
        "The text (“المها”\u200e, “الحبارى”\u200e) speaks of animals that are listed as "
        "migratory; the secretariat of the Convention on Migratory Species (CMS) works for "
        "their protection.");
    assert_reason(AR, "cms", reason,
                  "يتحدث النص («المها»، «الحبارى») عن حيوانات مدرجة ضمن الأنواع المهاجرة، وأمانة "
                  "اتفاقية الأنواع المهاجرة تعمل على حمايتها.");
}

static void test_a_need_outside_says_whom_to_turn_to(void **state)
{
    json_auto_t *routing =
        parsed("{\"lead\":null,\"confidence\":0.84,\"referral\":{\"code\":\"animal_health\","
               "\"body\":\"WOAH\",\"evidence\":\"sheep\"},\"triage\":{\"factor\":\"outside\","
               "\"points\":0,\"evidence\":\"sheep\",\"proof\":\"words\",\"secretariats\":[]}}");

    (void)state;
    explanation_add(config->words, routing, EN);
    assert_string_equal(
        text_at(routing, "text"),
        "The text (“sheep”) speaks of a need outside the work of the conventions here, so none of "
        "their secretariats leads. For the health of livestock, please turn to the World "
        "Organisation for Animal Health (WOAH), which sets the rules for fighting animal diseases, "
        "or to FAO, which helps veterinary services. We are fairly sure of this (84%).");
    explanation_add(config->words, routing, ZH);
    assert_string_equal(
        text_at(json_object_get(routing, "referral"), "text"),
        "有关家畜卫生，请联系制定动物疫病防治规则的世界动物卫生组织，或联系协助兽医服务的"
        "联合国粮农组织。");
}

static void test_every_cause_of_triage_and_every_role_has_its_sentence(void **state)
{
    static const char *const causes[] = {"too_little", "equal", "below_threshold", "not_party"};

    (void)state;
    for (int language = 0; language < LANGUAGES_N; language++) {
        json_auto_t *roles = parsed(
            "{\"lead\":\"whc\",\"outcome\":\"triage\",\"confidence\":0.5,\"support\":[\"cms\","
            "\"iwc\",\"cbd\"],\"informed\":[\"cites\"],\"candidates\":["
            "{\"secretariat\":\"whc\",\"eligible\":\"unknown\",\"reasons\":[]},"
            "{\"secretariat\":\"cms\",\"eligible\":\"yes\",\"reasons\":[{\"factor\":\"preference\","
            "\"points\":10,\"evidence\":\"\",\"proof\":\"none\"}]},"
            "{\"secretariat\":\"iwc\",\"eligible\":\"no\",\"reasons\":[]},"
            "{\"secretariat\":\"cites\",\"eligible\":\"yes\",\"reasons\":[]},"
            "{\"secretariat\":\"ramsar\",\"eligible\":\"no\",\"reasons\":[]},"
            "{\"secretariat\":\"ippc\",\"eligible\":\"yes\",\"reasons\":[]}]}");
        explanation_add(config->words, roles, language);
        each_text(roles, check_sentence, &language);
        for (size_t i = 0; i < 6; i++)
            assert_true(json_is_string(
                json_object_get(json_array_get(json_object_get(roles, "candidates"), i), "text")));
        for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
            json_auto_t *routing =
                json_pack("{s:n, s:f, s:{s:s, s:i, s:s, s:s, s:[s, s]}}", "lead", "confidence", 0.5,
                          "triage", "factor", causes[i], "points", 30, "evidence", "", "proof",
                          "none", "secretariats", "cms", "iwc");
            explanation_add(config->words, routing, language);
            each_text(routing, check_sentence, &language);
        }
    }
}

static void test_a_reader_of_the_header_learns_who_leads_and_no_more(void **state)
{
    json_auto_t *routing =
        parsed("{\"outcome\":\"offered\",\"lead\":\"iwc\",\"support\":[\"cms\",\"cbd\","
               "\"whc\"],\"informed\":[]}");

    (void)state;
    explanation_add(config->words, routing, EN);
    assert_string_equal(
        text_at(routing, "text"),
        "We propose that the secretariat of the International Whaling Commission (IWC) takes the "
        "lead, with help from the secretariat of the Convention on Migratory Species (CMS), the "
        "secretariat of the Convention on Biological Diversity (CBD) and the secretariat of the "
        "World Heritage Convention (UNESCO).");
}

static void test_how_sure_is_said_in_words(void **state)
{
    static const struct {
        double confidence;
        const char *end;
    } cases[] = {
        {1,     "We are quite sure of this (100%)."},
        {0.9,   "We are quite sure of this (90%)." },
        {0.899, "We are fairly sure of this (89%)."},
        {0.7,   "We are fairly sure of this (70%)."},
        {0.69,  "We are not sure of this (69%)."   },
        {0,     "We are not sure of this (0%)."    },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_auto_t *routing =
            json_pack("{s:s, s:f}", "lead", "cms", "confidence", cases[i].confidence);
        explanation_add(config->words, routing, EN);
        if (!ends_with(text_at(routing, "text"), cases[i].end))
            fail_msg("%s", text_at(routing, "text"));
    }
}

static void test_twins_are_told_with_what_they_share(void **state)
{
    static const char *const verdicts[] = {"certain", "likely", "possible"};
    json_auto_t *pairs = json_array();

    (void)state;
    for (size_t i = 0; i < 3; i++)
        json_array_append_new(pairs,
                              json_pack("{s:s, s:s, s:s, s:[s, s], s:[s]}", "id", "req_1",
                                        "reference", "LN-2026-KEN-0001", "verdict", verdicts[i],
                                        "shared", "papyrus", "swamp", "differs", "Opeta"));
    explanation_add_duplicates(config->words, pairs, ES);
    assert_string_equal(text_at(json_array_get(pairs, 1), "text"),
                        "Es probablemente la misma necesidad que en la solicitud LN-2026-KEN-0001. "
                        "Ambos textos tienen en común «papyrus», «swamp». Solo uno de los dos "
                        "títulos tiene «Opeta».");
    explanation_add_related(config->words, pairs, ZH);
    assert_string_equal(text_at(json_array_get(pairs, 0), "text"),
                        "另一国家在请求 LN-2026-KEN-0001 中提出了类似的需求；两项一并办理可能更好。"
                        "两份文本都有“papyrus”、“swamp”。只有其中一份的标题有“Opeta”。");
    for (int language = 0; language < LANGUAGES_N; language++) {
        explanation_add_related(config->words, pairs, language);
        each_text(pairs, check_sentence, &language);
        explanation_add_duplicates(config->words, pairs, language);
        each_text(pairs, check_sentence, &language);
    }
    json_object_del(json_array_get(pairs, 0), "shared"); /* this reader may not see the words */
    json_object_del(json_array_get(pairs, 0), "differs");
    explanation_add_duplicates(config->words, pairs, FR);
    assert_string_equal(
        text_at(json_array_get(pairs, 0), "text"),
        "Il s'agit certainement du même besoin que dans la demande LN-2026-KEN-0001.");
}

/* --- the data -------------------------------------------------------------------------------- */

static void assert_words(const char *format, const char *code)
{
    BUF_AUTO struct buf key = {0};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(&key, format, code);
#pragma GCC diagnostic pop
    if (!words_has(config->words, buf_text(&key)))
        fail_msg("messages.csv lacks %s", buf_text(&key));
}

/* A further secretariat, topic, fact or body needs rows and no code: these rows. */
static void test_whatever_a_reason_may_speak_of_has_its_words(void **state)
{
    static const char *const by_name[] = {"site_whc",   "site_ramsar", "site_tentative",
                                          "cms_listed", "large_whale", "small_cetacean",
                                          "plant_pest", "pgrfa"};
    const struct mandate *m = &config->mandate;

    (void)state;
    for (size_t i = 0; i < m->secretariats_n; i++)
        assert_words("office.%s", m->secretariats[i].code);
    for (size_t i = 0; i < m->topics_n; i++)
        assert_words("topic.about.%s", m->topics[i].code);
    for (size_t i = 0; i < m->referrals_n; i++)
        assert_words("outside.%s", m->referrals[i].code);
    for (size_t i = 0; i < m->facts_n; i++) {
        assert_words("factor.%s.words", m->facts[i].code);
        assert_words("factor.%s.none", m->facts[i].code);
    }
    for (size_t i = 0; i < sizeof by_name / sizeof by_name[0]; i++)
        assert_words("factor.%s.name", by_name[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reason_of_the_samples_is_a_sentence_in_six_languages),
        cmocka_unit_test(test_quoted_words_stand_in_the_text_once),
        cmocka_unit_test(test_a_topic_is_told_with_its_words),
        cmocka_unit_test(test_one_site_and_several_are_told_apart),
        cmocka_unit_test(test_a_topic_that_is_not_the_leads_own_says_so),
        cmocka_unit_test(test_words_against_the_direction_of_the_sentence_are_held),
        cmocka_unit_test(test_a_need_outside_says_whom_to_turn_to),
        cmocka_unit_test(test_every_cause_of_triage_and_every_role_has_its_sentence),
        cmocka_unit_test(test_a_reader_of_the_header_learns_who_leads_and_no_more),
        cmocka_unit_test(test_how_sure_is_said_in_words),
        cmocka_unit_test(test_twins_are_told_with_what_they_share),
        cmocka_unit_test(test_whatever_a_reason_may_speak_of_has_its_words),
    };
    return cmocka_run_group_tests_name("explanation", tests, load_engine, free_engine);
}
