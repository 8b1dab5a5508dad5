#include "protocol/field.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "protocol/principal.h"
#include "protocol/word.h"

#include <stdio.h>
#include <string.h>

struct place {
    const char *at; /* pointer of the object that has the member */
    const char *name;
    const struct field_codes *codes;
    struct faults *faults;
};

static void refuse(const struct place *p, const struct field *f, const char *code)
{
    struct fault *fault = fault_add(p->faults, p->at, p->name, code);

    if (!fault)
        return;
    fault->min = f->min;
    fault->max = f->max;
    if (f->words)
        fault_words(fault, f->words);
}

static const char *check_text(const struct field *f, const json_t *v)
{
    const char *text = json_string_value(v);
    size_t bytes = json_string_length(v);
    int64_t n;

    if (!text)
        return "not_text";
    if (utf8_has_control(text, bytes))
        return "control_character";
    n = (int64_t)utf8_length(text, bytes);
    if (f->min > 0 && strspn(text, " \t\n") == bytes)
        n = 0; /* blanks say nothing */
    return n < f->min || n > f->max ? "wrong_length" : NULL;
}

static const char *check_country(const struct field_codes *codes, const char *code)
{
    if (!code)
        return "not_text";
    if (strlen(code) != 3 || strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
        return "unknown_country";
    return codes->is_country && !codes->is_country(codes->arg, code) ? "unknown_country" : NULL;
}

static const char *check_secretariat(const struct field_codes *codes, const char *code)
{
    size_t n;

    if (!code)
        return "not_text";
    n = strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789");
    if (n < 2 || n >= PRINCIPAL_OF_BYTES || code[n])
        return "unknown_word";
    return codes->is_secretariat && !codes->is_secretariat(codes->arg, code) ? "unknown_word"
                                                                             : NULL;
}

/* Checks one value and stores it at slot (NULL: nowhere). */
static void field_set(const struct place *p, const struct field *f, const json_t *v, void *slot)
{
    const char *code = NULL;
    const char *text = json_string_value(v);
    int64_t instant;
    int index;

    switch (f->kind) {
    case FIELD_TEXT:
        code = check_text(f, v);
        break;
    case FIELD_WORD:
        index = word_index(f->words, text);
        if (!text || index < 0 || !*text)
            code = text ? "unknown_word" : "not_text";
        else if (slot)
            memcpy(slot, &index, sizeof index);
        slot = NULL;
        break;
    case FIELD_BOOL:
        if (!json_is_boolean(v))
            code = "not_a_boolean";
        else if (slot)
            *(bool *)slot = json_is_true(v);
        slot = NULL;
        break;
    case FIELD_COUNT:
        if (!json_is_integer(v))
            code = "not_a_whole_number";
        else if (json_integer_value(v) < f->min || json_integer_value(v) > f->max)
            code = "out_of_range";
        else if (slot)
            *(int64_t *)slot = json_integer_value(v);
        slot = NULL;
        break;
    case FIELD_NUMBER:
        if (!json_is_number(v) || json_number_value(v) < (double)f->min ||
            json_number_value(v) > (double)f->max)
            code = "out_of_range";
        else if (slot)
            *(double *)slot = json_number_value(v);
        slot = NULL;
        break;
    case FIELD_DATE:
        code = text && clock_read(text, &instant) ? NULL : "not_a_date";
        break;
    case FIELD_COUNTRY:
        code = check_country(p->codes, text);
        break;
    case FIELD_SECRETARIAT:
        code = check_secretariat(p->codes, text);
        break;
    case FIELD_OBJECT: {
        char at[FAULT_POINTER_BYTES];

        if (json_is_object(v))
            field_decode(v, fault_pointer(p->at, p->name, at), f->rows, p->codes, NULL, p->faults);
        else
            code = "not_an_object";
        if (!code && slot)
            memcpy(slot, &v, sizeof v);
        slot = NULL;
        break;
    }
    }
    if (code)
        refuse(p, f, code);
    else if (slot)
        memcpy(slot, &text, sizeof text);
}

static void field_set_list(const struct place *p, const struct field *f, const json_t *v,
                           void *slot)
{
    char at[FAULT_POINTER_BYTES];
    char name[24];
    size_t i;
    json_t *one;

    if (!json_is_array(v)) {
        refuse(p, f, "not_an_array");
        return;
    }
    if (json_array_size(v) > (size_t)f->list_max) {
        struct fault *fault = fault_add(p->faults, p->at, p->name, "too_many_items");

        if (fault)
            fault->max = f->list_max;
        return;
    }
    fault_pointer(p->at, p->name, at);
    json_array_foreach (v, i, one) {
        struct place item = {at, name, p->codes, p->faults};

        snprintf(name, sizeof name, "%zu", i);
        field_set(&item, f, one, NULL);
    }
    if (slot)
        memcpy(slot, &v, sizeof v);
}

static void field_refuse_unknown(const json_t *doc, const char *at, const struct field *rows,
                                 struct faults *faults)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)doc, name, value) {
        const struct field *f = rows;
        struct fault *fault;

        while (f->name && strcmp(f->name, name) != 0)
            f++;
        if (f->name || !(fault = fault_add(faults, at, name, "unknown_member")))
            continue;
        memcpy(fault->words, name, utf8_cut(name, strlen(name), sizeof fault->words - 1));
    }
}

bool field_decode(const json_t *doc, const char *at, const struct field *rows,
                  const struct field_codes *codes, void *out, struct faults *faults)
{
    size_t before = faults->n;

    for (const struct field *f = rows; f->name; f++) {
        const json_t *v = json_object_get(doc, f->name);
        void *slot = out && f->slot != FIELD_UNSTORED ? (char *)out + f->slot : NULL;
        struct place p = {at, f->name, codes, faults};

        if (!v || (json_is_null(v) && !f->required)) {
            if (f->required)
                fault_add(faults, at, f->name, "required");
        } else if (f->list_max) {
            field_set_list(&p, f, v, slot);
        } else {
            field_set(&p, f, v, slot);
        }
    }
    field_refuse_unknown(doc, at, rows, faults);
    return faults->n == before && before < FAULTS_MAX;
}
