#include "protocol/partition.h"

#include <stdint.h>

unsigned partition_of(const char *country)
{
    uint32_t hash = 2166136261u;

    for (const char *c = country; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    hash ^= hash >> 16u;
    hash ^= hash >> 8u;
    return (hash ^ hash >> 4u) & 15u;
}
