/* liaison keygen, liaison signing ..: keys that this country's or secretariat's requests are signed
 * with. */
#ifndef CLI_SIGNING_COMMAND_H
#define CLI_SIGNING_COMMAND_H

#include "cli/exit_code.h"

struct line;

enum exit_code keygen_run(const struct line *line);
enum exit_code signing_register_run(const struct line *line);
enum exit_code signing_list_run(const struct line *line);
enum exit_code signing_revoke_run(const struct line *line);
enum exit_code signing_require_run(const struct line *line);
/* On the server: whoever lost all keys may use tokens again. */
enum exit_code signing_release_run(const struct line *line);

#endif
