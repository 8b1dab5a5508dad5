#include "config/setting.h"

#include "tests/unit/config/folder.h"

/* No LIAISON_* of the person who runs the tests shall leak in. */
static int environment_clear(void **state)
{
    extern char **environ;
    char name[128];

    (void)state;
    for (char **v = environ; *v;) {
        if (strncmp(*v, "LIAISON_", strlen("LIAISON_")) != 0) {
            v++;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*v, "="), *v);
        assert_int_equal(unsetenv(name), 0);
        v = environ;
    }
    return 0;
}

static char *printed(const struct settings *s)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    assert_non_null(out);
    settings_print(s, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static struct settings load_text(const char *text)
{
    struct settings s;
    struct err e = {0};
    struct folder f;

    folder_make(&f);
    if (settings_load(folder_write(&f, "liaison.conf", text), &s, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    folder_remove(&f);
    return s;
}

static void test_defaults_are_those_of_the_documentation(void **state)
{
    struct settings s;

    (void)state;
    assert_int_equal(settings_load(NULL, &s, NULL), ERR_OK);
    assert_string_equal(s.listen, "127.0.0.1:8080");
    assert_string_equal(s.store, "unix:/run/liaison/redis.sock");
    assert_string_equal(s.data, "/usr/share/liaison/config");
    assert_string_equal(s.state, "/var/lib/liaison");
    assert_string_equal(s.keys, "/etc/liaison/keys");
    assert_string_equal(s.log_level, "info");
    assert_int_equal(s.body_bytes, 65536);
    assert_int_equal(s.connections, 8000);
    assert_int_equal(s.connections_per_address, 64);
    assert_int_equal(s.store_timeout_ms, 2000);
    assert_int_equal(s.worker_parallel, 32);
    assert_int_equal(s.worker_takeover_ms, 30000);
    assert_int_equal(s.reconcile_ms, 60000);
    assert_true(s.check_store);
}

static void test_file_wins_over_defaults_and_environment_over_the_file(void **state)
{
    struct settings s;

    (void)state;
    setenv("LIAISON_CONNECTIONS", "500", 1);
    setenv("LIAISON_TOKEN", "not a setting, for the command line", 1);
    s = load_text("connections = 400\nbody_bytes=2048\n");
    assert_int_equal(s.connections, 500);
    assert_int_equal(s.body_bytes, 2048);
    assert_int_equal(s.worker_parallel, 32);
}

static void test_blanks_comments_and_line_ends_do_not_matter(void **state)
{
    struct settings s = load_text("# a comment = 1\n\n  #another\n\tlisten  =  [::1]:0 \r\n"
                                  "check_store=no\r\n   \nstate = /a=b c");

    (void)state;
    assert_string_equal(s.listen, "[::1]:0");
    assert_false(s.check_store);
    assert_string_equal(s.state, "/a=b c");
}

static void test_limits_themselves_are_allowed(void **state)
{
    struct settings s = load_text("body_bytes = 1024\nconnections = 100000\n"
                                  "worker_takeover_ms = 3600000\nreconcile_ms = 100\n");

    (void)state;
    assert_int_equal(s.body_bytes, 1024);
    assert_int_equal(s.connections, 100000);
    assert_int_equal(s.worker_takeover_ms, 3600000);
    assert_int_equal(s.reconcile_ms, 100);
}

#define BODY_RANGE "body_bytes must be a number in 1024..1048576"

static void test_faults_name_file_and_line_and_change_nothing(void **state)
{
    static const struct {
        const char *text, *fault;
    } cases[] = {
        {"prot = 80\n",                         "1: unknown key \"prot\""                               },
        {"\n# x\nLISTEN = a\n",                 "3: unknown key \"LISTEN\""                             },
        {"= 5\n",                               "1: unknown key \"\""                                   },
        {"listen 127.0.0.1:80\n",               "1: expected \"key = value\""                           },
        {"listen =\n",                          "1: listen must have 1..127 bytes"                      },
        {"listen = a\x01z\n",                   "1: listen has bytes that are not text"                 },
        {"data = \xff\n",                       "1: data has bytes that are not text"                   },
        {"body_bytes = 1023\n",                 "1: " BODY_RANGE                                        },
        {"body_bytes = 1048577\n",              "1: " BODY_RANGE                                        },
        {"body_bytes = 64k\n",                  "1: " BODY_RANGE                                        },
        {"body_bytes = -2048\n",                "1: " BODY_RANGE                                        },
        {"body_bytes = 18446744073709553664\n", "1: " BODY_RANGE                                        },
        {"connections = 15\n",                  "1: connections must be a number in 16..100000"         },
        {"connections_per_address = 0\n",
         "1: connections_per_address must be a number in 1..100000"                                     },
        {"store_timeout_ms = 99\n",             "1: store_timeout_ms must be a number in 100..60000"    },
        {"worker_parallel = 1025\n",            "1: worker_parallel must be a number in 1..1024"        },
        {"worker_takeover_ms = 99\n",           "1: worker_takeover_ms must be a number in 100..3600000"},
        {"reconcile_ms = 3600001\n",            "1: reconcile_ms must be a number in 100..3600000"      },
        {"check_store = true\n",                "1: check_store must be yes or no"                      },
        {"log_level = INFO\n",                  "1: log_level must be error, warning, info or debug"    },
        {"state = /a\nkeys = /b\nstate = /a\n", "3: state is given twice"                               },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct settings s = {.connections = 77};
        struct err e = {0};
        char expected[160];

        snprintf(expected, sizeof expected, "liaison.conf:%s", cases[i].fault);
        assert_int_equal(settings_load(folder_write(&f, "liaison.conf", cases[i].text), &s, &e),
                         ERR_CONFIG);
        folder_assert_fault(&f, &e, expected);
        assert_int_equal(s.connections, 77);
    }
    folder_remove(&f);
}

static void test_faults_give_the_file_name_as_it_was_given(void **state)
{
    struct settings s;
    struct err e = {0};
    struct folder f;
    char here[4096];

    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    folder_make(&f);
    folder_write(&f, "liaison.conf", "\n\n\n\n\n\n\n\n\n\n\nprot = 80\n");
    assert_int_equal(chdir(f.path), 0);
    assert_int_equal(settings_load("liaison.conf", &s, &e), ERR_CONFIG);
    assert_int_equal(chdir(here), 0);
    assert_string_equal(e.detail, "liaison.conf:12: unknown key \"prot\"");
    folder_remove(&f);
}

static void test_text_as_long_as_its_room_is_refused(void **state)
{
    struct settings s;
    struct err e = {0};
    char value[129];

    (void)state;
    memset(value, 'a', sizeof value);
    value[127] = '\0';
    setenv("LIAISON_LISTEN", value, 1);
    assert_int_equal(settings_load(NULL, &s, &e), ERR_OK);
    assert_string_equal(s.listen, value);
    value[127] = 'a';
    value[128] = '\0';
    setenv("LIAISON_LISTEN", value, 1);
    assert_int_equal(settings_load(NULL, &s, &e), ERR_CONFIG);
    assert_string_equal(e.detail, "LIAISON_LISTEN: listen must have 1..127 bytes");
}

static void test_fault_of_the_environment_names_the_variable(void **state)
{
    struct settings s;
    struct err e = {0};

    (void)state;
    setenv("LIAISON_STORE_TIMEOUT_MS", "soon", 1);
    assert_int_equal(settings_load(NULL, &s, &e), ERR_CONFIG);
    assert_string_equal(e.detail, "LIAISON_STORE_TIMEOUT_MS: store_timeout_ms must be a number in "
                                  "100..60000");
}

static void test_file_that_is_missing_or_has_nul_or_is_too_large_is_refused(void **state)
{
    static const char nul[] = "listen = a\0b\n";
    char *large = malloc(65537);
    struct settings s;
    struct err e = {0};
    struct folder f;

    (void)state;
    assert_non_null(large);
    folder_make(&f);
    snprintf(f.file, sizeof f.file, "%s/none.conf", f.path);
    assert_int_equal(settings_load(f.file, &s, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "none.conf: No such file"));
    folder_write_n(&f, "liaison.conf", nul, sizeof nul - 1);
    assert_int_equal(settings_load(f.file, &s, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "liaison.conf: has a NUL byte");
    memset(large, '#', 65537);
    folder_write_n(&f, "liaison.conf", large, 65537);
    assert_int_equal(settings_load(f.file, &s, &e), ERR_CONFIG);
    folder_assert_fault(&f, &e, "liaison.conf: larger than 65536 bytes");
    free(large);
    folder_remove(&f);
}

static void test_printed_settings_read_back_as_the_same(void **state)
{
    struct settings s = load_text("listen = unix:/x\nstore = tcp:h:1\ndata = /d\nstate = /s\n"
                                  "keys = /k\nlog_level = debug\nbody_bytes = 4096\n"
                                  "connections = 99\nconnections_per_address = 9\n"
                                  "store_timeout_ms = 101\nworker_parallel = 2\n"
                                  "worker_takeover_ms = 102\nreconcile_ms = 103\n"
                                  "check_store = no\n");
    char *once = printed(&s);
    struct settings again = load_text(once);
    char *twice = printed(&again);

    (void)state;
    assert_string_equal(once, twice);
    assert_string_equal(again.listen, "unix:/x");
    assert_int_equal(again.reconcile_ms, 103);
    assert_false(again.check_store);
    free(once);
    free(twice);
}

/* After a change of the table: liaisond -T with every `key = value` line commented out. */
static void test_sample_file_is_the_defaults_commented_out(void **state)
{
    struct settings s;
    struct buf expected = {0};
    struct buf sample = {0};
    char *text;
    char *rest;

    (void)state;
    assert_int_equal(settings_load(NULL, &s, NULL), ERR_OK);
    rest = text = printed(&s);
    for (char *line; (line = strsep(&rest, "\n")) != NULL && rest;)
        buf_printf(&expected, "%s%s\n", *line && *line != '#' ? "#" : "", line);
    assert_int_equal(file_read(LIAISON_SOURCE_DIR "/config/liaison.conf", 1 << 16, &sample, NULL),
                     ERR_OK);
    assert_string_equal(buf_text(&sample), buf_text(&expected));
    buf_clear(&expected);
    buf_clear(&sample);
    free(text);
}

static void test_reload_adopts_what_it_can_and_names_what_waits(void **state)
{
    struct settings running =
        load_text("listen = old:1\nstore = unix:/old\nworker_parallel = 20\n");
    struct settings fresh = load_text("listen = old:1\nstore = unix:/new\ncheck_store = no\n"
                                      "worker_parallel = 30\nlog_level = debug\ndata = /new\n");

    (void)state;
    assert_string_equal(settings_adopt(&running, &fresh), "store");
    assert_int_equal(running.worker_parallel, 30);
    assert_string_equal(running.log_level, "debug");
    assert_string_equal(running.data, "/new");
    assert_string_equal(running.store, "unix:/old");
    assert_true(running.check_store);
    fresh = running;
    memset(fresh.listen, 'x', sizeof fresh.listen);
    snprintf(fresh.listen, sizeof fresh.listen, "old:1"); /* other bytes behind the NUL */
    fresh.reconcile_ms = 5000;
    assert_null(settings_adopt(&running, &fresh));
    assert_int_equal(running.reconcile_ms, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults_are_those_of_the_documentation, environment_clear),
        cmocka_unit_test_setup(test_file_wins_over_defaults_and_environment_over_the_file,
                               environment_clear),
        cmocka_unit_test_setup(test_blanks_comments_and_line_ends_do_not_matter, environment_clear),
        cmocka_unit_test_setup(test_limits_themselves_are_allowed, environment_clear),
        cmocka_unit_test_setup(test_faults_name_file_and_line_and_change_nothing,
                               environment_clear),
        cmocka_unit_test_setup(test_faults_give_the_file_name_as_it_was_given, environment_clear),
        cmocka_unit_test_setup(test_text_as_long_as_its_room_is_refused, environment_clear),
        cmocka_unit_test_setup(test_fault_of_the_environment_names_the_variable, environment_clear),
        cmocka_unit_test_setup(test_file_that_is_missing_or_has_nul_or_is_too_large_is_refused,
                               environment_clear),
        cmocka_unit_test_setup(test_printed_settings_read_back_as_the_same, environment_clear),
        cmocka_unit_test_setup(test_sample_file_is_the_defaults_commented_out, environment_clear),
        cmocka_unit_test_setup(test_reload_adopts_what_it_can_and_names_what_waits,
                               environment_clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
