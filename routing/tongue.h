/* Which of the six languages to read a text in, when nobody says or it is said to be another one.
 */
#ifndef ROUTING_TONGUE_H
#define ROUTING_TONGUE_H

/* language: a code of config/mandate.h, any other one, or "". Another language is read as that of
 * its script and, among Latin ones, as the one whose function words it has most: Portuguese as
 * Spanish, Ukrainian as Russian. Returns an index. */
int tongue_of(const char *language, const char *title, const char *text);

#endif
