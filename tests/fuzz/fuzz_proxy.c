/* Any bytes as what a front says first (PROXY protocol). What must hold:
 *   - nothing is read beyond the input, and the peer stays untouched unless there is one;
 *   - a header is waited for byte by byte, and what follows it changes nothing;
 *   - what no beginning of a header is stays refused, whatever comes. */
#include "daemon/proxy.h"

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

static enum proxy_state read_exact(const uint8_t *input, size_t n, struct peer *peer, size_t *bytes)
{
    uint8_t *exact = malloc(n ? n : 1); /* so that the sanitizer sees a step beyond it */
    enum proxy_state state;

    must(exact);
    if (n)
        memcpy(exact, input, n);
    *peer = (struct peer){.text = "untouched"};
    *bytes = 0;
    state = proxy_read(exact, n, peer, bytes);
    must((state == PROXY_CLIENT) == (strcmp(peer->text, "untouched") != 0));
    must(state == PROXY_CLIENT || state == PROXY_OWN ? *bytes > 0 && *bytes <= n : *bytes == 0);
    free(exact);
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct peer peer, again;
    size_t bytes, part_bytes;
    enum proxy_state state;

    if (n > 2 * PROXY_BYTES_MAX)
        return 0;
    state = read_exact(input, n, &peer, &bytes);
    must(state != PROXY_INCOMPLETE || n < PROXY_BYTES_MAX);
    must(bytes <= PROXY_BYTES_MAX);
    for (size_t part = 0; part < n; part++) {
        enum proxy_state then = read_exact(input, part, &again, &part_bytes);

        if (then == PROXY_BROKEN)
            must(state == PROXY_BROKEN);
        else if (bytes && part < bytes)
            must(then == PROXY_INCOMPLETE);
        else if (then != PROXY_INCOMPLETE)
            must(then == state && part_bytes == bytes && !strcmp(again.text, peer.text));
    }
    return 0;
}
