/* The engine over the shipped reference data, made once for all tests of a program. Included after
 * cmocka.h. */
#ifndef TESTS_UNIT_ROUTING_ENGINE_FIXTURE_H
#define TESTS_UNIT_ROUTING_ENGINE_FIXTURE_H

#include "routing/engine.h"

static struct config *config;
static struct engine *engine;

static int load_engine(void **state)
{
    struct err e = {0};

    (void)state;
    if (config_load(LIAISON_SOURCE_DIR "/config", &config, &e) == ERR_OK &&
        engine_new(config, &engine, &e) == ERR_OK)
        return 0;
    print_error("%s\n", e.detail);
    return -1;
}

static int free_engine(void **state)
{
    (void)state;
    engine_free(engine);
    config_free(config);
    return 0;
}

#endif
