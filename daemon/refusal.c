#include "daemon/refusal.h"

#include "base/clock.h"
#include "protocol/etag.h"
#include "protocol/transition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* refusal_reply -> (refusal_survivor_read) -> refusal_answer */
struct refusal {
    struct task *task; /* held */
    struct record acted, blocking;
    struct err err;
    char survivor[RECORD_REFERENCE_BYTES]; /* of blocking; "" when it is not merged or hidden */
};

static void refusal_survivor_read(void *arg, struct stored *stored, const struct err *e);
static void refusal_answer(struct refusal *op);

enum err_code refusal_check_match(const struct task *t, const struct record *r, struct err *e)
{
    const struct head_slice *value = head_find(http_head(t->http), "If-Match");
    char text[256];

    if (!value)
        return ERR_OK;
    if (value->bytes < sizeof text) {
        memcpy(text, value->text, value->bytes);
        text[value->bytes] = '\0';
        if (etag_matches(text, r->version))
            return ERR_OK;
    }
    return err_set(e, ERR_STALE, "version is %lld", (long long)r->version);
}

void refusal_reply(struct task *t, const struct record *acted, const struct record *blocking,
                   const struct err *e)
{
    struct refusal *op = mem_new(1, sizeof *op);

    op->task = t;
    op->acted = *acted;
    op->blocking = blocking ? *blocking : *acted;
    op->err = *e;
    if (e->code == ERR_STATE && *op->blocking.merged_into)
        request_store_read(t->app->store, op->blocking.merged_into, &t->who, refusal_survivor_read,
                           op);
    else
        refusal_answer(op);
}

static void refusal_survivor_read(void *arg, struct stored *stored, const struct err *e)
{
    struct refusal *op = arg;

    (void)e; /* hidden or not to be had: not named */
    if (stored)
        memcpy(op->survivor, stored->record.reference, sizeof op->survivor);
    refusal_answer(op);
}

static json_t *allowed_json(const struct record *r, const struct principal *who, char *ret_list,
                            size_t bytes)
{
    unsigned allowed = transition_allowed(r, who, clock_now_ms());
    json_t *list = json_array();
    size_t n = 0;

    *ret_list = '\0';
    for (unsigned a = 0; a < ACTIONS_N; a++) {
        if (!(allowed & 1u << a))
            continue;
        json_array_append_new(list, json_string(action_words[a]));
        if (n < bytes)
            n += (size_t)snprintf(ret_list + n, bytes - n, "%s%s", n ? ", " : "", action_words[a]);
    }
    return list;
}

static bool is_action(const struct refusal *op, enum action a)
{
    return !strcmp(op->task->action, action_words[a]);
}

/* The words that fit best; NULL: the usual ones. */
static const char *variant_of(const struct refusal *op)
{
    bool own = !strcmp(op->acted.id, op->blocking.id);
    unsigned allowed = transition_allowed(&op->acted, &op->task->who, clock_now_ms());

    if (op->err.code != ERR_STATE)
        return NULL;
    if (own && (allowed & 1u << ACTION_PLAN) && is_action(op, ACTION_PLAN))
        return "plan"; /* allowed, but not with this body */
    if (own && op->acted.dissent == DISSENT_UNSEEN && is_action(op, ACTION_ANSWER))
        return "dissent";
    if (own && (allowed & 1u << ACTION_ANSWER) && is_action(op, ACTION_ANSWER))
        return "items";
    if (own && (allowed & 1u << ACTION_ROUTE) && is_action(op, ACTION_ROUTE))
        return "route";
    if (own && op->acted.state == STATE_MERGED && op->task->who.role == ROLE_COORDINATOR &&
        is_action(op, ACTION_UNMERGE))
        return "undo"; /* it is late: nothing else hinders the coordinator */
    if (*op->survivor)
        return own ? "merged" : "other_merged";
    return own ? NULL : "other";
}

static json_t *members_of(const struct refusal *op, json_t *allowed, const char *since,
                          const char *tag)
{
    const struct record *b = &op->blocking;
    json_t *members;

    if (op->err.code == ERR_CLAIMED)
        return json_pack("{s:s, s:s}", "holder", op->acted.lead, "since", since);
    if (op->err.code == ERR_STALE)
        return json_pack("{s:s}", "current_etag", tag);
    if (op->err.code != ERR_STATE)
        return NULL;
    members =
        json_pack("{s:s, s:O}", "state", state_words[op->acted.state], "allowed_actions", allowed);
    if (strcmp(op->acted.id, b->id) != 0)
        json_object_set_new(members, "other",
                            json_pack("{s:s, s:s, s:s}", "id", b->id, "reference", b->reference,
                                      "state", state_words[b->state]));
    if (*op->survivor)
        json_object_set_new(
            members, "merged_into",
            json_pack("{s:s, s:s}", "id", b->merged_into, "reference", op->survivor));
    return members;
}

static void refusal_answer(struct refusal *op)
{
    struct refusal r = *op;
    const struct record *acted = &r.acted;
    char list[320], tag[ETAG_BYTES], since[CLOCK_TEXT_BYTES], until[CLOCK_TEXT_BYTES];
    char due[CLOCK_TEXT_BYTES];
    json_t *allowed = allowed_json(acted, &r.task->who, list, sizeof list);
    json_t *members;
    const struct word_value values[] = {
        {"state",               state_words[r.blocking.state]},
        {"allowed",             list                         },
        {"holder",              acted->lead                  },
        {"since",               clock_text(acted->claimed_ms,  since)},
        {"current",                     etag_write(acted->version,                                          "", tag)},
        {"until",                   clock_text(acted->undo_ms,   until)},
        {"until_due",               clock_text(acted->due_ms, due)},
        {"other",                     r.blocking.reference                                       },
        {"survivor",                 r.survivor                                             },
        {NULL,NULL}
    };

    free(op);
    members = members_of(&r, allowed, since, tag);
    json_decref(allowed);
    task_problem_with(r.task, &r.err, variant_of(&r), members ? values : NULL, members);
}
