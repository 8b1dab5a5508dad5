/* Any bytes as what a client gives back to go on: a cursor of a list, a position in the event
 * streams, an entity tag, the token of an answer by mail. What must hold:
 *   - what is not ours is refused, and outputs stay untouched then;
 *   - what we wrote is read as it was written, and refused when one character of it is another, or
 * the filter is. */
#include "protocol/cursor.h"
#include "protocol/etag.h"
#include "protocol/reply_token.h"
#include "store/event_position.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define must(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static const struct keyring *ring_once(void)
{
    static const char text[] =
        "1 active 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
    static struct keyring *ring;
    struct err e = {0};
    char path[40];
    int fd;

    if (ring)
        return ring;
    must(sodium_init() >= 0);
    fd = memfd_create("keys", 0);
    must(fd >= 0 && fchmod(fd, 0600) == 0);
    must(write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(keyring_load(path, &ring, &e) == ERR_OK);
    close(fd);
    return ring;
}

/* Another character of the alphabet at this place. */
static void change(char *text, size_t at)
{
    text[at] = text[at] == 'A' ? 'B' : 'A';
}

static void check_cursor(const char *text, const uint8_t *input, size_t n)
{
    const struct keyring *ring = ring_once();
    struct cursor c = {.score = 7}, again;
    char out[CURSOR_TEXT_BYTES];

    must(!cursor_read(ring, text, "f", &c) || strlen(text) < CURSOR_TEXT_BYTES);
    if (n < 9)
        return;
    memcpy(&c.score, input, 8);
    snprintf(c.id, sizeof c.id, "req_01a20aa702a071c6963675c38ccc46%02x", input[8]);
    must(cursor_write(ring, &c, text, out) && cursor_read(ring, out, text, &again));
    must(again.score == c.score && !strcmp(again.id, c.id));
    must(*text == 'f' || !cursor_read(ring, out, "f", &again));
    change(out, input[8] % strlen(out));
    if (cursor_read(ring, out, text, &again)) /* the last character has bits that mean nothing */
        must(again.score == c.score && !strcmp(again.id, c.id));
}

static void check_position(const char *text, const uint8_t *input, size_t n)
{
    const struct keyring *ring = ring_once();
    struct event_position p = {.ids = {"untouched"}}, again;
    char out[EVENT_POSITION_TEXT_BYTES];
    unsigned mask;

    if (!event_position_read(ring, text, 1, &p))
        must(!strcmp(p.ids[0], "untouched"));
    if (n < 4)
        return;
    mask = (unsigned)(input[0] << 8 | input[1]);
    for (unsigned i = 0; i < ID_PARTITIONS; i++)
        snprintf(p.ids[i], sizeof p.ids[i], "%u-%u", input[i % n] * 1000003u, input[(i + 1) % n]);
    must(event_position_write(ring, &p, mask, out));
    must(event_position_read(ring, out, mask, &again));
    for (unsigned i = 0; i < ID_PARTITIONS; i++)
        must(event_id_compare(again.ids[i], mask >> i & 1 ? p.ids[i] : "0-0") == 0);
    must(mask == EVENT_PARTITIONS_ALL ||
         !event_position_read(ring, out, mask | (~mask & (mask + 1)), &again));
}

static void check_tags(const char *text)
{
    char notice[ID_BYTES] = "untouched";
    bool matches = etag_matches(text, 3) && etag_matches(text, 4);

    must(!matches || strchr(text, '*') || strchr(text, ','));
    (void)etag_none_matches(text, 3, "en");
    if (strlen(text) != REPLY_TOKEN_CHARS)
        return;
    if (!reply_token_notice(text, notice))
        must(!strcmp(notice, "untouched"));
    else
        must(id_is(notice, "ntc_"));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    char *text = malloc(n + 1);

    must(text);
    if (n)
        memcpy(text, input, n);
    text[n] = '\0';
    check_cursor(text, input, n);
    check_position(text, input, n);
    check_tags(text);
    free(text);
    return 0;
}
