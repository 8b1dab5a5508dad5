#include "protocol/lifecycle.h"

#include "protocol/timer.h"

#include <string.h>

const char *const state_words[] = {
    "submitted", "triage",     "awaiting_country", "offered",   "claimed",
    "planned",   "delivering", "answered",         "unmatched", "closed",
    "withdrawn", "merged",     "declined",         "referred",  NULL};
const char *const action_words[] = {
    "submit",     "offer",   "hold",    "remind", "open",     "expire",   "lapse", "claim",
    "decline",    "release", "ask",     "reply",  "plan",     "agree",    "amend", "note",
    "contribute", "answer",  "confirm", "close",  "reopen",   "withdraw", "route", "refer",
    "merge",      "unmerge", "link",    "join",   "escalate", NULL};
const char *const standing_words[] = {"",       "may take the lead", "invited to support",
                                      "lead",   "supporter",         "lead or supporter",
                                      "routed", "closest",           NULL};
const char *const guard_words[] = {"",
                                   "as supporter",
                                   "as lead",
                                   "another lead can be proposed",
                                   "no other lead",
                                   "asked in triage",
                                   "asked while claimed",
                                   "asked while delivering",
                                   "resolved",
                                   "partly or not resolved",
                                   "at most 180 days after closing, the lead is willing",
                                   "at most 180 days after closing",
                                   "more follows",
                                   "the other was received earlier",
                                   "the other was received later",
                                   "the other one is the one acted on",
                                   "merged into the one that moves",
                                   "merged in triage or before, in time",
                                   "merged while awaiting the country, in time",
                                   "merged while offered, in time",
                                   "merged while claimed, in time",
                                   "merged while unmatched, in time",
                                   "below level 3",
                                   "below level 3, once in a state",
                                   "the clock demands it",
                                   "the lease has ended, another lead can be proposed",
                                   "the lease has ended, no other lead",
                                   "lapsed at most 180 days ago",
                                   "after two cycles",
                                   "another route, or a new cycle",
                                   "no secretariat is close",
                                   "a secretariat is close",
                                   "a decline is proposed",
                                   "a referral is proposed",
                                   "some of it needs a plan, or more than 10 working days",
                                   "none of it needs a plan, no disagreement is unseen",
                                   "each item is accounted for, no disagreement is unseen",
                                   "a disagreement is unseen",
                                   NULL};
const char *const ball_words[] = {"", "system", "coordinator", "country", "secretariat", NULL};

#define IN(s) (1u << STATE_##s)
#define AT_WORK (IN(CLAIMED) | IN(PLANNED) | IN(DELIVERING))
#define DECIDED                                                                                    \
    (IN(TRIAGE) | IN(AWAITING_COUNTRY) | IN(OFFERED) | AT_WORK | IN(ANSWERED) | IN(UNMATCHED))
#define OPEN (IN(SUBMITTED) | DECIDED)
#define ENDED (IN(CLOSED) | IN(WITHDRAWN) | IN(DECLINED) | IN(REFERRED))
#define ANY_STATE (OPEN | ENDED | IN(MERGED))

/* clang-format off */
const struct lifecycle_row lifecycle_rows[] = {
    /* action, from, role, standing, guard, to */
    {ACTION_OFFER,      IN(SUBMITTED),                ROLE_SYSTEM,      STANDING_ANY,       GUARD_NONE,              STATE_OFFERED},
    {ACTION_HOLD,       IN(SUBMITTED),                ROLE_SYSTEM,      STANDING_ANY,       GUARD_NONE,              STATE_TRIAGE},

    {ACTION_ROUTE,      IN(TRIAGE),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_NONE,              STATE_OFFERED},
    {ACTION_ROUTE,      IN(UNMATCHED),                ROLE_COORDINATOR, STANDING_ANY,       GUARD_ANEW,              STATE_OFFERED},
    {ACTION_ASK,        IN(TRIAGE),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_NONE,              STATE_AWAITING_COUNTRY},
    {ACTION_DECLINE,    IN(TRIAGE),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_NOBODY_CLOSE,      STATE_DECLINED},
    {ACTION_DECLINE,    IN(TRIAGE),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_SOMEBODY_CLOSE,    STATE_SAME},
    {ACTION_AGREE,      IN(TRIAGE),                   ROLE_SECRETARIAT, STANDING_CLOSEST,   GUARD_DECLINE_PROPOSED,  STATE_DECLINED},
    {ACTION_AMEND,      IN(TRIAGE),                   ROLE_SECRETARIAT, STANDING_CLOSEST,   GUARD_DECLINE_PROPOSED,  STATE_SAME},
    {ACTION_DECLINE,    IN(UNMATCHED),                ROLE_COORDINATOR, STANDING_ANY,       GUARD_CYCLES,            STATE_DECLINED},
    {ACTION_REFER,      IN(TRIAGE),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_NONE,              STATE_SAME},
    {ACTION_AGREE,      IN(TRIAGE),                   ROLE_COUNTRY,     STANDING_ANY,       GUARD_REFERRAL_PROPOSED, STATE_REFERRED},
    {ACTION_AMEND,      IN(TRIAGE),                   ROLE_COUNTRY,     STANDING_ANY,       GUARD_REFERRAL_PROPOSED, STATE_SAME},
    {ACTION_REFER,      IN(UNMATCHED),                ROLE_COORDINATOR, STANDING_ANY,       GUARD_CYCLES,            STATE_REFERRED},

    {ACTION_CLAIM,      IN(OFFERED),                  ROLE_SECRETARIAT, STANDING_PROPOSED,  GUARD_AS_LEAD,           STATE_CLAIMED},
    {ACTION_CLAIM,      IN(OFFERED) | AT_WORK | IN(AWAITING_COUNTRY),
                                                      ROLE_SECRETARIAT, STANDING_INVITED,   GUARD_AS_SUPPORT,        STATE_SAME},
    {ACTION_DECLINE,    IN(OFFERED),                  ROLE_SECRETARIAT, STANDING_PROPOSED,  GUARD_NEXT_LEAD,         STATE_SAME},
    {ACTION_DECLINE,    IN(OFFERED),                  ROLE_SECRETARIAT, STANDING_PROPOSED,  GUARD_NO_LEAD,           STATE_UNMATCHED},
    {ACTION_DECLINE,    IN(OFFERED) | AT_WORK | IN(AWAITING_COUNTRY),
                                                      ROLE_SECRETARIAT, STANDING_INVITED,   GUARD_NONE,              STATE_SAME},
    {ACTION_RELEASE,    IN(CLAIMED),                  ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_NEXT_LEAD,         STATE_OFFERED},
    {ACTION_RELEASE,    IN(CLAIMED),                  ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_NO_LEAD,           STATE_UNMATCHED},
    {ACTION_ASK,        IN(CLAIMED) | IN(DELIVERING), ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_NONE,              STATE_AWAITING_COUNTRY},
    {ACTION_PLAN,       IN(CLAIMED),                  ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_PLANNABLE,         STATE_PLANNED},
    {ACTION_NOTE,       AT_WORK,                      ROLE_SECRETARIAT, STANDING_TEAM,      GUARD_NONE,              STATE_SAME},
    {ACTION_NOTE,       AT_WORK,                      ROLE_COORDINATOR, STANDING_ANY,       GUARD_DISSENT,           STATE_SAME},
    {ACTION_CONTRIBUTE, AT_WORK | IN(ANSWERED),       ROLE_SECRETARIAT, STANDING_SUPPORTER, GUARD_NONE,              STATE_SAME},
    {ACTION_ANSWER,     IN(CLAIMED),                  ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_SIMPLE,            STATE_ANSWERED},
    {ACTION_ANSWER,     IN(DELIVERING),               ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_ACCOUNTED,         STATE_ANSWERED},

    {ACTION_REPLY,      IN(AWAITING_COUNTRY),         ROLE_COUNTRY,     STANDING_ANY,       GUARD_IN_PART,           STATE_SAME},
    {ACTION_REPLY,      IN(AWAITING_COUNTRY),         ROLE_COUNTRY,     STANDING_ANY,       GUARD_FROM_TRIAGE,       STATE_TRIAGE},
    {ACTION_REPLY,      IN(AWAITING_COUNTRY),         ROLE_COUNTRY,     STANDING_ANY,       GUARD_FROM_CLAIMED,      STATE_CLAIMED},
    {ACTION_REPLY,      IN(AWAITING_COUNTRY),         ROLE_COUNTRY,     STANDING_ANY,       GUARD_FROM_DELIVERY,     STATE_DELIVERING},
    {ACTION_AGREE,      IN(PLANNED),                  ROLE_COUNTRY,     STANDING_ANY,       GUARD_NONE,              STATE_DELIVERING},
    {ACTION_AMEND,      IN(PLANNED),                  ROLE_COUNTRY,     STANDING_ANY,       GUARD_NONE,              STATE_CLAIMED},
    {ACTION_CONFIRM,    IN(ANSWERED),                 ROLE_COUNTRY,     STANDING_ANY,       GUARD_RESOLVED,          STATE_CLOSED},
    {ACTION_CONFIRM,    IN(ANSWERED),                 ROLE_COUNTRY,     STANDING_ANY,       GUARD_UNRESOLVED,        STATE_CLAIMED},
    {ACTION_CLOSE,      IN(ANSWERED),                 ROLE_COUNTRY,     STANDING_ANY,       GUARD_NONE,              STATE_CLOSED},
    {ACTION_RELEASE,    IN(CLOSED),                   ROLE_SECRETARIAT, STANDING_LEAD,      GUARD_WILLING,           STATE_SAME},
    {ACTION_REOPEN,     IN(CLOSED),                   ROLE_COUNTRY,     STANDING_ANY,       GUARD_WILLING,           STATE_CLAIMED},
    {ACTION_REOPEN,     IN(CLOSED),                   ROLE_COUNTRY,     STANDING_ANY,       GUARD_RECENT,            STATE_OFFERED},
    {ACTION_REOPEN,     IN(WITHDRAWN),                ROLE_COUNTRY,     STANDING_ANY,       GUARD_LAPSED,            STATE_TRIAGE},
    {ACTION_WITHDRAW,   OPEN,                         ROLE_COUNTRY,     STANDING_ANY,       GUARD_NONE,              STATE_WITHDRAWN},

    {ACTION_MERGE,      IN(TRIAGE) | IN(AWAITING_COUNTRY) | IN(OFFERED) | IN(CLAIMED) | IN(UNMATCHED),
                                                      ROLE_COORDINATOR, STANDING_ANY,       GUARD_YIELDS,            STATE_MERGED},
    {ACTION_MERGE,      DECIDED,                      ROLE_COORDINATOR, STANDING_ANY,       GUARD_SURVIVES,          STATE_SAME},
    {ACTION_MERGE,      IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_FOLLOWS,           STATE_SAME},
    {ACTION_JOIN,       IN(SUBMITTED) | IN(TRIAGE),   ROLE_COUNTRY,     STANDING_ANY,       GUARD_YIELDS,            STATE_MERGED},
    {ACTION_JOIN,       DECIDED,                      ROLE_COUNTRY,     STANDING_ANY,       GUARD_RECEIVES,          STATE_SAME},
    {ACTION_JOIN,       IN(MERGED),                   ROLE_COUNTRY,     STANDING_ANY,       GUARD_FOLLOWS,           STATE_SAME},
    {ACTION_JOIN,       IN(SUBMITTED),                ROLE_SYSTEM,      STANDING_ANY,       GUARD_YIELDS,            STATE_MERGED},
    {ACTION_JOIN,       DECIDED,                      ROLE_SYSTEM,      STANDING_ANY,       GUARD_RECEIVES,          STATE_SAME},
    {ACTION_UNMERGE,    IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_WAS_TRIAGE,        STATE_TRIAGE},
    {ACTION_UNMERGE,    IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_WAS_AWAITING,      STATE_AWAITING_COUNTRY},
    {ACTION_UNMERGE,    IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_WAS_OFFERED,       STATE_OFFERED},
    {ACTION_UNMERGE,    IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_WAS_CLAIMED,       STATE_CLAIMED},
    {ACTION_UNMERGE,    IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_WAS_UNMATCHED,     STATE_UNMATCHED},
    {ACTION_UNMERGE,    DECIDED | ENDED,              ROLE_COORDINATOR, STANDING_ANY,       GUARD_RECEIVES,          STATE_SAME},
    {ACTION_UNMERGE,    IN(MERGED),                   ROLE_COORDINATOR, STANDING_ANY,       GUARD_FOLLOWS,           STATE_SAME},
    {ACTION_REMIND,     IN(AWAITING_COUNTRY) | AT_WORK | IN(ANSWERED),
                                                      ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE,               STATE_SAME},
    {ACTION_OPEN,       IN(OFFERED),                  ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE,               STATE_SAME},
    {ACTION_EXPIRE,     IN(OFFERED),                  ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE,               STATE_UNMATCHED},
    {ACTION_RELEASE,    IN(CLAIMED),                  ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE_NEXT_LEAD,     STATE_OFFERED},
    {ACTION_RELEASE,    IN(CLAIMED),                  ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE_NO_LEAD,       STATE_UNMATCHED},
    {ACTION_LAPSE,      IN(AWAITING_COUNTRY),         ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE,               STATE_WITHDRAWN},
    {ACTION_CLOSE,      IN(ANSWERED),                 ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE,               STATE_CLOSED},
    {ACTION_ESCALATE,   DECIDED,                      ROLE_SYSTEM,      STANDING_ANY,       GUARD_DUE,               STATE_SAME},
    {ACTION_ESCALATE,   DECIDED,                      ROLE_SECRETARIAT, STANDING_ROUTED,    GUARD_BELOW_TOP,         STATE_SAME},
    {ACTION_ESCALATE,   OPEN,                         ROLE_COORDINATOR, STANDING_ANY,       GUARD_BELOW_TOP,         STATE_SAME},
    {ACTION_ESCALATE,   OPEN,                         ROLE_COUNTRY,     STANDING_ANY,       GUARD_FIRST_HERE,        STATE_SAME},
    {ACTION_LINK,       OPEN | ENDED,                 ROLE_COORDINATOR, STANDING_ANY,       GUARD_NONE,              STATE_SAME},
    {ACTION_LINK,       ANY_STATE,                    ROLE_SYSTEM,      STANDING_ANY,       GUARD_NONE,              STATE_SAME},
};
/* clang-format on */
const size_t lifecycle_rows_n = sizeof lifecycle_rows / sizeof lifecycle_rows[0];

static const enum ball balls[STATES_N] = {
    [STATE_SUBMITTED] = BALL_SYSTEM,         [STATE_TRIAGE] = BALL_COORDINATOR,
    [STATE_AWAITING_COUNTRY] = BALL_COUNTRY, [STATE_OFFERED] = BALL_SECRETARIAT,
    [STATE_CLAIMED] = BALL_SECRETARIAT,      [STATE_PLANNED] = BALL_COUNTRY,
    [STATE_DELIVERING] = BALL_SECRETARIAT,   [STATE_ANSWERED] = BALL_COUNTRY,
    [STATE_UNMATCHED] = BALL_COORDINATOR};

enum ball lifecycle_ball(enum state s)
{
    return s < STATES_N ? balls[s] : BALL_NONE;
}

bool lifecycle_is_terminal(enum state s)
{
    return lifecycle_ball(s) == BALL_NONE;
}

void lifecycle_print_lua(FILE *out)
{
    fputs("local GUARDS = {}\n", out);
    fputs("local function allow(action, role, from, to)\n"
          "  local key = action .. ' ' .. role .. ' ' .. from .. ' ' .. to\n"
          "  GUARDS[key] = true\n"
          "end\n",
          out);
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        for (unsigned s = 0; s < STATES_N; s++)
            if (row->from & 1u << s)
                fprintf(out, "allow('%s', '%s', '%s', '%s')\n", action_words[row->action],
                        role_words[row->role], state_words[s],
                        state_words[row->to == STATE_SAME ? s : row->to]);
    }
}

static void print_states(FILE *out)
{
    fputs("| state | who has the ball |\n|---|---|\n", out);
    for (unsigned s = 0; s < STATES_N; s++)
        fprintf(out, "| `%s` | %s |\n", state_words[s],
                lifecycle_is_terminal(s) ? "nobody: the end" : ball_words[balls[s]]);
}

static void print_rows(FILE *out)
{
    fputs("| action | in state | by | when | then |\n|---|---|---|---|---|\n", out);
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];
        const char *comma = "";

        fprintf(out, "| `%s` | ", action_words[row->action]);
        for (unsigned s = 0; s < STATES_N; s++)
            if (row->from & 1u << s) {
                fprintf(out, "%s%s", comma, state_words[s]);
                comma = ", ";
            }
        fprintf(out, " | %s%s%s%s | %s | %s |\n", role_words[row->role], row->standing ? " (" : "",
                standing_words[row->standing], row->standing ? ")" : "", guard_words[row->guard],
                row->to == STATE_SAME ? "stays" : state_words[row->to]);
    }
}

void lifecycle_print_rows(FILE *out)
{
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        for (unsigned s = 0; s < STATES_N; s++)
            if (row->from & 1u << s)
                fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", action_words[row->action], state_words[s],
                        role_words[row->role], standing_words[row->standing],
                        guard_words[row->guard], state_words[row->to == STATE_SAME ? s : row->to]);
    }
}

/* Whether an earlier row, for another role or guard, has the same arrow. */
static bool is_drawn(const struct lifecycle_row *row, unsigned from)
{
    for (const struct lifecycle_row *r = lifecycle_rows; r < row; r++)
        if (r->action == row->action && r->to == row->to && (r->from & 1u << from))
            return true;
    return false;
}

void lifecycle_print_markdown(FILE *out)
{
    fputs("# The life of a request\n\n"
          "Printed by `lifecycle_print markdown` from the table in `protocol/lifecycle.c`; a test "
          "compares the two.\nWithdrawal is possible in every open state and left out of the "
          "drawing.\n\n```mermaid\nstateDiagram-v2\n    [*] --> submitted\n",
          out);
    for (size_t i = 0; i < lifecycle_rows_n; i++) {
        const struct lifecycle_row *row = &lifecycle_rows[i];

        if (row->to == STATE_SAME || row->action == ACTION_WITHDRAW)
            continue;
        for (unsigned s = 0; s < STATES_N; s++)
            if ((row->from & 1u << s) && !is_drawn(row, s))
                fprintf(out, "    %s --> %s: %s\n", state_words[s], state_words[row->to],
                        action_words[row->action]);
    }
    fputs("```\n\n## States\n\n", out);
    print_states(out);
    fputs("\n## Transitions\n\n", out);
    print_rows(out);
    fputs("\n## Clocks\n\n"
          "A clock runs for whoever has the ball: hours (h) around the clock, working days (d) in "
          "that one's zone, week and\nholidays. It stops while another one has the ball and goes "
          "on with a `reply` or an `amend`; another urgency is another\nnorm, but what is used up "
          "stays so. A lead's `note` renews its lease. A reminder that comes late moves what "
          "comes\nafter it.\n\n",
          out);
    timer_print_markdown(out);
    fputs(
        "\n## Two requests in one action\n\n"
        "`merge`, `join` and `unmerge` are a row for each request concerned: of two, the one "
        "received first survives and\nstays where it is, the other one becomes `merged`, and what "
        "was merged into that one follows it. `link` is a row for\nthe one acted on, and one for "
        "the other half.\n\nA merged request is read, not acted on: everything but `unmerge` "
        "answers 409 and names the survivor, where a\nreply, a claim or a withdrawal then "
        "belongs.\n",
        out);
}
