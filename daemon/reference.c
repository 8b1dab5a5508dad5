/* GET /v1/secretariats, /v1/themes, /v1/countries: reference data with names in six languages. */
#include "daemon/operations.h"

#include "daemon/task.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *names_json(const struct app *app, const char *kind, const char *code)
{
    json_t *names = json_object();
    char key[80];

    snprintf(key, sizeof key, "%s.%s", kind, code);
    for (int l = 0; l < LANGUAGES_N; l++)
        json_object_set_new(names, language_codes[l],
                            json_string(words_get(app->config->words, key, l)));
    return names;
}

static void reply_items(struct task *t, json_t *items)
{
    task_reply_public(t, json_pack("{s:o}", "items", items), "private, max-age=60");
}

void secretariats_begin(struct task *t)
{
    const struct mandate *m = &t->app->config->mandate;
    json_t *items = json_array();

    for (size_t i = 0; i < m->secretariats_n; i++)
        if (m->secretariats[i].enabled)
            json_array_append_new(
                items,
                json_pack("{s:s, s:o, s:o, s:s}", "code", m->secretariats[i].code, "name",
                          names_json(t->app, "secretariat", m->secretariats[i].code), "long_name",
                          names_json(t->app, "secretariat.long", m->secretariats[i].code),
                          "time_zone", m->secretariats[i].zone));
    reply_items(t, items);
}

void themes_begin(struct task *t)
{
    const struct mandate *m = &t->app->config->mandate;
    json_t *items = json_array();

    for (size_t i = 0; i < m->topics_n; i++)
        json_array_append_new(items, json_pack("{s:s, s:o}", "code", m->topics[i].code, "name",
                                               names_json(t->app, "topic", m->topics[i].code)));
    reply_items(t, items);
}

void countries_begin(struct task *t)
{
    static const char *const party_words[] = {
        [PARTY_NO] = "no", [PARTY_YES] = "yes", [PARTY_UNKNOWN] = "unknown"};
    const struct config *c = t->app->config;
    json_t *items = json_array();

    for (size_t i = 0; i < c->world.countries_n; i++) {
        const struct country *country = &c->world.countries[i];
        json_t *names = json_object();
        json_t *party = json_object();

        for (int l = 0; l < LANGUAGES_N; l++)
            json_object_set_new(names, language_codes[l], json_string(country->names[l]));
        for (size_t s = 0; s < c->mandate.secretariats_n; s++)
            json_object_set_new(party, c->mandate.secretariats[s].code,
                                json_string(party_words[country->party[s]]));
        json_array_append_new(items, json_pack("{s:s, s:o, s:o}", "code", country->iso3, "name",
                                               names, "party", party));
    }
    reply_items(t, items);
}
