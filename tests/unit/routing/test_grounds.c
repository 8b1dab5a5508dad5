/* Grounds keep what a decision rests on, exactly, and no text. */
#include "routing/decision.h"

#include "routing/draft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_fixture.h"

static const char *const case_files[] = {"latin.jsonl", "other.jsonl", "learn.jsonl",
                                         "learn2.jsonl"};

/* Calls check for each labelled case with its grounds and the decision on them. */
static size_t each_case(void (*check)(const json_t *line, const struct grounds *v,
                                      const struct decision *d))
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof case_files / sizeof case_files[0]; i++) {
        char path[256];
        char *text = NULL;
        size_t room = 0;
        FILE *f;

        snprintf(path, sizeof path, LIAISON_SOURCE_DIR "/tests/cases/routing/%s", case_files[i]);
        f = fopen(path, "re");
        assert_non_null(f);
        for (; getline(&text, &room, f) > 0; n++) {
            json_auto_t *line = json_loads(text, 0, NULL);
            const char *themes[DRAFT_THEMES_MAX + 1];
            struct draft draft;
            struct reading *r;
            struct grounds v;
            struct decision d;
            struct err e = {0};

            assert_int_equal(draft_read(&config->mandate, line, themes, &draft, &e), ERR_OK);
            r = reading_new(engine, &draft);
            decision_read(engine, r, &draft, &v, &d);
            reading_free(r);
            check(line, &v, &d);
        }
        free(text);
        fclose(f);
    }
    return n;
}

static struct grounds read_back(const struct config *c, const json_t *json)
{
    struct grounds v;
    struct err e = {0};

    if (grounds_read(c, json, &v, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    return v;
}

/* As the store keeps it: with few digits for what is not a whole number. */
static json_t *through_text(const struct grounds *v)
{
    json_t *json = grounds_json(config, v);
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(6));

    json_decref(json);
    json = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(json);
    return json;
}

static void check_same_decision(const json_t *line, const struct grounds *v,
                                const struct decision *d)
{
    json_auto_t *json = through_text(v);
    struct grounds back = read_back(config, json);
    struct decision again;
    const char *id = json_string_value(json_object_get(line, "id"));

    decision_make(&config->mandate, &config->weights, &back, &again);
    if (again.lead != d->lead || again.referral != d->referral ||
        again.main_topic != d->main_topic ||
        memcmp(again.secondary, d->secondary, sizeof d->secondary) ||
        memcmp(&again.confidence, &d->confidence, sizeof d->confidence) ||
        memcmp(again.likely, d->likely, sizeof d->likely) ||
        again.outcome.candidates_n != d->outcome.candidates_n)
        fail_msg("%s is decided otherwise", id);
    for (size_t i = 0; i < d->outcome.candidates_n; i++) {
        const struct rule_candidate *x = &d->outcome.candidates[i];
        const struct rule_candidate *y = &again.outcome.candidates[i];

        if (x->secretariat != y->secretariat || x->score != y->score || x->role != y->role ||
            x->eligible != y->eligible || x->reasons_n != y->reasons_n)
            fail_msg("%s: candidate %zu differs", id, i);
    }
}

static void test_stored_grounds_decide_as_the_text_did(void **state)
{
    (void)state;
    assert_true(each_case(check_same_decision) > 500);
}

static bool is_code(const char *text)
{
    static const char *const words[] = {
        "ruleset", "topics",    "facts", "named",  "outside",   "says",       "party",    "no",
        "yes",     "preferred", "flags", "traded", "emergency", "restricted", "concepts", NULL};

    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return true;
    return mandate_topic(&config->mandate, text) >= 0 ||
           mandate_fact(&config->mandate, text) >= 0 || terms_concept(&config->terms, text) >= 0 ||
           mandate_secretariat(&config->mandate, text) >= 0 ||
           mandate_referral(&config->mandate, text) >= 0 || strcmp(config->ruleset, text) == 0;
}

static void check_codes_only(json_t *json)
{
    const char *key;
    json_t *value;
    size_t i;

    if (json_is_string(json) && !is_code(json_string_value(json)))
        fail_msg("\"%s\" is no code", json_string_value(json));
    json_array_foreach (json, i, value)
        check_codes_only(value);
    json_object_foreach (json, key, value) {
        if (!is_code(key))
            fail_msg("\"%s\" is no code", key);
        check_codes_only(value);
    }
}

static void check_no_text(const json_t *line, const struct grounds *v, const struct decision *d)
{
    json_auto_t *json = through_text(v);

    (void)line, (void)d;
    check_codes_only(json);
}

static void test_grounds_hold_codes_and_numbers_only(void **state)
{
    (void)state;
    assert_true(each_case(check_no_text) > 500);
}

static void test_codes_find_their_place_when_tables_are_in_another_order(void **state)
{
    static struct config other;
    struct grounds v = {.topics = {1.5},
                        .says = {{0, 2.25}},
                        .preferred = 0,
                        .concepts = {{7, 2.5f}},
                        .concepts_n = 1};
    struct grounds back;
    struct concept *concepts = mem_new(config->terms.concepts_n, sizeof *concepts);
    uint32_t *by_name = mem_new(config->terms.concepts_n, sizeof *by_name);
    json_auto_t *json = NULL;

    (void)state;
    v.party[0] = PARTY_YES;
    json = through_text(&v);
    other = *config;
    other.mandate.topics[0] = config->mandate.topics[1];
    other.mandate.topics[1] = config->mandate.topics[0];
    other.mandate.secretariats[0] = config->mandate.secretariats[2];
    other.mandate.secretariats[2] = config->mandate.secretariats[0];
    memcpy(concepts, config->terms.concepts, config->terms.concepts_n * sizeof *concepts);
    concepts[7] = config->terms.concepts[8];
    concepts[8] = config->terms.concepts[7];
    for (size_t i = 0; i < config->terms.concepts_n; i++) {
        uint32_t c = config->terms.by_name[i];
        by_name[i] = c == 7 ? 8 : c == 8 ? 7 : c;
    }
    other.terms.concepts = concepts;
    other.terms.by_name = by_name;
    back = read_back(&other, json);
    assert_true(back.topics[1] > 1.4 && back.topics[1] < 1.6);
    assert_true(back.says[2][1] > 2.2 && back.says[2][1] < 2.3);
    assert_int_equal(back.preferred, 2);
    assert_int_equal(back.party[2], PARTY_YES);
    assert_int_equal(back.party[0], PARTY_NO);
    assert_int_equal(back.concepts_n, 1);
    assert_int_equal(back.concepts[0].concept, 8);
    assert_true(back.concepts[0].amount > 2.4f && back.concepts[0].amount < 2.6f);
    free(concepts);
    free(by_name);
}

static void test_codes_that_are_gone_are_left_out(void **state)
{
    static struct config other;
    struct grounds v = {.topics = {1.5}, .preferred = -1};
    struct grounds back;
    json_auto_t *json = through_text(&v);

    (void)state;
    other = *config;
    strcpy(other.mandate.topics[0].code, "ANOTHER");
    json_object_set_new(json_object_get(json, "concepts"), "no_such_concept", json_integer(1000));
    back = read_back(&other, json);
    assert_int_equal(back.concepts_n, 0);
    for (size_t t = 0; t < other.mandate.topics_n; t++)
        assert_false(back.topics[t] > 0);
}

static void test_other_documents_are_refused(void **state)
{
    static const struct {
        const char *member, *json;
    } faults[] = {
        {"topics",   "[]"                             },
        {"topics",   "{\"PLANT_PEST\": 1.5}"          },
        {"topics",   "{\"PLANT_PEST\": 1000000000001}"},
        {"facts",    "null"                           },
        {"concepts", "[]"                             },
        {"concepts", "{\"world_heritage\": 0}"        },
        {"concepts", "{\"world_heritage\": 1.5}"      },
        {"concepts", "{\"world_heritage\": -3}"       },
        {"named",    "{\"cbd\": \"much\"}"            },
        {"outside",  "7"                              },
        {"says",     "{\"cbd\": 3}"                   },
        {"says",     "{\"cbd\": {\"whc\": true}}"     },
        {"party",    "[]"                             },
        {"flags",    "\"traded\""                     },
    };
    struct grounds v = {.preferred = -1};
    struct grounds untouched = v;

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        json_auto_t *json = through_text(&v);
        struct err e = {0};

        json_object_set_new(json, faults[i].member,
                            json_loads(faults[i].json, JSON_DECODE_ANY, NULL));
        if (grounds_read(config, json, &v, &e) != ERR_VALIDATION)
            fail_msg("%s: %s", faults[i].member, faults[i].json);
        assert_memory_equal(&v, &untouched, sizeof v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_grounds_decide_as_the_text_did),
        cmocka_unit_test(test_grounds_hold_codes_and_numbers_only),
        cmocka_unit_test(test_codes_find_their_place_when_tables_are_in_another_order),
        cmocka_unit_test(test_codes_that_are_gone_are_left_out),
        cmocka_unit_test(test_other_documents_are_refused),
    };

    return cmocka_run_group_tests_name("grounds", tests, load_engine, free_engine);
}
