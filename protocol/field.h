/* A decoder driven by tables: one row for one member says what it must be and where it lands.
 * Every fault is kept, so a caller sees all that is wrong at once. The same rows print the API
 * description. */
#ifndef PROTOCOL_FIELD_H
#define PROTOCOL_FIELD_H

#include "protocol/fault.h"

#include <jansson.h>
#include <stdbool.h>

enum field_kind {
    FIELD_TEXT,        /* const char *; min..max code points, no control characters */
    FIELD_WORD,        /* int: index in words */
    FIELD_BOOL,        /* bool */
    FIELD_COUNT,       /* int64_t; min..max */
    FIELD_NUMBER,      /* double; min..max */
    FIELD_DATE,        /* const char *: "2026-03-03" or an RFC 3339 instant */
    FIELD_COUNTRY,     /* const char *: a country of the configuration */
    FIELD_SECRETARIAT, /* const char *: a secretariat of the configuration */
    FIELD_OBJECT       /* const json_t *; rows says of what */
};

struct field {
    const char *name;
    enum field_kind kind;
    bool required;
    int list_max; /* 0: one value; else an array of up to so many of them */
    int64_t min, max;
    const char *const *words; /* FIELD_WORD: ends with NULL */
    const struct field *rows; /* FIELD_OBJECT: ends with a row without name */
    size_t slot;              /* offsetof in the target, FIELD_UNSTORED: checked only. Lists and
                                 objects land as const json_t * */
    const char *about;        /* one English sentence for the API description */
};

#define FIELD_UNSTORED ((size_t)-1)

/* Codes that only the configuration knows. Both may be NULL: then only the form is checked, three
 * capital letters or 2 to 11 small letters and digits. */
struct field_codes {
    bool (*is_country)(const void *arg, const char *code);
    bool (*is_secretariat)(const void *arg, const char *code);
    const void *arg;
};

/* Checks doc against rows (ending with a row without name) and fills out; what is stored stays
 * borrowed from doc. at: doc's own pointer, "#" for the root. Absent members leave their slot
 * untouched. True when nothing is wrong: no fault was added, and none dropped since faults is full.
 */
bool field_decode(const json_t *doc, const char *at, const struct field *rows,
                  const struct field_codes *codes, void *out, struct faults *faults);

#endif
