#include "config/class_weight.h"

#include "tests/unit/config/folder.h"

static struct mandate mandate;
static struct terms terms;
static size_t whc, cbd, iwc;

static int load(void **state)
{
    struct err e = {0};

    (void)state;
    if (mandate_load(LIAISON_SOURCE_DIR "/config", &mandate, &e) != ERR_OK ||
        terms_load(LIAISON_SOURCE_DIR "/config", &mandate, &terms, &e) != ERR_OK) {
        print_error("%s\n", e.detail);
        return -1;
    }
    whc = (size_t)mandate_secretariat(&mandate, "whc");
    cbd = (size_t)mandate_secretariat(&mandate, "cbd");
    iwc = (size_t)mandate_secretariat(&mandate, "iwc");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    terms_clear(&terms);
    return 0;
}

static enum err_code load_text(const char *text, struct class_weights *ret_c, struct err *e)
{
    struct folder f;
    enum err_code rc;

    folder_make(&f);
    folder_write(&f, "classes.csv", text);
    rc = class_weights_load(f.path, "classes.csv", &mandate, &terms, ret_c, e);
    folder_remove(&f);
    return rc;
}

static void test_rows_land_where_they_belong(void **state)
{
    struct class_weights c = {0};
    struct err e = {0};
    int concept = terms_concept(&terms, "world_heritage");

    (void)state;
    assert_true(concept >= 0);
    if (load_text("feature,idf,whc,cbd,outside\n"
                  "bias,0,0.5,-0.25,1\n"
                  "HERITAGE_OUV,1.5,2,0,-1\n"
                  "world_heritage,3.25,4,0.125,-2\n"
                  "a_concept_of_yesterday,1,1,1,1\n",
                  &c, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_float_equal(c.bias[whc], 0.5, 1e-6);
    assert_float_equal(c.bias[CLASS_OUTSIDE], 1, 1e-6);
    assert_float_equal(c.topics[mandate_topic(&mandate, "HERITAGE_OUV")].weights[whc], 2, 1e-6);
    assert_float_equal(c.concepts[concept].idf, 3.25, 1e-6);
    assert_float_equal(c.concepts[concept].weights[cbd], 0.125, 1e-6);
    assert_float_equal(c.concepts[concept].weights[CLASS_OUTSIDE], -2, 1e-6);
    assert_true(c.learned[whc] && c.learned[CLASS_OUTSIDE]);
    assert_false(c.learned[iwc]); /* no column */
    class_weights_clear(&c);
}

static void test_faults_name_file_and_line(void **state)
{
    static const struct {
        const char *text, *fault;
    } faults[] = {
        {"feature,idf,whc\nbias,0,much\n",                                  "classes.csv:2: whc \"much\" is not"},
        {"feature,idf,whc\nbias,0,1001\n",                                  "classes.csv:2: whc \"1001\" is not"},
        {"feature,idf,whc\nbias,x,1\n",                                     "classes.csv:2: idf \"x\" is not"   },
        {"idf,whc\n0,1\n",                                                  "no column feature"                 },
        {"feature,idf,whc\nHERITAGE_OUV,1,1\nbias,0,0\nHERITAGE_OUV,1,1\n",
         "classes.csv:4: HERITAGE_OUV twice"                                                                    },
        {"feature,idf,whc\nworld_heritage,1,1\nworld_heritage,1,1\n",
         "classes.csv:3: world_heritage twice"                                                                  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct class_weights c = {0};
        struct err e = {0};

        assert_int_equal(load_text(faults[i].text, &c, &e), ERR_CONFIG);
        if (!strstr(e.detail, faults[i].fault))
            fail_msg("\"%s\" lacks \"%s\"", e.detail, faults[i].fault);
        assert_null(c.concepts);
    }
}

static void test_what_is_written_is_read_back(void **state)
{
    static const char *const files[] = {"classes.csv", "supporters.csv"};

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct class_weights c = {0};
        BUF_AUTO struct buf text = {0}, real = {0}, path = {0};
        struct err e = {0};

        if (class_weights_load(LIAISON_SOURCE_DIR "/config", files[i], &mandate, &terms, &c, &e))
            fail_msg("%s", e.detail);
        class_weights_write(&mandate, &terms, &c, &text);
        buf_printf(&path, LIAISON_SOURCE_DIR "/config/%s", files[i]);
        assert_int_equal(file_read(buf_text(&path), 1 << 22, &real, &e), ERR_OK);
        assert_string_equal(buf_text(&text), buf_text(&real));
        class_weights_clear(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_land_where_they_belong),
        cmocka_unit_test(test_faults_name_file_and_line),
        cmocka_unit_test(test_what_is_written_is_read_back),
    };

    return cmocka_run_group_tests_name("class_weight", tests, load, unload);
}
