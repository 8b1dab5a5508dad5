/* The daemon's settings, for commands that work beside it. */
#ifndef CLI_SERVER_SETTINGS_H
#define CLI_SERVER_SETTINGS_H

#include "config/setting.h"

struct line;

/* From --config or LIAISON_CONFIG; else /etc/liaison/liaison.conf where it is; else defaults.
 * Errors as settings_load. */
enum err_code server_settings_load(const struct line *line, struct settings *ret_settings,
                                   struct err *e) ERR_CHECK;

#endif
