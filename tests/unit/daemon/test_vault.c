#include "daemon/vault.h"

#include "base/clock.h"
#include "tests/unit/protocol/ring.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static struct keyring *ring;
static struct vault *vault;
static char folder[] = "/tmp/liaison-vault-XXXXXX";

static int setup(void **state)
{
    struct err e = {0};
    int rc = ring_setup(state);

    if (rc || !mkdtemp(folder))
        return -1;
    ring = ring_of("1 active " RING_MASTER "\n");
    return vault_new(folder, ring, &vault, &e) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    char command[128];

    vault_free(vault);
    keyring_free(ring);
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) | ring_teardown(state);
}

/* n bytes of text that no two sizes share. */
static char *text_of(size_t n)
{
    char *text = malloc(n + 1);

    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 61 == 60 ? '\n' : (char)('a' + (i * i + n) % 26);
    text[n] = '\0';
    return text;
}

static enum err_code put_n(const char *country, const void *bytes, size_t n, size_t step,
                           char id[VAULT_ID_BYTES], struct err *e)
{
    struct vault_upload *u = NULL;
    char type[VAULT_TYPE_BYTES];
    enum err_code rc = vault_begin(vault, country, &u, e);

    for (size_t at = 0; at < n && rc == ERR_OK; at += step)
        rc = vault_write(u, (const char *)bytes + at, n - at < step ? n - at : step, e);
    if (rc == ERR_OK)
        rc = vault_seal(u, id, type, e);
    if (rc == ERR_OK)
        rc = vault_settle(u, e);
    vault_drop(u);
    return rc;
}

static unsigned count(const char *which)
{
    char path[128];
    DIR *dir;
    unsigned n = 0;

    snprintf(path, sizeof path, "%s/attachments/%s", folder, which);
    dir = opendir(path);
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n > 2 ? n - 2 : 0;
}

static void path_of_kept(const char *country, const char *id, char out[256])
{
    snprintf(out, 256, "%s/attachments/%s/kept/%s", folder, country, id);
}

/* Reads all of it; false: it does not open, or not to its end. */
static bool get(const char *country, const char *id, char *out, size_t *ret_n)
{
    struct vault_reader *r = NULL;
    char chunk[VAULT_CHUNK_BYTES];
    struct err e = {0};
    size_t n = 1;

    *ret_n = 0;
    if (vault_open(vault, country, id, &r, &e) != ERR_OK)
        return false;
    while (n > 0) {
        if (vault_read(r, chunk, &n, &e) != ERR_OK) {
            vault_close(r);
            return false;
        }
        memcpy(out + *ret_n, chunk, n);
        *ret_n += n;
    }
    assert_int_equal((int64_t)*ret_n, vault_bytes(r));
    vault_close(r);
    return true;
}

static void test_what_went_in_comes_out(void **state)
{
    static const size_t sizes[] = {30, 100, 65535, 65536, 65537, 200000, VAULT_FILE_MAX};
    char *out = malloc(VAULT_FILE_MAX + VAULT_CHUNK_BYTES);

    (void)state;
    assert_non_null(out);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *text = text_of(sizes[i]);
        char id[VAULT_ID_BYTES];
        struct err e = {0};
        int64_t bytes = 0;
        size_t n;

        if (put_n("KEN", text, sizes[i], 10007, id, &e) != ERR_OK)
            fail_msg("%zu: %s", sizes[i], e.detail);
        assert_false(get("KEN", id, out, &n)); /* no request refers to it */
        assert_int_equal(vault_keep(vault, "KEN", id, &bytes, &e), ERR_OK);
        assert_int_equal(bytes, (int64_t)sizes[i]);
        assert_true(get("KEN", id, out, &n));
        assert_int_equal(n, sizes[i]);
        assert_memory_equal(out, text, n);
        free(text);
    }
    assert_int_equal(count("tmp"), 0);
    assert_int_equal(count("KEN/new"), 0);
    free(out);
}

static void test_the_same_content_is_the_same_file_but_not_in_two_countries(void **state)
{
    char a[VAULT_ID_BYTES], b[VAULT_ID_BYTES], c[VAULT_ID_BYTES];
    struct err e = {0};
    int64_t bytes;

    (void)state;
    assert_int_equal(put_n("UGA", "one text\n", 9, 9, a, &e), ERR_OK);
    assert_int_equal(put_n("UGA", "one text\n", 9, 2, b, &e), ERR_OK);
    assert_int_equal(put_n("TCD", "one text\n", 9, 9, c, &e), ERR_OK);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_int_equal(count("UGA/new"), 1);
    assert_int_equal(vault_keep(vault, "TCD", a, &bytes, &e), ERR_NOT_FOUND);
    assert_int_equal(vault_keep(vault, "UGA", a, &bytes, &e), ERR_OK);
    assert_int_equal(vault_keep(vault, "UGA", a, &bytes, &e), ERR_OK);
    assert_int_equal(put_n("UGA", "one text\n", 9, 9, b, &e), ERR_OK);
    assert_int_equal(count("UGA/new"), 0);
    assert_int_equal(vault_keep(vault, "UGA", "att_../../../keys", &bytes, &e), ERR_NOT_FOUND);
}

#define BYTES(text) text, sizeof text - 1

static void test_only_pdf_images_and_text_are_taken(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        enum err_code code;
    } cases[] = {
        {BYTES("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"),                                    ERR_OK        },
        {BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0"),         ERR_OK        },
        {BYTES("plain words of somebody\n"),                                               ERR_OK        },
        {BYTES("<!DOCTYPE html><html><script>alert(1)</script></html>"),                   ERR_MEDIA_TYPE},
        {BYTES("<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>"),
         ERR_MEDIA_TYPE                                                                                  },
        {BYTES("\x7f"
               "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0"),
         ERR_MEDIA_TYPE                                                                                  },
        {BYTES("PK\x03\x04\x14\0\0\0\0\0"),                                                ERR_MEDIA_TYPE},
        {BYTES("#!/bin/sh\nrm -rf /\n"),                                                   ERR_MEDIA_TYPE},
        {BYTES(""),                                                                        ERR_MEDIA_TYPE},
    };
    char id[VAULT_ID_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};

        if (put_n("GHA", cases[i].bytes, cases[i].n, 7, id, &e) != cases[i].code)
            fail_msg("case %zu: %s", i, e.detail);
    }
    assert_int_equal(count("tmp"), 0);
}

static void test_limits_hold(void **state)
{
    char *text = text_of(VAULT_FILE_MAX + 1);
    char id[VAULT_ID_BYTES];
    struct err e = {0};

    (void)state;
    assert_int_equal(put_n("MLI", text, VAULT_FILE_MAX + 1, 65536, id, &e), ERR_TOO_LARGE);
    for (unsigned i = 0; i < VAULT_NEW_MAX; i++)
        assert_int_equal(put_n("MLI", text + i, 100, 100, id, &e), ERR_OK);
    assert_int_equal(put_n("MLI", text + 99, 100, 100, id, &e), ERR_QUOTA);
    assert_int_equal(put_n("NER", text, 100, 100, id, &e), ERR_OK);
    assert_int_equal(count("tmp"), 0);
    free(text);
}

static void test_a_damaged_file_is_not_given_out_whole(void **state)
{
    char *text = text_of(140000);
    char *out = malloc(300000);
    char id[VAULT_ID_BYTES], other[VAULT_ID_BYTES];
    char path[256], path_other[256];
    struct err e = {0};
    int64_t bytes;
    size_t n;
    FILE *f;
    long size;

    (void)state;
    assert_non_null(out);
    assert_int_equal(put_n("SEN", text, 140000, 65536, id, &e), ERR_OK);
    assert_int_equal(put_n("SEN", text + 1, 139999, 65536, other, &e), ERR_OK);
    assert_int_equal(vault_keep(vault, "SEN", id, &bytes, &e), ERR_OK);
    assert_int_equal(vault_keep(vault, "SEN", other, &bytes, &e), ERR_OK);
    path_of_kept("SEN", id, path);
    path_of_kept("SEN", other, path_other);
    f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    for (long at = 0; at < size; at += 1009) { /* one bit, here and there */
        int c;

        fseek(f, at, SEEK_SET);
        c = fgetc(f);
        fseek(f, at, SEEK_SET);
        fputc(c ^ 1, f);
        fflush(f);
        assert_false(get("SEN", id, out, &n));
        fseek(f, at, SEEK_SET);
        fputc(c, f);
        fflush(f);
    }
    assert_true(get("SEN", id, out, &n));
    fclose(f);
    for (long cut = size - 1; cut > 0; cut -= 7919) {
        assert_int_equal(truncate(path, cut), 0);
        assert_false(get("SEN", id, out, &n));
    }
    assert_int_equal(rename(path_other, path), 0); /* a good file under a wrong name */
    assert_false(get("SEN", id, out, &n));
    free(out);
    free(text);
}

static void test_what_no_request_refers_to_is_swept(void **state)
{
    char keep[VAULT_ID_BYTES], drop[VAULT_ID_BYTES];
    struct err e = {0};
    int64_t bytes;

    (void)state;
    assert_int_equal(put_n("BEN", "kept text\n", 10, 10, keep, &e), ERR_OK);
    assert_int_equal(put_n("BEN", "left text\n", 10, 10, drop, &e), ERR_OK);
    assert_int_equal(vault_keep(vault, "BEN", keep, &bytes, &e), ERR_OK);
    vault_sweep(vault, CLOCK_DAY_MS);
    assert_int_equal(count("BEN/new"), 1);
    clock_set(clock_now_ms() + CLOCK_DAY_MS + 1000);
    vault_sweep(vault, CLOCK_DAY_MS);
    clock_set(-1);
    assert_int_equal(count("BEN/new"), 0);
    assert_int_equal(count("BEN/kept"), 1);
    assert_int_equal(vault_keep(vault, "BEN", drop, &bytes, &e), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_went_in_comes_out),
        cmocka_unit_test(test_the_same_content_is_the_same_file_but_not_in_two_countries),
        cmocka_unit_test(test_only_pdf_images_and_text_are_taken),
        cmocka_unit_test(test_limits_hold),
        cmocka_unit_test(test_a_damaged_file_is_not_given_out_whole),
        cmocka_unit_test(test_what_no_request_refers_to_is_swept),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
