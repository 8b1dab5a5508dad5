/* What pages need to know of forms and events, as JSON: printed at build from the very tables that
 * the decoder and the event streams go by, so a page cannot ask for what would be refused. */
#ifndef PROTOCOL_FORM_H
#define PROTOCOL_FORM_H

#include <stdio.h>

/* {"request": [field ..], "actions": {action: [field ..]}, "events": [name ..]}; a field has name,
 * kind, required, list (most values, 0: one), min, max and, for words, words. */
void form_print_json(FILE *out);

#endif
