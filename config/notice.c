#include "config/notice.h"

#include "config/csv.h"

#include <string.h>

const char *const notice_reply_words[] = {"none", "text", "confirm", NULL};

static const struct {
    const char *word;
    unsigned bit;
} tellings[] = {
    {"country",     NOTICE_COUNTRY    },
    {"lead",        NOTICE_LEAD       },
    {"supporters",  NOTICE_SUPPORTERS },
    {"invited",     NOTICE_INVITED    },
    {"engaged",     NOTICE_ENGAGED    },
    {"informed",    NOTICE_INFORMED   },
    {"coordinator", NOTICE_COORDINATOR},
    {"offered",     NOTICE_OFFERED    },
    {"whom",        NOTICE_WHOM       },
    {"ball",        NOTICE_BALL       },
    {"closest",     NOTICE_CLOSEST    }
};

static unsigned telling_bit(const char *word, size_t bytes)
{
    for (size_t i = 0; i < sizeof tellings / sizeof tellings[0]; i++)
        if (strlen(tellings[i].word) == bytes && !memcmp(tellings[i].word, word, bytes))
            return tellings[i].bit;
    return 0;
}

static enum err_code tells_read(const struct csv *row, unsigned *ret_tells, struct err *e)
{
    const char *rest, *part;
    size_t bytes;
    enum err_code rc = csv_require(row, "tells", &rest, e);

    *ret_tells = 0;
    while (rc == ERR_OK && csv_part(&rest, &part, &bytes)) {
        unsigned bit = telling_bit(part, bytes);

        if (!bit)
            rc = csv_fault(row, e, "tells: unknown \"%.*s\"", (int)bytes, part);
        *ret_tells |= bit;
    }
    return rc;
}

static enum err_code row_read(void *arg, const struct csv *row, struct err *e)
{
    static const char *const times[] = {"event", "step", NULL};
    static const char *const hours[] = {"any", "working", NULL};
    struct notices *n = arg;
    struct notice_row r = {.tells = 0};
    int reply = 0;
    int once = 0;
    int hour = 0;
    enum err_code rc;

    if (n->rows_n == NOTICES_MAX)
        return csv_fault(row, e, "more than %d rows", NOTICES_MAX);
    if ((rc = csv_copy(row, "action", r.action, sizeof r.action, e)) ||
        (rc = csv_copy(row, "to", r.to, sizeof r.to, e)) ||
        (rc = csv_copy(row, "by", r.by, sizeof r.by, e)) ||
        (rc = csv_number(row, "degree", 0, 100, &r.degree, e)) ||
        (rc = csv_copy(row, "words", r.words, sizeof r.words, e)) ||
        (rc = tells_read(row, &r.tells, e)) ||
        (rc = csv_word(row, "reply", notice_reply_words, &reply, e)) ||
        (rc = csv_word(row, "once", times, &once, e)) ||
        (rc = csv_word(row, "hours", hours, &hour, e)))
        return rc;
    r.reply = (enum notice_reply)reply;
    r.once_a_step = once == 1;
    r.in_hours = hour == 1;
    n->rows[n->rows_n++] = r;
    return ERR_OK;
}

enum err_code notices_load(const char *dir, struct notices *n, struct err *e)
{
    struct notices fresh = {.rows_n = 0};
    enum err_code rc = csv_read_in(dir, "notices.csv", row_read, &fresh, e);

    if (rc == ERR_OK)
        *n = fresh;
    return rc;
}

static bool fits(const char *pattern, const char *value)
{
    return !strcmp(pattern, "*") || !strcmp(pattern, value);
}

const struct notice_row *notices_next(const struct notices *n, size_t *at,
                                      const struct notice_case *event)
{
    while (*at < n->rows_n) {
        const struct notice_row *r = &n->rows[(*at)++];

        if (!strcmp(r->action, event->action) && fits(r->to, event->to) &&
            (fits(r->by, event->as) || !strcmp(r->by, event->role)) &&
            (!r->degree || r->degree == event->degree))
            return r;
    }
    return NULL;
}
