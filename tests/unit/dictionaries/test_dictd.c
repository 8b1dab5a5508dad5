#include "dictionaries/dictd.h"

#include "base/buf.h"
#include "tests/unit/config/folder.h"

#include <zlib.h>

static void note(void *arg, const char *entry, size_t bytes)
{
    buf_printf(arg, "%.*s|", (int)bytes, entry);
}

/* Reads a dictionary with these entries and this index; a cut takes bytes off the compressed
 * file's end. */
static enum err_code read_dictionary(const char *texts, const char *index, size_t cut,
                                     struct buf *ret_entries)
{
    struct folder f;
    struct err e = {0};
    BUF_AUTO struct buf base = {0};
    BUF_AUTO struct buf packed = {0};
    enum err_code rc;
    char path[64];
    gzFile out;

    folder_make(&f);
    folder_write(&f, "d.index", index);
    snprintf(path, sizeof path, "%s/d.dict.dz", f.path);
    out = gzopen(path, "wbe");
    assert_non_null(out);
    assert_int_equal(gzwrite(out, texts, (unsigned)strlen(texts)), strlen(texts));
    assert_int_equal(gzclose(out), Z_OK);
    if (cut > 0) {
        assert_int_equal(file_read(path, 1 << 20, &packed, NULL), ERR_OK);
        folder_write_n(&f, "d.dict.dz", packed.text, packed.bytes - cut);
    }
    buf_printf(&base, "%s/d", f.path);
    rc = dictd_read(base.text, note, ret_entries, &e);
    assert_int_equal(rc, e.code);
    folder_remove(&f);
    return rc;
}

static void test_entries_are_found_by_their_places(void **state)
{
    BUF_AUTO struct buf entries = {0};
    (void)state;
    /* A = 0, E = 4, J = 9, BA = 64 */
    assert_int_equal(read_dictionary("one\nentry two\n",
                                     "00databaseinfo\tA\tB\none\tA\tE\n"
                                     "two\tE\tJ\n",
                                     0, &entries),
                     ERR_OK);
    assert_string_equal(buf_text(&entries), "one\n|entry two|");
}

static void test_places_outside_the_text_are_refused(void **state)
{
    static const char *const wrong[] = {"a\tA\tP\n",  "a\tP\tA\n",          "a\tA\n",
                                        "a\n",        "a\t\tB\n",           "a\tA\t\n",
                                        "a\tA\tB?\n", "a\t//////////\tB\n", "a\tB\t/////////\n"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        BUF_AUTO struct buf entries = {0};
        if (read_dictionary("one\nentry two\n", wrong[i], 0, &entries) != ERR_CONFIG)
            fail_msg("%s", wrong[i]);
        assert_int_equal(entries.bytes, 0);
    }
}

static void test_cut_or_missing_files_are_refused(void **state)
{
    BUF_AUTO struct buf entries = {0};
    struct err e = {0};

    (void)state;
    assert_int_equal(read_dictionary("one\nentry two\n", "one\tA\tE\n", 6, &entries), ERR_CONFIG);
    assert_int_equal(dictd_read("/nowhere/d", note, &entries, &e), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_are_found_by_their_places),
        cmocka_unit_test(test_places_outside_the_text_are_refused),
        cmocka_unit_test(test_cut_or_missing_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
