/* A folder of its own for each test: made, filled, removed. Failures end the test. */
#ifndef TESTS_UNIT_CONFIG_FOLDER_H
#define TESTS_UNIT_CONFIG_FOLDER_H

#include "config/file.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
    char path[40];
    char file[256]; /* full path of the file that was written last */
};

static inline void folder_make(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "/tmp/liaison-test-XXXXXX");
    assert_non_null(mkdtemp(f->path));
}

/* name may lie in a folder below, which is made. Returns the full path, borrowed from f. */
static inline const char *folder_write_n(struct folder *f, const char *name, const void *bytes,
                                         size_t n)
{
    FILE *out;
    char *slash;

    snprintf(f->file, sizeof f->file, "%s/%s", f->path, name);
    slash = strrchr(f->file, '/');
    *slash = '\0';
    (void)mkdir(f->file, 0700); /* mostly there already; if not for good, fopen says so */
    *slash = '/';
    out = fopen(f->file, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
    return f->file;
}

static inline const char *folder_write(struct folder *f, const char *name, const char *text)
{
    return folder_write_n(f, name, text, strlen(text));
}

static inline void folder_copy_files(struct folder *f, const char *from, const char *below)
{
    struct file_list list = {0};

    assert_int_equal(file_list_read(from, ".csv", &list, NULL), ERR_OK);
    assert_true(list.names_n > 0);
    for (size_t i = 0; i < list.names_n; i++) {
        struct buf text = {0};
        char *path = file_path(from, list.names[i]);
        char name[128];

        assert_int_equal(file_read(path, 16 << 20, &text, NULL), ERR_OK);
        snprintf(name, sizeof name, "%s%s", below, list.names[i]);
        folder_write_n(f, name, buf_text(&text), text.bytes);
        buf_clear(&text);
        free(path);
    }
    file_list_clear(&list);
}

/* The real reference data. */
static inline void folder_copy_config(struct folder *f)
{
    folder_copy_files(f, LIAISON_SOURCE_DIR "/config", "");
    folder_copy_files(f, LIAISON_SOURCE_DIR "/config/terms", "terms/");
}

static inline int folder_remove_one(const char *path, const struct stat *s, int kind,
                                    struct FTW *at)
{
    (void)s, (void)kind, (void)at;
    return remove(path);
}

static inline void folder_remove(struct folder *f)
{
    assert_int_equal(nftw(f->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The detail is the folder's path, "/" and this. */
static inline void folder_assert_fault(const struct folder *f, const struct err *e,
                                       const char *expected)
{
    char whole[512];

    snprintf(whole, sizeof whole, "%s/%s", f->path, expected);
    assert_string_equal(e->detail, whole);
    assert_int_equal(e->code, ERR_CONFIG);
}

#endif
