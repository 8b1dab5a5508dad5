/* answer_begin -> answer_noticed -> answer_read -> answer_moved -> (answer_told) -> answer_done
 *
 * The token names a notice; the notice says which request, which event and which person it was for.
 * The action is one of the person's country, decided as any other (protocol/transition.h) and
 * written under an idempotency key made of the mail, so that a mail acts once, whoever reads it how
 * often. */
#include "workers/answer.h"

#include "base/clock.h"
#include "base/log.h"
#include "protocol/reply_token.h"
#include "protocol/seal.h"
#include "protocol/view.h"
#include "store/notice_store.h"
#include "store/request_store.h"
#include "workers/choice.h"
#include "workers/letter.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 8 };

const char *const answer_words[] = {"done",       "later",   "no_token",    "bad_token",
                                    "automatic",  "no_text", "no_choice",   "contradiction",
                                    "needs_text", "unfit",   "wrong_state", NULL};

struct answer {
    struct crew *crew;
    struct incoming mail;
    uint8_t print[32];
    struct notice notice; /* without what it borrows but: */
    json_t *person;       /* owned */
    struct principal who;
    enum action action;
    char *own;   /* owned: the person's words */
    json_t *doc; /* owned: the action's body; input borrows from it */
    struct transition_input input;
    struct idempotency once;
    char operation[OPERATION_BYTES];
    struct stored stored; /* owned */
    struct record before;
    unsigned rounds;
    enum answer_result result;
    answer_fn fn;
    void *arg;
};

static void answer_noticed(void *arg, const struct notice *n, const struct err *e);
static void answer_read(void *arg, struct stored *stored, const struct err *e);
static void answer_moved(void *arg, enum store_outcome outcome, const struct err *e);

static void answer_done(struct answer *op)
{
    answer_fn fn = op->fn;
    void *arg = op->arg;
    enum answer_result result = op->result;

    incoming_clear(&op->mail);
    stored_clear(&op->stored);
    json_decref(op->person);
    json_decref(op->doc);
    free(op->own);
    free(op);
    fn(arg, result);
}

static void answer_end(struct answer *op, enum answer_result result)
{
    op->result = result;
    answer_done(op);
}

/* --- the person is told why not ----------------------------------------------------------------
 */

/* Words under notice.<..>; they come with the same question, so that the person can answer again.
 */
static const char *const told_words[ANSWER_RESULTS_N] = {[ANSWER_NO_CHOICE] = "reply_unclear",
                                                         [ANSWER_CONTRADICTION] = "reply_unclear",
                                                         [ANSWER_NEEDS_TEXT] = "reply_needs_text",
                                                         [ANSWER_UNFIT] = "reply_unfit",
                                                         [ANSWER_WRONG_STATE] = "reply_late"};

static void answer_told(void *arg, int64_t made, const struct err *e)
{
    (void)made, (void)e; /* a lost hint does no harm: the mail is kept with its reason */
    answer_done(arg);
}

/* Each reason once for each question: two programs that answer each other come to an end. */
static void answer_tell(struct answer *op, enum answer_result result)
{
    struct crew *crew = op->crew;
    const char *words = told_words[result];
    const char *email = json_string_value(json_object_get(op->person, "email"));
    struct notice n = op->notice;
    char recipient[320];

    op->result = result;
    if (!crew_mails(crew) || !email) {
        answer_done(op);
        return;
    }
    snprintf(recipient, sizeof recipient, "%s %s", words, email);
    notice_store_id(crew->store, &n.event, false, NOTICE_MAIL, recipient, n.id);
    snprintf(n.words, sizeof n.words, "%s", words);
    n.kid = keyring_active(crew->ring);
    if (result == ANSWER_WRONG_STATE)
        n.reply = NOTICE_REPLY_NONE;
    notice_store_announce(crew->store, &n.event, &n, 1, clock_now_ms(),
                          crew->settings.reply_days * CLOCK_DAY_MS, answer_told, op);
}

/* --- what it says ------------------------------------------------------------------------------
 */

static json_t *text_doc(const char *text)
{
    return *text ? json_pack("{s:s}", "text", text) : json_object();
}

/* The action and its body. ANSWER_DONE: they are there. */
static enum answer_result answer_understand(struct answer *op)
{
    static const enum answer_result of_choice[] = {[CHOICE_GOOD] = ANSWER_DONE,
                                                   [CHOICE_NONE] = ANSWER_NO_CHOICE,
                                                   [CHOICE_CONTRADICTION] = ANSWER_CONTRADICTION,
                                                   [CHOICE_NOTHING_MISSING] = ANSWER_NEEDS_TEXT};
    const struct words *words = op->crew->config->words;
    struct field_codes codes = {.is_country = NULL};
    struct faults faults = {.n = 0};
    enum outcome outcome = OUTCOME_NONE;
    const char *rest = "";
    enum answer_result result;

    op->own = choice_own_text(words, op->mail.text, op->crew->settings.mail_from);
    if (!*op->own)
        return ANSWER_NEEDS_TEXT;
    if (op->notice.reply == NOTICE_REPLY_CONFIRM) {
        result = of_choice[choice_read(words, op->own, &outcome, &rest)];
        if (result != ANSWER_DONE)
            return result;
        op->action = ACTION_CONFIRM;
        op->doc = text_doc(rest);
        json_object_set_new(op->doc, "outcome", json_string(outcome_words[outcome]));
    } else {
        op->action = ACTION_REPLY;
        op->doc = text_doc(op->own);
    }
    return transition_decode(op->action, op->doc, &codes, &op->input, &faults) ? ANSWER_DONE
                                                                               : ANSWER_UNFIT;
}

/* Named by the mail: by its Message-ID and its notice, else by all of it. */
static void once_make(struct answer *op)
{
    const char *id = *op->mail.id ? op->mail.id : NULL;
    struct seal_part parts[] = {
        {"mail",                            4                                 },
        {op->notice.id,                     strlen(op->notice.id)             },
        {id ? (const void *)id : op->print, id ? strlen(id) : sizeof op->print}
    };
    struct seal_part said[] = {
        {op->own, strlen(op->own)}
    };

    principal_text(&op->who, op->once.who);
    idempotency_make(op->crew->ring, parts, 3, said, 1, &op->once);
}

/* --- may it act? -------------------------------------------------------------------------------
 */

/* Fills op->who. */
static bool is_bound(struct answer *op)
{
    const char *email = json_string_value(json_object_get(op->person, "email"));
    const struct reply_bond bond = {.notice = op->notice.id,
                                    .request = op->notice.event.request,
                                    .version = op->notice.event.version,
                                    .person = email ? email : "",
                                    .until_ms = op->notice.until_ms,
                                    .kid = op->notice.kid};

    return op->notice.kind == NOTICE_MAIL && op->notice.reply != NOTICE_REPLY_NONE && email &&
           letter_reader(&op->notice, &op->who) && op->who.role == ROLE_COUNTRY &&
           reply_token_check(op->crew->ring, &bond, op->mail.token, clock_now_ms());
}

static void answer_noticed(void *arg, const struct notice *n, const struct err *e)
{
    struct answer *op = arg;
    enum answer_result result;

    if (e->code != ERR_OK) {
        answer_end(op, ANSWER_LATER);
        return;
    }
    if (!n) {
        answer_end(op, *op->mail.token ? ANSWER_BAD_TOKEN : ANSWER_NO_TOKEN);
        return;
    }
    op->notice = *n;
    op->notice.person = op->person = json_incref((json_t *)(uintptr_t)n->person);
    op->notice.state = op->notice.payload = op->notice.answer = "";
    if (!is_bound(op)) {
        answer_end(op, ANSWER_BAD_TOKEN);
    } else if (op->mail.automatic) {
        answer_end(op, ANSWER_AUTOMATIC);
    } else if (!op->mail.text) {
        answer_end(op, ANSWER_NO_TEXT);
    } else if ((result = answer_understand(op)) != ANSWER_DONE) {
        answer_tell(op, result);
    } else {
        once_make(op);
        request_store_operation(op->operation);
        request_store_read(op->crew->store, op->notice.event.request, &op->who, answer_read, op);
    }
}

/* The question or the answer that stands now is no later one than the mail was about. */
static bool is_about_this(const struct answer *op)
{
    const char *name = op->action == ACTION_CONFIRM ? "answer" : "question";
    const json_t *said = json_object_get(op->stored.inner, name);
    const char *at = json_string_value(json_object_get(said, "at"));
    int64_t at_ms;

    return at && clock_read(at, &at_ms) && at_ms <= op->notice.event.at_ms;
}

static void answer_refused(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct answer *op = arg;

    if (e->code != ERR_OK)
        answer_end(op, ANSWER_LATER);
    else if (outcome == STORE_REPLAYED)
        answer_end(op, ANSWER_DONE);
    else
        answer_tell(op, ANSWER_WRONG_STATE);
}

static void answer_read(void *arg, struct stored *stored, const struct err *e)
{
    struct answer *op = arg;
    struct change change = {.before = &op->before, .after = &op->stored.record};
    struct movement what = {.changes = &change,
                            .changes_n = 1,
                            .action = op->action,
                            .who = &op->who,
                            .idempotency = &op->once,
                            .operation = op->operation};
    const struct lifecycle_row *row;
    struct err refusal = {0};
    int64_t now_ms = clock_now_ms();
    json_t *line;
    bool remembers;

    stored_clear(&op->stored);
    if (!stored) {
        answer_end(op, e->code == ERR_NOT_FOUND ? ANSWER_BAD_TOKEN : ANSWER_LATER);
        return;
    }
    op->stored = *stored;
    *stored = (struct stored){0};
    op->before = op->stored.record;
    op->input.calendars = &op->crew->config->calendars.all;
    if (!is_about_this(op) || transition_apply(&op->stored.record, op->action, &op->who, &op->input,
                                               now_ms, &row, &refusal) != ERR_OK) {
        request_store_seen(op->crew->store, id_partition(op->before.id), &op->once, answer_refused,
                           op); /* perhaps it was this very mail that moved it on */
        return;
    }
    remembers = view_remember(op->stored.inner, &op->stored.record, op->action, &op->who,
                              &op->input, now_ms);
    line = view_history(&op->before, &op->stored.record, op->action, &op->who, &op->input, now_ms);
    change.inner = remembers ? op->stored.inner : NULL;
    change.history = line;
    request_store_move(op->crew->store, &what, answer_moved, op);
    json_decref(line);
}

static void answer_moved(void *arg, enum store_outcome outcome, const struct err *e)
{
    struct answer *op = arg;

    if (e->code != ERR_OK) {
        answer_end(op, ANSWER_LATER);
        return;
    }
    switch (outcome) {
    case STORE_DONE:
        log_info("moved", "request=%s action=%s by=country:%s to=%s via=mail", op->before.id,
                 action_words[op->action], op->who.of, state_words[op->stored.record.state]);
        answer_end(op, ANSWER_DONE);
        return;
    case STORE_REPLAYED:
        answer_end(op, ANSWER_DONE);
        return;
    case STORE_STALE:
    case STORE_REFUSED:
        if (++op->rounds < ROUNDS_MAX)
            request_store_read(op->crew->store, op->before.id, &op->who, answer_read, op);
        else
            answer_end(op, ANSWER_LATER);
        return;
    case STORE_REUSED: /* another mail with the Message-ID of one that has acted */
        answer_end(op, ANSWER_BAD_TOKEN);
        return;
    case STORE_ABSENT:
    case STORE_EPOCH:
        answer_end(op, ANSWER_LATER);
        return;
    }
}

void answer_begin(struct crew *crew, struct incoming *m, const uint8_t print[32], answer_fn fn,
                  void *arg)
{
    struct answer *op = mem_new(1, sizeof *op);
    char notice[ID_BYTES] = "";

    op->crew = crew;
    op->mail = *m;
    *m = (struct incoming){.text = NULL};
    memcpy(op->print, print, sizeof op->print);
    op->fn = fn;
    op->arg = arg;
    if (*op->mail.token)
        reply_token_notice(op->mail.token, notice);
    /* Without a token there is nothing to look up; a look that finds nothing answers later, as this
     * may not call back before it returned. */
    if (!*notice)
        id_new("ntc_", 0, clock_now_ms(), notice);
    notice_store_read(crew->store, notice, answer_noticed, op);
}
