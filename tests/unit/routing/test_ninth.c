/* A further secretariat is a matter of data (contract section 1): BBNJ by one word in
 * secretariats.csv, one that nobody has heard of by a row, a column and its words. */
#include "routing/assess.h"

#include "tests/unit/config/folder.h"

/* The row of a file that begins so, with `from` in it replaced. */
static void change_row(struct folder *f, const char *name, const char *begin, const char *from,
                       const char *to)
{
    struct buf text = {0}, other = {0};
    char path[128];
    const char *at;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(file_read(path, 1 << 20, &text, NULL), ERR_OK);
    at = strstr(text.text, begin);
    assert_non_null(at);
    at = strstr(at, from);
    assert_non_null(at);
    buf_add(&other, text.text, (size_t)(at - text.text));
    buf_add_text(&other, to);
    buf_add_text(&other, at + strlen(from));
    folder_write_n(f, name, other.text, other.bytes);
    buf_clear(&text);
    buf_clear(&other);
}

static void add_rows(struct folder *f, const char *name, const char *rows)
{
    struct buf text = {0};
    char path[128];

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(file_read(path, 1 << 20, &text, NULL), ERR_OK);
    buf_add_text(&text, rows);
    folder_write_n(f, name, text.text, text.bytes);
    buf_clear(&text);
}

/* One more cell at the end of each row: first the heading, then the same for all. */
static void add_column(struct folder *f, const char *name, const char *heading, const char *cell)
{
    struct buf text = {0}, other = {0};
    char path[128], *rest;
    const char *add = heading;

    snprintf(path, sizeof path, "%s/%s", f->path, name);
    assert_int_equal(file_read(path, 1 << 20, &text, NULL), ERR_OK);
    rest = text.text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        if (*line)
            buf_printf(&other, "%s,%s\n", line, add);
        add = cell;
    }
    folder_write_n(f, name, other.text, other.bytes);
    buf_clear(&text);
    buf_clear(&other);
}

/* The router by the data of one folder. */
struct router {
    struct config *config;
    struct engine *engine;
    struct assess *assess;
};

static struct router router_open(const char *data)
{
    struct router r = {0};
    struct err e = {0};

    if (config_load(data, &r.config, &e) != ERR_OK || engine_new(r.config, &r.engine, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    r.assess = assess_new(r.engine, -1);
    return r;
}

static void router_close(struct router *r)
{
    assess_free(r->assess);
    engine_free(r->engine);
    config_free(r->config);
}

/* {id, lead, .., reasons} of one draft; new reference. */
static json_t *assess(struct router *r, const char *country, const char *language,
                      const char *title, const char *description)
{
    json_auto_t *line = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", "one", "country", country,
                                  "language", language, "title", title, "description", description);
    json_t *result = NULL;
    struct err e = {0};

    if (assess_one(r->assess, line, &result, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    return result;
}

static const char *lead_of(const json_t *result)
{
    return json_string_value(json_object_get(result, "lead"));
}

static const struct {
    const char *language, *country, *title, *description;
} high_seas[] = {
    {"en", "FJI", "Environmental impact assessment on the high seas",
     "Our ships work in areas beyond national jurisdiction. We ask for training on environmental "
     "impact assessments on the high seas and on area-based management tools."                                     },
    {"fr", "SYC", "Études d'impact en haute mer",
     "Nous demandons une formation sur les évaluations d'impact pour les activités en haute mer, "
     "au-delà de la juridiction nationale, et sur les outils de gestion par zone."                                },
    {"zh", "CHN", "公海环境影响评价培训",
     "我们请求就国家管辖范围以外区域活动的环境影响评价和划区管理工具提供培训。"},
};

enum { HIGH_SEAS_N = sizeof high_seas / sizeof high_seas[0] };

static void check_high_seas(const char *data, const char *lead)
{
    struct router r = router_open(data);

    for (size_t i = 0; i < HIGH_SEAS_N; i++) {
        json_auto_t *result = assess(&r, high_seas[i].country, high_seas[i].language,
                                     high_seas[i].title, high_seas[i].description);

        if (lead ? !lead_of(result) || strcmp(lead, lead_of(result)) != 0 : lead_of(result) != NULL)
            fail_msg("%s: %s", high_seas[i].language, lead_of(result) ? lead_of(result) : "triage");
    }
    router_close(&r);
}

/* Domain reference 3.3, last row. */
static void test_the_high_seas_wait_for_a_person_while_bbnj_is_off(void **state)
{
    (void)state;
    check_high_seas(LIAISON_SOURCE_DIR "/config", NULL);
}

static void test_one_word_of_data_switches_bbnj_on(void **state)
{
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    change_row(&f, "secretariats.csv", "\nbbnj,", ",no,", ",yes,");
    check_high_seas(f.path, "bbnj");
    folder_remove(&f);
}

static void test_a_secretariat_that_no_code_knows_leads_by_its_data(void **state)
{
    static const char title[] = "Training of rangers at our geyser basins";
    static const char description[] =
        "Visitors throw stones into the vents of three geyser basins. We ask for training on the "
        "care of geyser basins and for rules of access to geyser vents in the northern districts.";
    json_auto_t *before = NULL, *after = NULL;
    const json_t *reason;
    struct router r;
    struct folder f;

    (void)state;
    folder_make(&f);
    folder_copy_config(&f);
    r = router_open(f.path);
    before = assess(&r, "ISL", "en", title, description);
    router_close(&r);
    add_rows(&f, "secretariats.csv",
             "geyser,geyser,yes,partial,no,no,,,,10,Atlantic/Reykjavik,a test's own\n");
    add_column(&f, "topics.csv", "geyser", "0");
    add_rows(&f, "topics.csv", "GEYSER_CARE,no,0,15,0,0,30,0,0,0,0,60\n");
    add_rows(&f, "messages.csv",
             "secretariat.geyser,P,Geyser Convention,P,P,P,P\ntopic.GEYSER_CARE,P,Care of "
             "geysers,P,P,P,P\noffice.geyser,P,the secretariat of the Geyser Convention,P,P,P,P\n"
             "topic.about.GEYSER_CARE,P,the care of geysers,P,P,P,P\n");
    folder_write(&f, "terms/geyser.csv",
                 "concept,evidence,ar,en,es,fr,ru,zh\n"
                 "geyser_basin,GEYSER_CARE:9,حوض الفوارات,geyser basin;geyser vent,cuenca de "
                 "géiseres,bassin de geysers,долина гейзеров,间歇泉盆地\n");
    r = router_open(f.path);
    after = assess(&r, "ISL", "en", title, description);
    router_close(&r);
    assert_true(!lead_of(before) || strcmp(lead_of(before), "geyser") != 0);
    assert_non_null(lead_of(after));
    assert_string_equal(lead_of(after), "geyser");
    reason = json_array_get(json_object_get(after, "reasons"), 0);
    assert_string_equal(json_string_value(json_object_get(reason, "text")),
                        "The request is mainly about the care of geysers (in the text: “geyser "
                        "basins”), a subject on which the secretariat of the Geyser "
                        "Convention usually leads.");
    folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_high_seas_wait_for_a_person_while_bbnj_is_off),
        cmocka_unit_test(test_one_word_of_data_switches_bbnj_on),
        cmocka_unit_test(test_a_secretariat_that_no_code_knows_leads_by_its_data),
    };

    return cmocka_run_group_tests_name("ninth", tests, NULL, NULL);
}
