/* All reference data of one folder, and the hash that names this state of it. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "base/buf.h"
#include "base/err.h"
#include "config/calendars.h"
#include "config/class_weight.h"
#include "config/likeness.h"
#include "config/mandate.h"
#include "config/notice.h"
#include "config/term.h"
#include "config/weight.h"
#include "config/words.h"
#include "config/world.h"

enum { LEXICON_BYTES_MAX = 6 << 20 }; /* of lexicon.bin */

struct config {
    struct mandate mandate;
    struct world world;
    struct terms terms;
    struct weights weights;
    struct class_weights classes, supporters; /* weights point here */
    struct likeness_weights likeness;
    struct calendar_book calendars;
    struct words *words;
    struct notices notices;
    struct buf lexicon; /* bytes of lexicon.bin, empty when the folder has none */
    char ruleset[17];   /* first 16 hex digits of BLAKE2b-256 over all files that steer routing;
                           not of the lexicon, which has a mark of its own */
};

/* Parses everything before anything is kept, so a faulty folder changes nothing: ret_config is
 * set only on success. ERR_CONFIG names file and line. */
enum err_code config_load(const char *dir, struct config **ret_config, struct err *e) ERR_CHECK;
void config_free(struct config *c);

#endif
