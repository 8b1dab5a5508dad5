#include "config/contact.h"

#include "config/csv.h"
#include "config/mandate.h"

#include <stdlib.h>
#include <string.h>

enum { CONTACTS_MAX = 10000 };

static enum err_code row_read(void *arg, const struct csv *row, struct err *e)
{
    struct contacts *c = arg;
    struct contact one = {.language = 0};
    const char *name = csv_cell(row, "name");
    const char *officer = csv_cell(row, "officer");
    enum err_code rc;

    if (c->n == CONTACTS_MAX)
        return csv_fault(row, e, "more than %d rows", CONTACTS_MAX);
    if ((rc = csv_copy(row, "who", one.who, sizeof one.who, e)) ||
        (rc = csv_copy(row, "email", one.email, sizeof one.email, e)) ||
        (rc = csv_word(row, "language", language_codes, &one.language, e)))
        return rc;
    if (officer && strlen(officer) >= sizeof one.officer)
        return csv_fault(row, e, "officer is too long");
    if (officer)
        memcpy(one.officer, officer, strlen(officer) + 1);
    if (name && strlen(name) >= sizeof one.name)
        return csv_fault(row, e, "name is too long");
    if (name)
        memcpy(one.name, name, strlen(name) + 1);
    c->list = mem_grow(c->list, c->n + 1, sizeof *c->list);
    c->list[c->n++] = one;
    return ERR_OK;
}

enum err_code contacts_load(const char *path, struct contacts *c, struct err *e)
{
    struct contacts fresh = {.n = 0};
    enum err_code rc = *path ? csv_read(path, row_read, &fresh, e) : ERR_OK;

    if (rc == ERR_OK)
        *c = fresh;
    else
        contacts_clear(&fresh);
    return rc;
}

void contacts_clear(struct contacts *c)
{
    free(c->list);
    *c = (struct contacts){0};
}
