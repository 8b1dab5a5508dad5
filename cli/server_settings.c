#include "cli/server_settings.h"

#include "cli/line.h"

#include <unistd.h>

enum err_code server_settings_load(const struct line *line, struct settings *ret_settings,
                                   struct err *e)
{
    static const char usual[] = "/etc/liaison/liaison.conf";
    const char *path = line_flag(line, "config");

    if (!path && !access(usual, F_OK))
        path = usual;
    return settings_load(path, ret_settings, e);
}
