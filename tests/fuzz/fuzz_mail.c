/* Any bytes as a mail that came in. What must hold:
 *   - the text is UTF-8, bounded, without control characters but LF and tab;
 *   - a token has the form of one, a Message-ID is printable and short;
 *   - the person's own lines are within the text, and a choice points into them. */
#include "workers/choice.h"
#include "workers/incoming.h"

#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static const struct words *words_once(void)
{
    static struct words *words;
    struct err e = {0};

    if (!words) {
        incoming_init();
        must(words_load(LIAISON_SOURCE_DIR "/config", &words, &e) == ERR_OK);
    }
    return words;
}

static void check_text(const struct words *words, const char *text)
{
    enum outcome outcome = OUTCOME_NONE;
    const char *rest = NULL;
    char *own;

    must(strlen(text) <= INCOMING_TEXT_MAX && utf8_is_valid(text, strlen(text)));
    must(!utf8_has_control(text, strlen(text)));
    own = choice_own_text(words, text, "liaison@desk.example");
    must(strlen(own) <= strlen(text) + 1);
    must(!*own || !strchr(" \t\n", own[strlen(own) - 1]));
    if (choice_read(words, own, &outcome, &rest) == CHOICE_GOOD) {
        must(outcome >= OUTCOME_RESOLVED && outcome <= OUTCOME_NOT_RESOLVED);
        must(rest >= own && rest <= own + strlen(own));
        must(outcome == OUTCOME_RESOLVED || *rest);
    }
    free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    const struct words *words = words_once();
    struct incoming m = {.text = NULL};
    char notice[ID_BYTES];

    if (!incoming_read((const char *)input, n, "reply@desk.example", &m)) {
        must(!m.text);
        return 0;
    }
    if (*m.token)
        must(strlen(m.token) == REPLY_TOKEN_CHARS && reply_token_notice(m.token, notice));
    for (const char *c = m.id; *c; c++)
        must(*c > ' ' && *c <= '~');
    if (m.text)
        check_text(words, m.text);
    incoming_clear(&m);
    return 0;
}
