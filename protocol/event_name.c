#include "protocol/event_name.h"

#include <string.h>

static const char changed[] = "request.changed";

static const char *const names[ACTIONS_N] = {
    [ACTION_SUBMIT] = "request.submitted",
    [ACTION_OFFER] = "request.offered",
    [ACTION_HOLD] = "request.held",
    [ACTION_REMIND] = "request.reminded",
    [ACTION_OPEN] = "request.opened",
    [ACTION_EXPIRE] = "request.expired",
    [ACTION_LAPSE] = "request.lapsed",
    [ACTION_CLAIM] = "request.claimed",
    [ACTION_DECLINE] = "request.declined",
    [ACTION_RELEASE] = "request.released",
    [ACTION_ASK] = "request.asked",
    [ACTION_REPLY] = "request.replied",
    [ACTION_PLAN] = "request.planned",
    [ACTION_AGREE] = "request.agreed",
    [ACTION_AMEND] = "request.amended",
    [ACTION_NOTE] = "request.noted",
    [ACTION_CONTRIBUTE] = "request.contributed",
    [ACTION_ANSWER] = "request.answered",
    [ACTION_CONFIRM] = "request.confirmed",
    [ACTION_CLOSE] = "request.closed",
    [ACTION_REOPEN] = "request.reopened",
    [ACTION_WITHDRAW] = "request.withdrawn",
    [ACTION_ROUTE] = "request.routed",
    [ACTION_REFER] = "request.referred",
    [ACTION_MERGE] = "request.merged",
    [ACTION_UNMERGE] = "request.unmerged",
    [ACTION_LINK] = changed,
    [ACTION_JOIN] = "request.joined",
    [ACTION_ESCALATE] = "request.escalated",
};

_Static_assert(ACTIONS_N <= 64, "a bit for each action");

const char *event_name(enum action a)
{
    return names[a] ? names[a] : changed;
}

unsigned long long event_name_actions(const char *name)
{
    unsigned long long actions = 0;

    for (unsigned a = 0; a < ACTIONS_N; a++)
        if (!strcmp(event_name((enum action)a), name))
            actions |= 1ULL << a;
    return actions;
}
