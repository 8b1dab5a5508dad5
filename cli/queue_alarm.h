/* What in the queue's health somebody must act on, in words; nothing when all is well. */
#ifndef CLI_QUEUE_ALARM_H
#define CLI_QUEUE_ALARM_H

#include <jansson.h>

/* Calls tell for each; text is borrowed for the call. */
void queue_alarms(const json_t *health, void (*tell)(void *arg, const char *text), void *arg);

#endif
