#include "cli/exit_code.h"

#include "protocol/problem.h"

#include <stddef.h>

enum exit_code exit_code_of_status(int http_status)
{
    static const struct {
        int status;
        enum exit_code code;
    } rows[] = {
        {401, EXIT_AUTH       },
        {403, EXIT_AUTH       },
        {404, EXIT_NOT_FOUND  },
        {409, EXIT_CONFLICT   },
        {410, EXIT_NOT_FOUND  },
        {412, EXIT_CONFLICT   },
        {429, EXIT_UNAVAILABLE},
        {502, EXIT_UNAVAILABLE}, /* 502 and 504 come from a proxy before a
  server that is gone */
        {503, EXIT_UNAVAILABLE},
        {504, EXIT_UNAVAILABLE},
    };

    if (http_status >= 200 && http_status < 300)
        return EXIT_DONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == http_status)
            return rows[i].code;
    return EXIT_FAILED;
}

enum exit_code exit_code_of(enum err_code code)
{
    return code == ERR_OK ? EXIT_DONE : exit_code_of_status(problem_status(code));
}
