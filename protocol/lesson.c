#include "protocol/lesson.h"

#include "base/clock.h"

#include <string.h>

/* Having no time or money says nothing about whose matter it is. */
static bool reason_teaches(int reason)
{
    return reason >= 0 && (!strcmp(reason_words[reason], "out_of_mandate") ||
                           !strcmp(reason_words[reason], "better_elsewhere"));
}

static bool act_teaches(enum action a, const struct transition_input *in)
{
    switch (a) {
    case ACTION_CLAIM:
    case ACTION_ROUTE:
    case ACTION_REFER:
        return true;
    case ACTION_DECLINE:
    case ACTION_RELEASE:
        return reason_teaches(in->reason);
    case ACTION_SUBMIT:
    case ACTION_MERGE:
    case ACTION_UNMERGE:
    case ACTION_LINK:
    case ACTION_JOIN:
    case ACTION_OFFER:
    case ACTION_HOLD:
    case ACTION_REMIND:
    case ACTION_OPEN:
    case ACTION_EXPIRE:
    case ACTION_LAPSE:
    case ACTION_ASK:
    case ACTION_REPLY:
    case ACTION_PLAN:
    case ACTION_AGREE:
    case ACTION_AMEND:
    case ACTION_NOTE:
    case ACTION_CONTRIBUTE:
    case ACTION_ANSWER:
    case ACTION_CONFIRM:
    case ACTION_CLOSE:
    case ACTION_REOPEN:
    case ACTION_WITHDRAW:
    case ACTION_ESCALATE:
    case ACTIONS_N:
        return false;
    }
    return false;
}

static const char *some(const char *text)
{
    return text && *text ? text : NULL;
}

/* A claim changes who leads; whoever gives up the lead had it until now. */
static enum offer_role role_of(const struct record *before, const struct record *after,
                               enum action a, const char *by)
{
    const char *lead = a == ACTION_CLAIM ? after->lead : before->lead;

    return strcmp(lead, by) == 0 ? OFFER_LEAD : OFFER_SUPPORT;
}

json_t *lesson_json(const struct record *before, const struct record *after, enum action a,
                    const struct principal *who, const struct transition_input *in,
                    const json_t *grounds, int64_t now_ms)
{
    bool is_secretariat = who->role == ROLE_SECRETARIAT;
    char at[CLOCK_TEXT_BYTES];
    json_t *lesson;

    if (!grounds || (!is_secretariat && who->role != ROLE_COORDINATOR) || !act_teaches(a, in))
        return NULL;
    lesson = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:s*, s:O*, s:O}", "request",
                       after->id, "at", clock_text(now_ms, at), "action", action_words[a], "by",
                       is_secretariat ? who->of : NULL, "role",
                       is_secretariat ? offer_role_words[role_of(before, after, a, who->of)] : NULL,
                       "proposed", some(before->lead), "reason",
                       in->reason >= 0 ? reason_words[in->reason] : NULL, "better", in->better,
                       "lead", in->lead, "support", in->support, "grounds", grounds);
    if (!lesson)
        bug("a lesson does not become JSON");
    return lesson;
}
