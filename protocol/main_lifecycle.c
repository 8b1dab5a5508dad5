/* lifecycle_print lua|markdown: prints what follows from the life-cycle table. Run at build. */
#include "protocol/lifecycle.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "lua"))
        lifecycle_print_lua(stdout);
    else if (argc == 2 && !strcmp(argv[1], "markdown"))
        lifecycle_print_markdown(stdout);
    else
        return fputs("usage: lifecycle_print lua|markdown\n", stderr), 2;
    return 0;
}
