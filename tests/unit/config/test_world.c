#include "config/world.h"

#include "tests/unit/config/folder.h"

#define COUNTRIES                                                                                  \
    "iso3,ldc,lldc,sids,name_ar,name_en,name_es,name_fr,name_ru,name_zh\n"                         \
    "AAA,1,0,1,a,b,c,d,e,f\nBBB,0,1,0,a,b,c,d,e,f\n"
#define PARTIES "iso3,treaty\nAAA,full\nAAA,nagoya\nBBB,part\n"
#define SITES "iso3,kind,id,name\nAAA,whc,1,One\nAAA,ramsar,1,Two\nBBB,tentative,12,Three\n"
#define SPECIES                                                                                    \
    "scientific_name,common_name_en,name_ar,name_es,name_fr,name_ru,name_zh,"                      \
    "iwc,large_whale,cites,cms,plant_pest,annex1_crop\n"                                           \
    "Balaena,Whale,a,b;c,d,e,f,1,1,I,I;II,0,0\nSorghum,,,,,,,0,0,,,0,1\n"

static const struct mandate mandate = {
    .secretariats = {{.code = "full", .treaty = "full", .list_complete = true},
                     {.code = "part", .treaty = "part", .list_complete = false}},
    .secretariats_n = 2,
};

static void minimal_write(struct folder *f)
{
    folder_write(f, "countries.csv", COUNTRIES);
    folder_write(f, "parties.csv", PARTIES);
    folder_write(f, "sites.csv", SITES);
    folder_write(f, "species.csv", SPECIES);
}

static void test_a_minimal_folder_loads(void **state)
{
    struct world w = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    minimal_write(&f);
    if (world_load(f.path, &mandate, &w, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_int_equal(w.countries_n, 2);
    assert_true(w.countries[0].ldc && !w.countries[0].lldc && w.countries[0].sids);
    assert_string_equal(w.countries[1].names[language_find("ru")], "e");
    assert_int_equal(w.sites_n, 3);
    assert_int_equal(w.sites[1].kind, SITE_RAMSAR);
    assert_int_equal(w.sites[2].kind, SITE_TENTATIVE);
    assert_string_equal(w.sites[2].name, "Three");
    assert_true(w.species[0].large_whale && w.species[0].cites && w.species[0].cms);
    assert_true(w.species[1].crop && !w.species[1].cites && !w.species[1].cetacean);
    assert_string_equal(w.species[0].names[language_find("en")], "Whale");
    assert_string_equal(w.species[0].names[language_find("es")], "b;c");
    assert_string_equal(w.species[0].names[language_find("zh")], "f");
    assert_string_equal(w.species[1].names[language_find("ar")], "");
    world_clear(&w);
    folder_remove(&f);
}

static void test_absence_from_a_partial_list_means_unknown(void **state)
{
    struct world w = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    minimal_write(&f);
    assert_int_equal(world_load(f.path, &mandate, &w, NULL), ERR_OK);
    assert_int_equal(world_country(&w, "AAA")->party[0], PARTY_YES);
    assert_int_equal(world_country(&w, "BBB")->party[0], PARTY_NO);
    assert_int_equal(world_country(&w, "AAA")->party[1], PARTY_UNKNOWN);
    assert_int_equal(world_country(&w, "BBB")->party[1], PARTY_YES);
    assert_null(world_country(&w, "AAB"));
    assert_null(world_country(&w, "aaa"));
    assert_null(world_country(&w, ""));
    world_clear(&w);
    folder_remove(&f);
}

static void test_faults_name_file_and_line_and_change_nothing(void **state)
{
    static const struct {
        const char *file, *text, *fault;
    } cases[] = {
        {"countries.csv", COUNTRIES "BBB,0,0,0,a,b,c,d,e,f\n",
         "countries.csv:4: iso3 BBB twice or not in ascending order"                                                            },
        {"countries.csv", COUNTRIES "CC1,0,0,0,a,b,c,d,e,f\n",
         "countries.csv:4: iso3 \"CC1\" is not three capital letters"                                                           },
        {"countries.csv", COUNTRIES "CCC,0,0,0,a,b,c,d,,f\n",                     "countries.csv:4: name_ru is empty"           },
        {"countries.csv", COUNTRIES "CCC,0,0,2,a,b,c,d,e,f\n",
         "countries.csv:4: unknown sids \"2\""                                                                                  },
        {"parties.csv",   PARTIES "CCC,full\n",
         "parties.csv:5: iso3 \"CCC\" is not in countries.csv"                                                                  },
        {"parties.csv",   PARTIES "AAA,full\n",                                   "parties.csv:5: AAA is a Party to full twice" },
        {"sites.csv",     SITES "AAA,whc,2,Four\n",                               "sites.csv:5: iso3 AAA not in ascending order"},
        {"sites.csv",     SITES "BBB,tentative,12,Four\n",                        "sites.csv:5: site 12 of BBB twice"           },
        {"sites.csv",     SITES "BBB,park,1,Four\n",                              "sites.csv:5: unknown kind \"park\""          },
        {"species.csv",   SPECIES "Sorghum,,,,,,,0,0,,,0,1\n",
         "species.csv:4: \"Sorghum\" twice or not in ascending order"                                                           },
        {"species.csv",   SPECIES "Zea,,,,,,,0,1,,,0,1\n",
         "species.csv:4: a large whale that is no cetacean"                                                                     },
        {"species.csv",   "scientific_name,common_name_en,name_ar\nZea,Maize,\n",
         "species.csv:2: no column name_es"                                                                                     },
        {"species.csv",   SPECIES "Zea,,,a;;b,,,,0,0,,,0,1\n",                    "species.csv:4: name_es: empty name"          },
        {"species.csv",   SPECIES "Zea,,,,,,,0,0,IV,,0,1\n",
         "species.csv:4: cites \"IV\" is not an Appendix"                                                                       },
    };
    struct folder f;

    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w = {.sites_n = 77};
        struct err e = {0};

        minimal_write(&f);
        folder_write(&f, cases[i].file, cases[i].text);
        assert_int_equal(world_load(f.path, &mandate, &w, &e), ERR_CONFIG);
        folder_assert_fault(&f, &e, cases[i].fault);
        assert_int_equal(w.sites_n, 77);
    }
    folder_remove(&f);
}

static void test_a_complete_treaty_without_any_party_is_a_fault(void **state)
{
    struct world w = {0};
    struct err e = {0};
    struct folder f;

    (void)state;
    folder_make(&f);
    minimal_write(&f);
    folder_write(&f, "parties.csv", "iso3,treaty\nAAA,ful\n");
    assert_int_equal(world_load(f.path, &mandate, &w, &e), ERR_CONFIG);
    assert_non_null(strstr(e.detail, "no row for full"));
    folder_remove(&f);
}

static void test_the_real_tables_say_what_is_well_known(void **state)
{
    struct mandate *m = mem_new(1, sizeof *m);
    struct world w = {0};
    struct err e = {0};
    size_t large_n = 0;

    (void)state;
    assert_int_equal(mandate_load(LIAISON_SOURCE_DIR "/config", m, &e), ERR_OK);
    if (world_load(LIAISON_SOURCE_DIR "/config", m, &w, &e) != ERR_OK)
        fail_msg("%s", e.detail);
    assert_int_equal(world_country(&w, "USA")->party[mandate_secretariat(m, "cbd")], PARTY_NO);
    assert_int_equal(world_country(&w, "USA")->party[mandate_secretariat(m, "iwc")], PARTY_YES);
    assert_int_equal(world_country(&w, "CAN")->party[mandate_secretariat(m, "iwc")], PARTY_NO);
    assert_int_equal(world_country(&w, "VNM")->party[mandate_secretariat(m, "itpgrfa")],
                     PARTY_UNKNOWN);
    for (size_t i = 0; i < w.species_n; i++)
        large_n += w.species[i].large_whale;
    assert_int_equal(large_n, 16); /* baleen whales and the sperm whale */
    for (int l = 0; l < LANGUAGES_N; l++) {
        size_t named_n = 0;
        for (size_t i = 0; i < w.species_n; i++)
            named_n += *w.species[i].names[l] != '\0';
        if (named_n * 10 < w.species_n * 9)
            fail_msg("%s: only %zu species have a name", language_codes[l], named_n);
    }
    world_clear(&w);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_minimal_folder_loads),
        cmocka_unit_test(test_absence_from_a_partial_list_means_unknown),
        cmocka_unit_test(test_faults_name_file_and_line_and_change_nothing),
        cmocka_unit_test(test_a_complete_treaty_without_any_party_is_a_fault),
        cmocka_unit_test(test_the_real_tables_say_what_is_well_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
