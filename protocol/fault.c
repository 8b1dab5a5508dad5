#include "protocol/fault.h"

#include <stdio.h>
#include <string.h>

/* What RFC 3986 lets stand in a fragment, without the sub-delims that need care in HTML. */
static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

char *fault_pointer(const char *at, const char *name, char *out)
{
    char built[FAULT_POINTER_BYTES];
    size_t n = (size_t)snprintf(built, sizeof built, "%s/", at);

    for (const char *c = name; *c && n + 4 < sizeof built; c++) {
        if (*c == '~' || *c == '/')
            n += (size_t)snprintf(built + n, sizeof built - n, "~%d", *c == '/');
        else if (strchr(plain, *c))
            built[n++] = *c;
        else
            n += (size_t)snprintf(built + n, sizeof built - n, "%%%02X", (unsigned char)*c);
    }
    if (n >= sizeof built)
        n = sizeof built - 1;
    built[n] = '\0';
    memcpy(out, built, n + 1);
    return out;
}

struct fault *fault_add(struct faults *f, const char *at, const char *name, const char *code)
{
    struct fault *fault;

    if (!code || f->n >= FAULTS_MAX)
        return NULL;
    fault = &f->list[f->n++];
    *fault = (struct fault){.code = code};
    if (name)
        fault_pointer(at, name, fault->pointer);
    else
        snprintf(fault->pointer, sizeof fault->pointer, "%s", at);
    return fault;
}

void fault_words(struct fault *f, const char *const *words)
{
    size_t n = 0;

    for (size_t i = 0; words[i]; i++)
        if (*words[i] && n < sizeof f->words)
            n += (size_t)snprintf(f->words + n, sizeof f->words - n, "%s%s", n ? ", " : "",
                                  words[i]);
}
