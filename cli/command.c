#include "cli/command.h"

#include "cli/absence_command.h"
#include "cli/action_command.h"
#include "cli/assess_command.h"
#include "cli/audit_command.h"
#include "cli/backup_command.h"
#include "cli/completion_command.h"
#include "cli/doctor_command.h"
#include "cli/help_command.h"
#include "cli/keys_command.h"
#include "cli/line.h"
#include "cli/manual_command.h"
#include "cli/queue_command.h"
#include "cli/request_command.h"
#include "cli/routing_command.h"
#include "cli/signing_command.h"
#include "cli/similar_command.h"
#include "cli/store_command.h"
#include "cli/token_command.h"
#include "cli/transfer_command.h"
#include "cli/watch_command.h"
#include "cli/webhook_command.h"

#include <stdlib.h>
#include <string.h>

const char *const command_group_titles[GROUPS_N] = {
    [GROUP_REQUEST] = "Requests",
    [GROUP_ACTION] = "Actions on a request (show ID says which are possible now)",
    [GROUP_SIGNING] = "Signed requests",
    [GROUP_WEBHOOK] = "Webhooks",
    [GROUP_QUEUE] = "Queue",
    [GROUP_SERVER] = "On the server",
    [GROUP_OTHER] = "Other"};

/* clang-format off */
#define END {NULL, 0, NULL, NULL, NULL}
#define CONFIG {"config", 0, "FILE", "LIAISON_CONFIG", "the daemon's settings; /etc/liaison/liaison.conf if it is there"}
#define OUTPUT {"output", 0, "FILE", NULL, "write the token to this new file, mode 0600, instead of stdout"}

static const struct flag submit_flags[] = {
    {"assess", 0, NULL, NULL, "send nothing in: show where it would go and what it resembles"},
    {"wait", 0, "S", NULL, "wait up to S seconds (at most 10) until it is routed"}, END};
#define FILTERS \
    {"state", 0, "STATE,..", NULL, "only in these states"}, \
    {"country", 0, "CODE,..", NULL, "only of these countries (ISO 3166-1 alpha-3)"}, \
    {"secretariat", 0, "CODE,..", NULL, "only with these secretariats"}, \
    {"theme", 0, "THEME,..", NULL, "only with these themes"}, \
    {"urgency", 0, "URGENCY,..", NULL, "only of this urgency"}, \
    {"language", 0, "LANG,..", NULL, "only in these languages"}, \
    {"q", 0, "WORDS", NULL, "only with these words"}, \
    {"updated-since", 0, "TIME", NULL, "only changed since: 2026-03-03 or 2026-03-03T14:05:00Z"}
static const struct flag list_flags[] = {
    FILTERS,
    {"sort", 0, "KEY", NULL, "order, as the API names it"},
    {"limit", 0, "N", NULL, "rows of one page, 1..200"},
    {"all", 0, NULL, NULL, "follow all pages"}, END};
static const struct flag import_flags[] = {
    {"csv", 0, NULL, NULL, "FILE is a table whose headings are members of a request; so is one named *.csv"}, END};
static const struct flag export_flags[] = {
    {"csv", 0, NULL, NULL, "a table for spreadsheets instead of a JSON object a line"},
    {"history", 0, NULL, NULL, "every transition of them instead"}, FILTERS, END};
static const struct flag absence_flags[] = {
    {"until", 0, "TIME", NULL, "when that one is back: 2026-03-03 or 2026-03-03T14:05:00Z"},
    {"from", 0, "TIME", NULL, "since when; from now on by default"},
    {"deputy", 0, "OFFICER", NULL, "who acts meanwhile; everybody by default"}, END};
static const struct flag inbox_flags[] = {
    {"officer", 0, "OFFICER", NULL, "only what this one answers for now, and what nobody in particular does"}, END};
static const struct flag watch_flags[] = {
    {"topics", 0, "TYPE,..", NULL, "only events of these types: request.claimed,request.answered"},
    {"after", 0, "POSITION", NULL, "begin behind this position, as --json shows it; else from now on"}, END};
static const struct flag webhook_create_flags[] = {
    {"events", 0, "TYPE,..", NULL, "only events of these types: request.claimed,request.answered"}, END};
static const struct flag webhook_replay_flags[] = {
    {"delivery", 0, "ID", NULL, "this delivery"},
    {"since", 0, "TIME", NULL, "those of events from then on: 2026-03-03 or 2026-03-03T14:05:00Z"},
    {"until", 0, "TIME", NULL, ".. and before then"}, END};
static const struct flag queue_flags[] = {
    {"watch", 0, NULL, NULL, "show it anew each 2 seconds, until Ctrl-C"}, END};
static const struct flag drain_flags[] = {
    {"wait", 0, "S", NULL, "wait up to S seconds until nothing is left; exit status 1 if something is"}, END};
static const struct flag dead_delete_flags[] = {
    {"force", 'f', NULL, NULL, "do not ask for the id once more"}, END};
static const struct flag assess_flags[] = {
    {"jsonl", 0, NULL, NULL, "a draft a line in, an assessment a line out; earlier lines are the stored requests"},
    {"explain", 0, NULL, NULL, "print the reasons in words instead of JSON"},
    {"language", 0, "LANG", NULL, "explain in this language (ar zh en fr ru es), not in each draft's own"},
    {"features", 0, NULL, NULL, "print what the decision rests on, as JSON, for developers"},
    {"pairs", 0, NULL, NULL, "print what the judgement of each pair rests on, as JSON (script/learn-pairs reads it)"},
    {"data", 0, "DIR", NULL, "folder of the reference data; else LIAISON_DATA, else the settings"}, CONFIG, END};
static const struct flag similar_flags[] = {
    {"jsonl", 0, NULL, NULL, "a query a line in, its nearest documents a line out"},
    {"index", 0, "FILE", NULL, "the documents, one a line"},
    {"data", 0, "DIR", NULL, "folder of the reference data; else LIAISON_DATA, else the settings"}, CONFIG, END};
static const struct flag issue_flags[] = {
    {"role", 0, "ROLE", NULL, "country, secretariat, coordinator or operator"},
    {"of", 0, "CODE", NULL, "which country (ISO 3166-1 alpha-3) or secretariat"},
    {"officer", 0, "NAME", NULL, "of a secretariat: whose it is; claims made with it are that officer's"},
    {"label", 0, "TEXT", NULL, "who holds it, for the list"},
    {"scope", 0, "SCOPE", NULL, "read: it may look, not act"},
    {"days", 0, "N", NULL, "how long it is valid, 1..365, 365 by default"}, OUTPUT, CONFIG, END};
static const struct flag rotate_flags[] = {
    {"days", 0, "N", NULL, "how long the new one is valid, 1..365, 365 by default"},
    {"keep-hours", 0, "N", NULL, "how long the old one stays valid, 0..168, 24 by default"}, OUTPUT, CONFIG, END};
static const struct flag issue_all_flags[] = {
    {"output", 0, "FILE", NULL, "the credentials.json to write, mode 0600"},
    {"days", 0, "N", NULL, "how long they are valid, 31..365, 365 by default"}, CONFIG, END};
static const struct flag cases_flags[] = {
    {"grounds", 0, NULL, NULL, "with --json: also the numbers that each decision rests on, which tell what it is about"},
    CONFIG, END};
static const struct flag learn_flags[] = {
    {"cases", 0, NULL, NULL, "learn from the labelled texts in FILE.., without the store"},
    {"recorded", 0, NULL, NULL, "with --cases: from the recorded cases in the store as well"},
    {"out", 0, "DIR", NULL, "write the proposal, three files of weights, into this folder"},
    {"apply", 0, NULL, NULL, "put the proposal into the reference data, keeping the old files beside it"},
    {"data", 0, "DIR", NULL, "folder of the reference data; else LIAISON_DATA, else the settings"}, CONFIG, END};
static const struct flag audit_flags[] = {
    {"key", 0, "KEY", NULL, "the key that checks, or a file with it; else the one of the settings"},
    {"dir", 0, "DIR", NULL, "folder of the log; else that of the settings"},
    {"offline", 0, NULL, NULL, "look at the log alone, not at the store"}, CONFIG, END};
static const struct flag server_flags[] = {CONFIG, END};
static const struct flag remove_flags[] = {
    {"force", 'f', NULL, NULL, "also while something needs it, which is lost then"}, CONFIG, END};
static const struct flag register_flags[] = {
    {"label", 0, "TEXT", NULL, "where the key is, for the list"}, END};
static const struct flag release_flags[] = {
    {"role", 0, "ROLE", NULL, "country or secretariat"},
    {"of", 0, "CODE", NULL, "which country (ISO 3166-1 alpha-3) or secretariat"}, CONFIG, END};

static const struct command fixed[] = {
    {GROUP_REQUEST, "submit", "FILE|-", 1, 1, "submit a request",
     "FILE is a JSON object with at least country, language, title and description.\n"
     "After a failure the same command may be repeated: it is the same submission.\n", submit_flags, submit_run, 0},
    {GROUP_REQUEST, "list", "", 0, 0, "list requests", NULL, list_flags, list_run, 0},
    {GROUP_REQUEST, "show", "ID|REFERENCE", 1, 1, "show a request: who must act, why it was routed there, what was said", NULL, NULL, show_run, 0},
    {GROUP_REQUEST, "compare", "ID|REFERENCE ID|REFERENCE", 2, 2, "show two requests side by side, and what the duplicate check says of them", NULL, NULL, compare_run, 0},
    {GROUP_REQUEST, "history", "ID|REFERENCE", 1, 1, "show every transition, oldest first", NULL, NULL, history_run, 0},
    {GROUP_REQUEST, "inbox", "", 0, 0, "what waits for this secretariat, in working order", NULL, inbox_flags, inbox_run, 0},
    {GROUP_REQUEST, "absence list", "", 0, 0, "who of this secretariat is away, and who acts for them", NULL, NULL, absence_list_run, 0},
    {GROUP_REQUEST, "absence set", "[OFFICER]", 0, 1, "be away for a time: claims pass to the deputy",
     "Without OFFICER the one whose token this is. Chains of deputies are followed; a circle is refused.\n", absence_flags, absence_set_run, 0},
    {GROUP_REQUEST, "absence end", "OFFICER", 1, 1, "be back", NULL, NULL, absence_end_run, 0},
    {GROUP_REQUEST, "import", "FILE|-", 1, 1, "submit many requests: a JSON object a line, or a table",
     "Each is stored by itself; what is refused is named by its line on stderr. After a failure the same command\n"
     "may be repeated: what was stored is not stored again.\n", import_flags, import_run, 0},
    {GROUP_REQUEST, "export", "", 0, 0, "write all requests that you may see, or their histories, to stdout", NULL, export_flags, export_run, 0},
    {GROUP_REQUEST, "watch", "", 0, 0, "show what happens to requests, as it happens, until Ctrl-C",
     "With --json each event is one line. A broken connection is begun again where it stopped.\n", watch_flags, watch_run, 0},
    {GROUP_SIGNING, "keygen", "FILE", 1, 1, "make an Ed25519 key to sign requests with; prints its id and public key",
     "FILE is new, mode 0600, PKCS #8 in PEM as openssl writes it too.\n", NULL, keygen_run, 0},
    {GROUP_SIGNING, "signing register", "FILE", 1, 1, "register the key in FILE: from now on --sign FILE is a credential", NULL, register_flags, signing_register_run, 0},
    {GROUP_SIGNING, "signing list", "", 0, 0, "list the own keys, and whether requests must be signed", NULL, NULL, signing_list_run, 0},
    {GROUP_SIGNING, "signing revoke", "ID", 1, 1, "revoke a key: nothing that it signs counts any more", NULL, NULL, signing_revoke_run, 0},
    {GROUP_SIGNING, "signing require", "on|off", 1, 1, "refuse the own tokens and sessions, or take them again",
     "To be said with a signed request: --sign FILE.\n", NULL, signing_require_run, 0},
    {GROUP_WEBHOOK, "webhook create", "URL", 1, 1, "be told of events at this https address; shows the secret, once", NULL, webhook_create_flags, webhook_create_run, 0},
    {GROUP_WEBHOOK, "webhook list", "", 0, 0, "list the own webhooks", NULL, NULL, webhook_list_run, 0},
    {GROUP_WEBHOOK, "webhook delete", "ID", 1, 1, "be told no more", NULL, NULL, webhook_delete_run, 0},
    {GROUP_WEBHOOK, "webhook deliveries", "ID", 1, 1, "what was sent there and how it was answered", NULL, NULL, webhook_deliveries_run, 0},
    {GROUP_WEBHOOK, "webhook replay", "ID", 1, 1, "send deliveries again, under the same ids", NULL, webhook_replay_flags, webhook_replay_run, 0},
    {GROUP_WEBHOOK, "webhook pause", "ID", 1, 1, "send nothing there until it is resumed", NULL, NULL, webhook_act_run, 0},
    {GROUP_WEBHOOK, "webhook resume", "ID", 1, 1, "send there again, first what has waited", NULL, NULL, webhook_act_run, 0},
    {GROUP_WEBHOOK, "webhook rotate", "ID", 1, 1, "make new secrets; the old ones sign beside them for a day", NULL, NULL, webhook_act_run, 0},
    {GROUP_WEBHOOK, "webhook test", "ID", 1, 1, "send an event that means nothing", NULL, NULL, webhook_act_run, 0},
    {GROUP_QUEUE, "queue", "", 0, 0, "show the health of the queue", NULL, queue_flags, queue_run, 0},
    {GROUP_QUEUE, "queue pause", "[QUEUE]", 0, 1, "let workers take no more from a queue: route or deliver; intake: take in no more requests",
     "Without QUEUE both of route and deliver. What is in work is finished; requests are still taken in unless the\n"
     "intake is paused, too.\n", NULL, queue_switch_run, 0},
    {GROUP_QUEUE, "queue resume", "[QUEUE]", 0, 1, "let a queue go on; without QUEUE all of them, and the intake", NULL, NULL, queue_switch_run, 0},
    {GROUP_QUEUE, "queue drain", "", 0, 0, "take in no more requests and work off what is there",
     "liaison queue says when nothing is left; liaison queue resume takes requests in again.\n", drain_flags, queue_drain_run, 0},
    {GROUP_QUEUE, "queue reconcile", "", 0, 0, "give every submitted request a live entry again, now", NULL, NULL, queue_switch_run, 0},
    {GROUP_QUEUE, "queue rebuild", "", 0, 0, "let workers build the duplicates' index anew from the store", NULL, NULL, queue_switch_run, 0},
    {GROUP_QUEUE, "worker quiet", "SLOT", 1, 1, "let a worker begin nothing new, until it is resumed or starts again", NULL, NULL, worker_switch_run, 0},
    {GROUP_QUEUE, "worker resume", "SLOT", 1, 1, "let a quiet worker go on", NULL, NULL, worker_switch_run, 0},
    {GROUP_QUEUE, "dead", "", 0, 0, "list dead letters: requests not routed, notices not delivered", NULL, NULL, dead_run, 0},
    {GROUP_QUEUE, "dead requeue", "ID", 1, 1, "put a dead letter back to work", NULL, NULL, dead_requeue_run, 0},
    {GROUP_QUEUE, "dead show", "ID", 1, 1, "why a dead letter was given up; no content", NULL, NULL, dead_show_run, 0},
    {GROUP_QUEUE, "dead delete", "ID", 1, 1, "give up a dead letter for good: a notice is dropped, a request goes to the coordinator",
     "Asks for the id once more unless --force is given.\n", dead_delete_flags, dead_delete_run, 0},
    {GROUP_SERVER, "store prepare", "", 0, 0, "put this release's functions into the store and look whether it is fit",
     "Before the programs of a new release start: where they sign in at the store (store_passwords) they may not\n"
     "do it themselves. Functions of the release before stay as long as it may run.\n", server_flags, store_prepare_run, 0},
    {GROUP_SERVER, "token issue", "", 0, 0, "issue a token; it is shown once", NULL, issue_flags, token_issue_run, 0},
    {GROUP_SERVER, "token list", "", 0, 0, "list the tokens, without their secrets", NULL, server_flags, token_list_run, 0},
    {GROUP_SERVER, "token revoke", "ID", 1, 1, "make a token invalid at once", NULL, server_flags, token_revoke_run, 0},
    {GROUP_SERVER, "token rotate", "ID", 1, 1, "issue a token for the same holder and let this one end soon", NULL, rotate_flags, token_rotate_run, 0},
    {GROUP_SERVER, "token issue-all", "", 0, 0, "issue tokens for every country, secretariat and role into one file",
     "Nothing is done while the first token of the file is valid for 30 days more.\n", issue_all_flags, token_issue_all_run, 0},
    {GROUP_SERVER, "signing release", "", 0, 0, "let a country or secretariat that lost its keys use tokens again", NULL, release_flags, signing_release_run, 0},
    {GROUP_SERVER, "routing cases", "", 0, 0, "list what claims, declines and manual routes have taught",
     "Ids and codes only; liaison routing learn makes weights of them.\n", cases_flags, routing_cases_run, 0},
    {GROUP_SERVER, "routing learn", "[FILE..]", 0, LINE_OPERANDS_MAX, "propose weights of routing from recorded cases, with a report",
     "Learns from what claims, declines and manual routes have taught, or from labelled texts, and prints how\n"
     "good the weights in use and the learned ones are. Nothing changes without --out or --apply.\n",
     learn_flags, routing_learn_run, 0},
    {GROUP_SERVER, "doctor", "", 0, 0, "look at everything that Liaison rests on; each finding says what to do",
     "Settings, reference data, lexicon, keys, disk, clock, Redis, workers, daemon, mail. Exit status 1 when something\n"
     "is wrong, 0 with warnings only.\n", server_flags, doctor_run, 0},
    {GROUP_SERVER, "backup", "DIR", 1, 1, "copy everything that must outlive a lost disk into this new folder",
     "Works while Liaison runs: every request that was accepted before it begins is in the copy. The keys are not:\n"
     "keep them elsewhere. To restore, stop Liaison, put the folder in the place of `state`, start it.\n", server_flags, backup_run, 0},
    {GROUP_SERVER, "audit verify", "", 0, 0, "compare the audit log with its signed checkpoints, and the store with the log",
     "liaison-verify does the first part for those who have only the files.\n", audit_flags, audit_verify_run, 0},
    {GROUP_SERVER, "keys audit", "NAME FILE", 2, 2, "make a key that signs the audit log, print the one that checks it",
     "NAME tells logs apart, such as liaison.example/audit.\n", NULL, keys_audit_run, 0},
    {GROUP_SERVER, "keys add", "", 0, 0, "add a new master key to the key file, to read with",
     "First of four steps: add, restart everything, activate, restart everything. Then all that is stored gets\n"
     "the new key, while the service runs, and keys remove takes the old one away.\n", server_flags, keys_add_run, 0},
    {GROUP_SERVER, "keys activate", "KID", 1, 1, "write with this master key from now on", NULL, server_flags, keys_activate_run, 0},
    {GROUP_SERVER, "keys status", "", 0, 0, "show the master keys, and what is still under an old one", NULL, server_flags, keys_status_run, 0},
    {GROUP_SERVER, "keys remove", "KID", 1, 1, "remove an old master key, once nothing needs it", NULL, remove_flags, keys_remove_run, 0},
    {GROUP_SERVER, "keys create", "FILE", 1, 1, "make a new key file", NULL, NULL, keys_create_run, 0},
    {GROUP_OTHER, "assess", "[FILE|-]", 0, 1, "route a draft and look for duplicates, without server and store",
     "With --jsonl the drafts come from stdin unless a FILE is named.\n", assess_flags, assess_run, 0},
    {GROUP_OTHER, "similar", "", 0, 0, "find the documents nearest to each query, without server and store",
     "Queries come from stdin. A document or query is a JSON object a line: id, lang, title, text; without lang, or\n"
     "with one that is none of the six, the text itself tells how to read it.\n", similar_flags, similar_run, 0},
    {GROUP_OTHER, "completion", "bash|zsh|fish", 1, 1, "print the completion for a shell", NULL, NULL, completion_run, 0},
    {GROUP_OTHER, "manual", "PAGE", 1, 1, "print a manual page: liaison, liaison.conf, liaisond or liaison-worker",
     "For man: liaison manual liaison | man -l -\n", NULL, manual_run, 0},
    {GROUP_OTHER, "help", "[COMMAND]", 0, 2, "show help", NULL, NULL, help_run, 0},
};
/* clang-format on */

enum { FIXED_N = sizeof fixed / sizeof fixed[0] };

struct commands {
    struct command *list; /* owned; the flags of actions with it */
    size_t n;
};

struct commands *commands_new(void)
{
    struct commands *c = mem_new(1, sizeof *c);

    c->list = mem_new(FIXED_N + ACTIONS_N, sizeof *c->list);
    for (enum command_group group = 0; group < GROUPS_N; group++) {
        for (size_t i = 0; i < FIXED_N; i++)
            if (fixed[i].group == group)
                c->list[c->n++] = fixed[i];
        for (unsigned a = 0; group == GROUP_ACTION && a < ACTIONS_N; a++)
            if (action_command_init((enum action)a, &c->list[c->n]))
                c->n++;
    }
    return c;
}

void commands_free(struct commands *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        if (c->list[i].group == GROUP_ACTION)
            action_command_clear(&c->list[i]);
    free(c->list);
    free(c);
}

const struct command *commands_list(const struct commands *c, size_t *ret_n)
{
    *ret_n = c->n;
    return c->list;
}

const struct command *command_find(const struct commands *c, const char *first, const char *second)
{
    size_t n = strlen(first);

    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->list[i].name;

        if (strncmp(name, first, n) != 0)
            continue;
        if (second ? name[n] == ' ' && !strcmp(name + n + 1, second) : !name[n])
            return &c->list[i];
    }
    return NULL;
}

bool command_is_group(const struct commands *c, const char *first)
{
    size_t n = strlen(first);

    for (size_t i = 0; i < c->n; i++)
        if (!strncmp(c->list[i].name, first, n) && c->list[i].name[n] == ' ')
            return true;
    return false;
}
