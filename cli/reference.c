#include "cli/reference.h"

#include "cli/line.h"
#include "cli/server_settings.h"

enum err_code reference_open(const struct line *line, struct reference *ret_r, struct err *e)
{
    const char *data = line_flag(line, "data");
    struct reference r = {0};
    struct settings settings;
    enum err_code rc = ERR_OK;

    if (!data && (rc = server_settings_load(line, &settings, e)) == ERR_OK)
        data = settings.data;
    if (rc == ERR_OK)
        rc = config_load(data, &r.config, e);
    if (rc == ERR_OK)
        rc = engine_new(r.config, &r.engine, e);
    if (rc == ERR_OK)
        *ret_r = r;
    else
        reference_close(&r);
    return rc;
}

void reference_close(struct reference *r)
{
    engine_free(r->engine);
    config_free(r->config);
    *r = (struct reference){0};
}
