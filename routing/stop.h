/* Function words: they carry no evidence and do not part a phrase. */
#ifndef ROUTING_STOP_H
#define ROUTING_STOP_H

/* A link joins words without changing what they say ("trade of", "trade in"); any other
 * function word may ("with", "without"; "remise en eau", "remise a l'eau"). */
enum stop { STOP_NONE, STOP_LINK, STOP_WORD };

/* word: lower case, Arabic and Russian letters in the form text.c gives them.
 * language: index; for -1 and languages without such words STOP_NONE. */
enum stop stop_find(int language, const char *word);

#endif
