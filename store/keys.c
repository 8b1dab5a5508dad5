#include "store/keys.h"

void keys_add(struct args *a, unsigned partition, const char *name, const char *rest)
{
    args_printf(a, "lia:{p%02u}:%s%s%s", partition, name, rest ? ":" : "", rest ? rest : "");
}

void keys_add_system(struct args *a, const char *name, const char *rest)
{
    args_printf(a, "lia:{sys}:%s%s%s", name, rest ? ":" : "", rest ? rest : "");
}
