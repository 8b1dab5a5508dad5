/* JSON as tests like to write it: with ' for ". */
#ifndef TESTS_UNIT_PROTOCOL_PARSE_H
#define TESTS_UNIT_PROTOCOL_PARSE_H

#include "protocol/fault.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

__attribute__((unused)) static json_t *parse(const char *text)
{
    char *copy = strdup(text);
    json_error_t error;
    json_t *doc;

    for (char *c = copy; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    doc = json_loads(copy, JSON_DECODE_ANY, &error);
    if (!doc)
        fail_msg("%s: %s", error.text, text);
    free(copy);
    return doc;
}

/* All faults as "pointer code", a line each, sorted as they came. */
__attribute__((unused)) static const char *faults_text(const struct faults *f)
{
    static char text[FAULTS_MAX * 256];
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < f->n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s", i ? "; " : "",
                              f->list[i].pointer, f->list[i].code);
    return text;
}

#endif
