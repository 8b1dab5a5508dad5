/* What our head parser says, for a test that compares it with another one (test_llhttp.py). In: 4
 * bytes length, big-endian, then so many bytes, again and again. Out, for each: a line "STATUS
 * HEAD_BYTES CONTENT_LENGTH FIELDS KEEPS_ALIVE METHOD"; status 200: accepted, 0: more is needed. */
#include "daemon/head.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(char *bytes, size_t n)
{
    struct head_scan scan = {0};
    struct head_refusal refusal = {0};
    struct head head = {0};

    if (head_scan(&scan, bytes, n) == HEAD_REFUSED)
        printf("%d 0 0 0 0 -\n", scan.refusal.status);
    else if (scan.verdict == HEAD_INCOMPLETE)
        puts("0 0 0 0 0 -");
    else if (!head_parse(bytes, scan.bytes, &head, &refusal))
        printf("%d 0 0 0 0 -\n", refusal.status);
    else
        printf("200 %zu %lld %zu %d %s\n", scan.bytes, (long long)head.content_length,
               head.fields_n, head.keep_alive, head_method_name(head.method));
}

int main(void)
{
    uint8_t length[4];

    while (fread(length, 1, sizeof length, stdin) == sizeof length) {
        size_t n =
            (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
        char *bytes = malloc(n ? n : 1);

        if (!bytes || fread(bytes, 1, n, stdin) != n)
            return 1;
        tell(bytes, n);
        free(bytes);
    }
    return 0;
}
