/* Key files and rings for tests, in a folder that is removed again. */
#ifndef TESTS_UNIT_PROTOCOL_RING_H
#define TESTS_UNIT_PROTOCOL_RING_H

#include "protocol/keyring.h"
#include "tests/unit/protocol/sample.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#define RING_USED __attribute__((unused))

/* The master key 00 01 .. 1f of the test vectors (reliability rules, section 10), and another. */
#define RING_MASTER "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define RING_OTHER "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char ring_folder[] = "/tmp/liaison-ring-XXXXXX";
static char ring_path[64];

RING_USED static int ring_setup(void **state)
{
    (void)state;
    if (sodium_init() < 0 || !mkdtemp(ring_folder))
        return -1;
    snprintf(ring_path, sizeof ring_path, "%s/keys", ring_folder);
    return 0;
}

RING_USED static int ring_teardown(void **state)
{
    (void)state;
    unlink(ring_path);
    return rmdir(ring_folder);
}

RING_USED static void ring_write(const char *text, mode_t mode)
{
    FILE *f;

    unlink(ring_path);
    f = fopen(ring_path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(ring_path, mode), 0);
}

RING_USED static struct keyring *ring_of(const char *text)
{
    struct keyring *ring = NULL;
    struct err e = {0};

    ring_write(text, 0600);
    if (keyring_load(ring_path, &ring, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    return ring;
}

RING_USED static void assert_hex(const void *bytes, size_t n, const char *hex)
{
    char is[512];

    assert_true(2 * n < sizeof is);
    sodium_bin2hex(is, sizeof is, bytes, n);
    assert_string_equal(is, hex);
}

#endif
