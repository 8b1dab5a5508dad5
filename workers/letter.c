#include "workers/letter.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *person_text(const struct notice *n, const char *name)
{
    const char *text = json_string_value(json_object_get(n->person, name));

    return text ? text : "";
}

bool letter_reader(const struct notice *n, struct principal *ret_who)
{
    return principal_read(person_text(n, "who"), ret_who);
}

int letter_language(const struct notice *n)
{
    int language = language_find(person_text(n, "language"));

    return language < 0 ? LANGUAGE_EN : language;
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *country_name(const struct letter *l, const char *iso3)
{
    const struct country *c = world_country(&l->config->world, iso3);

    return c ? c->names[letter_language(l->notice)] : iso3;
}

static const char *word_of(const struct letter *l, const char *stem, const char *code, char key[64])
{
    snprintf(key, 64, "%s.%s", stem, code);
    return words_get(l->config->words, key, letter_language(l->notice));
}

static const char *actor_name(const struct letter *l, const char *actor, char key[64])
{
    struct principal p;

    if (!principal_read(actor, &p))
        return actor;
    if (p.role == ROLE_COUNTRY)
        return country_name(l, p.of);
    if (p.role == ROLE_SECRETARIAT)
        return word_of(l, "secretariat", p.of, key);
    return word_of(l, "role", role_words[p.role], key);
}

/* --- what may be said ------------------------------------------------------------------------- */

static bool is_restricted(const struct record *r)
{
    return r->restricted || r->disclosure == DISCLOSURE_RESTRICTED;
}

static enum record_view view_of(const struct letter *l)
{
    struct principal who;

    if (is_restricted(l->record) || !letter_reader(l->notice, &who))
        return RECORD_HEADER;
    return record_view_of(l->record, &who);
}

static char *sentence(const struct letter *l)
{
    const struct record *r = l->record;
    char stem[40];
    char who_key[64], lead_key[64];
    const struct word_value values[] = {
        {"country",               country_name(l, r->country)},
        {"who",                       actor_name(l,                                 l->notice->event.actor, who_key)},
        {"lead", *r->lead ? word_of(l,"secretariat", r->lead, lead_key) : "-"},
        {"body",                  *r->referred ? r->referred : "-"           },
        {NULL,                NULL              }
    };

    snprintf(stem, sizeof stem, "notice.%s", l->notice->words);
    return words_fill(l->config->words, stem, letter_language(l->notice), values);
}

char *letter_subject(const struct letter *l)
{
    struct buf out = {0};
    char *words = sentence(l);

    buf_printf(&out, "[%s] %s", l->record->reference, words);
    free(words);
    return buf_take(&out);
}

/* --- the text --------------------------------------------------------------------------------- */

static void add_line(const struct letter *l, struct buf *out, const char *key, const char *name,
                     const char *value)
{
    const struct word_value values[] = {
        {name, value},
        {NULL, NULL }
    };
    char *line = words_fill(l->config->words, key, letter_language(l->notice), values);

    buf_printf(out, "%s\n", line);
    free(line);
}

static void add_plain(const struct letter *l, struct buf *out, const char *key)
{
    buf_printf(out, "%s\n", words_get(l->config->words, key, letter_language(l->notice)));
}

/* "2026-03-03 14:05 UTC" */
static char *day_text(int64_t ms, char out[32])
{
    char text[CLOCK_TEXT_BYTES];

    clock_text(ms, text);
    snprintf(out, 32, "%.10s %.5s UTC", text, text + 11);
    return out;
}

static void add_facts(const struct letter *l, struct buf *out)
{
    const char *title = json_string_value(json_object_get(l->body, "title"));
    const char *outcome = json_string_value(json_object_get(l->line, "outcome"));
    const char *reason = json_string_value(json_object_get(l->line, "reason"));
    char key[64];
    char day[32];

    add_line(l, out, "mail.reference", "value", l->record->reference);
    if (title && view_of(l) >= RECORD_TITLE)
        add_line(l, out, "mail.title", "value", title);
    add_line(l, out, "mail.state", "value",
             word_of(l, "state", state_words[l->record->state], key));
    if (outcome)
        add_line(l, out, "mail.outcome", "value", word_of(l, "outcome", outcome, key));
    if (reason)
        add_line(l, out, "mail.reason", "value", word_of(l, "reason", reason, key));
    if (l->current && l->record->due_ms > 0)
        add_line(l, out, "mail.due", "value", day_text(l->record->due_ms, day));
}

/* What the actor said, each line behind a bar, so that it is not taken for our words. */
static void add_said(const struct letter *l, struct buf *out)
{
    const char *text = json_string_value(json_object_get(l->line, "text"));

    if (!text)
        return;
    buf_add_text(out, "\n");
    if (view_of(l) != RECORD_FULL) {
        add_plain(l, out, "mail.withheld");
        return;
    }
    add_plain(l, out, "mail.said");
    while (*text) {
        size_t n = strcspn(text, "\n");

        buf_printf(out, "| %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

/* The first of several ways to say it. */
static char *first_word(const struct letter *l, const char *key)
{
    const char *all = words_get(l->config->words, key, letter_language(l->notice));

    return mem_text_n(all, strcspn(all, ";"));
}

static void add_confirm(const struct letter *l, struct buf *out)
{
    char *resolved = first_word(l, "reply.resolved");
    char *partly = first_word(l, "reply.partly");
    char *not_resolved = first_word(l, "reply.not_resolved");
    const struct word_value values[] = {
        {"resolved",     resolved    },
        {"partly",       partly      },
        {"not_resolved", not_resolved},
        {NULL,           NULL        }
    };
    char *line =
        words_fill(l->config->words, "mail.reply.confirm", letter_language(l->notice), values);

    buf_printf(out, "%s\n", line);
    free(line);
    free(resolved);
    free(partly);
    free(not_resolved);
}

static void add_reply(const struct letter *l, struct buf *out)
{
    char day[32];

    if (!l->takes_reply)
        return;
    buf_add_text(out, "\n");
    if (l->notice->reply == NOTICE_REPLY_CONFIRM)
        add_confirm(l, out);
    else
        add_plain(l, out, "mail.reply.text");
    add_line(l, out, "mail.reply.until", "until", day_text(l->until_ms, day));
}

char *letter_text(const struct letter *l)
{
    struct buf out = {0};
    char *words = sentence(l);
    const char *name = person_text(l->notice, "name");

    if (l->takes_reply) {
        buf_printf(&out, "--- %s ---\n\n",
                   words_get(l->config->words, "mail.cut", letter_language(l->notice)));
    }
    if (*name)
        add_line(l, &out, "mail.hello", "name", name);
    else
        add_plain(l, &out, "mail.hello.none");
    buf_printf(&out, "\n%s\n\n", words);
    add_facts(l, &out);
    add_said(l, &out);
    add_reply(l, &out);
    buf_add_text(&out, "\n-- \n");
    add_plain(l, &out, "mail.automatic");
    free(words);
    return buf_take(&out);
}
