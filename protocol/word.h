/* Closed lists of words. The index is what is stored in memory, the word what stands on the wire.
 */
#ifndef PROTOCOL_WORD_H
#define PROTOCOL_WORD_H

/* Index of text in words (ends with NULL); -1 when text is NULL or not one of them. */
int word_index(const char *const *words, const char *text);

enum language { LANGUAGE_AR, LANGUAGE_EN, LANGUAGE_ES, LANGUAGE_FR, LANGUAGE_RU, LANGUAGE_ZH };
extern const char *const language_words[]; /* same order as config/mandate.h language_codes */

enum urgency { URGENCY_EMERGENCY, URGENCY_PRIORITY, URGENCY_ROUTINE, URGENCY_PLANNED };
extern const char *const urgency_words[];

enum disclosure { DISCLOSURE_OPEN, DISCLOSURE_ROUTED, DISCLOSURE_RESTRICTED };
extern const char *const disclosure_words[];

enum outcome {
    OUTCOME_NONE,
    OUTCOME_RESOLVED,
    OUTCOME_PARTLY,
    OUTCOME_NOT_RESOLVED,
    OUTCOME_NO_REPLY
};
extern const char *const outcome_words[]; /* OUTCOME_NONE is "" */

/* How two requests belong together; RELATION_NONE takes a link away. */
enum relation {
    RELATION_NONE,
    RELATION_RELATED,
    RELATION_SAME_SITE,
    RELATION_SAME_EVENT,
    RELATION_JOINT_TRAINING
};
extern const char *const relation_words[];

/* What a person says of a pair of requests; VERDICT_NONE takes it back. */
enum verdict { VERDICT_NONE, VERDICT_DUPLICATE, VERDICT_RELATED, VERDICT_NOT, VERDICTS_N };
extern const char *const verdict_words[]; /* VERDICT_NONE is "" */

/* Kinds of help (domain reference 4). */
enum kind {
    KIND_ADVICE,
    KIND_TRAINING,
    KIND_MISSION,
    KIND_LEGAL,
    KIND_DATA_TOOLS,
    KIND_MATCHMAKING,
    KIND_FUNDING,
    KIND_EQUIPMENT,
    KIND_COORDINATION,
    KINDS_N
};
extern const char *const kind_words[]; /* ends with NULL */

/* Why a secretariat declines or gives back (contract section 5). */
enum { REASONS_N = 9 };
extern const char *const reason_words[REASONS_N + 1];

#endif
