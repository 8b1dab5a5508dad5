#include "protocol/word.h"

#include <stddef.h>
#include <string.h>

const char *const language_words[] = {"ar", "en", "es", "fr", "ru", "zh", NULL};
const char *const urgency_words[] = {"emergency", "priority", "routine", "planned", NULL};
const char *const disclosure_words[] = {"open", "routed", "restricted", NULL};
const char *const outcome_words[] = {"", "resolved", "partly", "not_resolved", "no_reply", NULL};
const char *const relation_words[] = {"none",       "related",        "same_site",
                                      "same_event", "joint_training", NULL};
const char *const verdict_words[] = {"", "duplicate", "related", "not", NULL};
const char *const kind_words[] = {"ADVICE",       "TRAINING",    "MISSION", "LEGAL",
                                  "DATA_TOOLS",   "MATCHMAKING", "FUNDING", "EQUIPMENT",
                                  "COORDINATION", NULL};
const char *const reason_words[REASONS_N + 1] = {
    "out_of_mandate",  "not_party", "no_capacity",          "no_funds", "better_elsewhere",
    "already_covered", "language",  "conflict_of_interest", "other",    NULL};

int word_index(const char *const *words, const char *text)
{
    if (!text)
        return -1;
    for (int i = 0; words[i]; i++)
        if (!strcmp(words[i], text))
            return i;
    return -1;
}
