/* One line an event on stderr: `level=info event=claimed request=req_.. by=ramsar`.
 *
 * error: someone must act; warning: odd, we go on; info: life cycle; debug: traces. Under
 * systemd ($JOURNAL_STREAM set) lines carry the sd-daemon prefix (<3> .. <7>). Control
 * characters are escaped, so a value cannot forge a line. Never log texts of requests,
 * contacts, tokens or query values. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* program is borrowed for the life of the process; level: the least urgent that is written. */
void log_init(const char *program, enum log_level level);
void log_set_level(enum log_level level);
/* "error" .. "debug"; -1 for any other word. */
int log_level_of(const char *word);

/* event: one word; fmt: the further key=value pairs, "" for none. */
void log_event(enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(event, ...) log_event(LOG_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_WARNING, event, __VA_ARGS__)
#define log_info(event, ...) log_event(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) log_event(LOG_DEBUG, event, __VA_ARGS__)

#endif
