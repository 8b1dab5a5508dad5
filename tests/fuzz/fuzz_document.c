/* Any bytes as the body of a request or of an action. What must hold:
 *   - a refusal has its fault, with a pointer and a code; never more than FAULTS_MAX of them;
 *   - an accepted document, written out and parsed again, is the same;
 *   - what a decoder accepts is inside its bounds and belongs to the document. */
#include "base/utf8.h"
#include "protocol/document.h"
#include "protocol/request.h"
#include "protocol/transition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static bool is_country(const void *arg, const char *code)
{
    (void)arg;
    return !strcmp(code, "KEN") || !strcmp(code, "UGA");
}

static bool is_secretariat(const void *arg, const char *code)
{
    (void)arg;
    return !strcmp(code, "ramsar") || !strcmp(code, "cms");
}

static const struct field_codes known = {is_country, is_secretariat, NULL};
static const struct field_codes unknown = {0};

static void check_faults(const struct faults *f, bool good)
{
    must(f->n <= FAULTS_MAX);
    must(good == (f->n == 0));
    for (size_t i = 0; i < f->n; i++) {
        const struct fault *fault = &f->list[i];
        size_t n = strnlen(fault->pointer, sizeof fault->pointer);

        must(n > 0 && n < sizeof fault->pointer && fault->pointer[0] == '#');
        must(n == 1 || fault->pointer[1] == '/');
        for (size_t k = 0; k < n; k++) /* may stand in a header or on a page as it is */
            must((unsigned char)fault->pointer[k] > 0x20 &&
                 (unsigned char)fault->pointer[k] < 0x7f && !strchr("<>\"'&\\", fault->pointer[k]));
        must(fault->code && *fault->code);
        must(strnlen(fault->words, sizeof fault->words) < sizeof fault->words);
        must(utf8_is_valid(fault->words, strlen(fault->words)));
    }
}

static void check_text(const char *text, size_t least, size_t most)
{
    size_t n = utf8_length(text, strlen(text));

    must(utf8_is_valid(text, strlen(text)) && !utf8_has_control(text, strlen(text)));
    must(n >= least && n <= most);
}

static void check_request(const json_t *doc, const struct field_codes *codes)
{
    struct faults faults = {.n = 0};
    struct request r = {.country = NULL};
    bool good = request_decode(doc, "KEN", codes, &r, &faults);

    check_faults(&faults, good);
    if (!good) {
        must(!r.country);
        return;
    }
    must(!strcmp(r.country, "KEN"));
    must(r.title == json_string_value(json_object_get(doc, "title")));
    check_text(r.title, 10, 120);
    check_text(r.description, 50, 6000);
    must(r.language >= LANGUAGE_AR && r.language <= LANGUAGE_ZH);
    must(r.urgency >= URGENCY_EMERGENCY && r.urgency <= URGENCY_PLANNED);
    must(r.disclosure >= DISCLOSURE_OPEN && r.disclosure <= DISCLOSURE_RESTRICTED);
    must(!r.themes || (json_is_array(r.themes) && json_array_size(r.themes) <= 10));
    must(!r.preferred_secretariat || strlen(r.preferred_secretariat) < PRINCIPAL_OF_BYTES);
}

static void check_action(enum action a, const json_t *doc, const struct field_codes *codes)
{
    struct faults faults = {.n = 0};
    struct transition_input in;
    bool good = transition_decode(a, doc, codes, &in, &faults);

    check_faults(&faults, good);
    if (!good)
        return;
    must(in.reason >= -1 && in.reason < REASONS_N);
    must(in.outcome >= OUTCOME_NONE && in.outcome < OUTCOME_NO_REPLY);
    must(in.as >= -1 && in.as <= OFFER_SUPPORT);
    must(in.epoch >= -1);
    must(!in.text || json_object_get(doc, "text"));
    if (in.text)
        check_text(in.text, 1, 6000);
    must(a != ACTION_ROUTE || (in.lead && strlen(in.lead) < PRINCIPAL_OF_BYTES));
    must(json_array_size(in.support) <= 4);
    must(a != ACTION_DECLINE || in.reason >= 0);
    must((a != ACTION_CONFIRM && a != ACTION_CLOSE) || in.outcome != OUTCOME_NONE);
    must(a != ACTION_CONFIRM || in.outcome == OUTCOME_RESOLVED || in.text);
}

static void check_round_trip(const json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT);
    struct faults faults = {.n = 0};
    struct err e = {0};
    json_t *again = NULL;

    must(text);
    must(document_parse(text, strlen(text), &again, &faults, &e) == ERR_OK && faults.n == 0);
    must(json_equal(doc, again));
    json_decref(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct faults faults = {.n = 0};
    struct err e = {0};
    json_t *doc = NULL;

    if (document_parse(input, n, &doc, &faults, &e) != ERR_OK) {
        must(!doc && faults.n == 1 && e.code == ERR_MALFORMED && *e.detail);
        check_faults(&faults, false);
        return 0;
    }
    must(json_is_object(doc));
    check_faults(&faults, true);
    check_round_trip(doc);
    check_request(doc, &known);
    check_request(doc, &unknown);
    for (unsigned a = ACTION_SUBMIT; a < ACTIONS_N; a++) {
        check_action(a, doc, &known);
        check_action(a, doc, &unknown);
    }
    json_decref(doc);
    return 0;
}
