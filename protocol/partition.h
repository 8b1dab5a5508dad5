/* Which of the 16 partitions holds a country: fixed for ever, since the number stands in ids and
 * key names. */
#ifndef PROTOCOL_PARTITION_H
#define PROTOCOL_PARTITION_H

/* FNV-1a (32 bit) of the code, folded to 4 bits. */
unsigned partition_of(const char *country);

#endif
