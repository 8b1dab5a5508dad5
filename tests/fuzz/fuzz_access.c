/* Any bytes as a Cookie header, a token, a key of the audit log, a signed checkpoint. What must
 * hold:
 *   - nothing is read beyond the input, and outputs stay untouched unless it is good;
 *   - what is taken has exactly the one form that writing it again gives. */
#include "protocol/cookie.h"
#include "protocol/note.h"
#include "protocol/token.h"

#include <sodium.h>
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

static void check_cookie(const char *bytes, size_t n)
{
    char value[COOKIE_BYTES] = "untouched";
    char header[COOKIE_HEADER_BYTES];
    char again[COOKIE_BYTES];

    if (cookie_read(bytes, n, value) != COOKIE_FOUND) {
        must(!strcmp(value, "untouched"));
        return;
    }
    cookie_header(value, header);
    *strchr(header, ';') = '\0';
    must(cookie_read(header, strlen(header), again) == COOKIE_FOUND && !strcmp(value, again));
}

static void check_token(const char *bytes, size_t n)
{
    struct token t = {"untouched", ""};

    if (!token_read(bytes, n, &t)) {
        must(!strcmp(t.id, "untouched"));
        return;
    }
    must(n == TOKEN_TEXT_BYTES - 1 && strlen(t.id) == 16 && strlen(t.secret) == 43);
    must(!memcmp(bytes + 4, t.id, 16) && !memcmp(bytes + 21, t.secret, 43));
}

static void check_key(const char *text)
{
    static const uint8_t none[64];
    struct note_key key;
    char again[NOTE_KEY_BYTES];

    if (!note_key_read(text, &key))
        return;
    note_key_text(&key, memcmp(key.secret, none, sizeof none) != 0, again);
    must(!strcmp(again, text));
}

/* The key that signed the corpus: only its own notes pass, byte for byte. */
static void check_note(const char *bytes, size_t n)
{
    static const char signer[] = "PRIVATE+KEY+fuzz+d4d89f55+"
                                 "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    static struct note_key key;
    struct checkpoint c;
    struct buf again = {0};
    size_t taken;

    if (!*key.name)
        must(note_key_read(signer, &key));
    taken = note_read(bytes, n, &key, &c);
    if (taken) {
        note_write(&key, &c, &again);
        must(taken == again.bytes && !memcmp(bytes, again.text, taken));
    }
    buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    char *exact = malloc(n ? n : 1); /* so that the sanitizer sees a step beyond it */
    char *text = malloc(n + 1);

    must(exact && text && sodium_init() >= 0);
    if (n) {
        memcpy(exact, input, n);
        memcpy(text, input, n);
    }
    text[n] = '\0';
    check_cookie(exact, n);
    check_token(exact, n);
    check_note(exact, n);
    check_key(text);
    free(text);
    free(exact);
    return 0;
}
