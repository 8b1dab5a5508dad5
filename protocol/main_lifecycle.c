/* lifecycle_print lua|markdown|forms|rows: prints what follows from the tables of the life cycle
 * and of the forms. Run at build. */
#include "protocol/form.h"
#include "protocol/lifecycle.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "lua"))
        lifecycle_print_lua(stdout);
    else if (argc == 2 && !strcmp(argv[1], "markdown"))
        lifecycle_print_markdown(stdout);
    else if (argc == 2 && !strcmp(argv[1], "forms"))
        form_print_json(stdout);
    else if (argc == 2 && !strcmp(argv[1], "rows"))
        lifecycle_print_rows(stdout);
    else
        return fputs("usage: lifecycle_print lua|markdown|forms|rows\n", stderr), 2;
    return 0;
}
