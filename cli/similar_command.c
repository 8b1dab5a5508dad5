#include "cli/similar_command.h"

#include "cli/line.h"
#include "cli/lines.h"
#include "cli/reference.h"
#include "cli/report.h"
#include "protocol/document.h"
#include "routing/similar.h"
#include "routing/tongue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ids of documents are texts of any length: in the index a document is called by its number. */
struct library {
    const struct engine *engine; /* borrowed */
    struct similar_index *index; /* owned */
    char **ids;                  /* owned, by number */
    size_t ids_n, ids_room;
};

enum { NUMBER_BYTES = 24 };

static enum err_code text_of(const json_t *doc, const char *member, bool required,
                             const char **ret_text, struct err *e)
{
    const json_t *value = json_object_get(doc, member);

    if (json_is_string(value) || (!required && (!value || json_is_null(value)))) {
        *ret_text = value && json_is_string(value) ? json_string_value(value) : "";
        return ERR_OK;
    }
    return err_set(e, ERR_VALIDATION, "%s is not a text", member);
}

/* {"id","lang","title","text"}: lang may be absent or any language, title and text may be empty.
 * ret_id is borrowed from doc. */
static enum err_code read_entry(const struct engine *g, const json_t *doc, const char **ret_id,
                                struct reading **ret_r, struct err *e)
{
    const char *id, *language, *title, *text;
    struct draft draft = {.preferred = -1};
    enum err_code rc;

    if ((rc = text_of(doc, "id", true, &id, e)) ||
        (rc = text_of(doc, "lang", false, &language, e)) ||
        (rc = text_of(doc, "title", false, &title, e)) ||
        (rc = text_of(doc, "text", false, &text, e)))
        return rc;
    draft.title = title;
    draft.description = text;
    draft.language = tongue_of(language, title, text);
    *ret_id = id;
    *ret_r = reading_new(g, &draft);
    return ERR_OK;
}

static enum err_code parse_entry(const struct engine *g, const char *text, size_t n,
                                 json_t **ret_doc, const char **ret_id, struct reading **ret_r,
                                 struct err *e)
{
    struct faults faults = {0};
    json_t *doc = NULL;
    enum err_code rc = document_parse(text, n, &doc, &faults, e);

    if (rc == ERR_OK)
        rc = read_entry(g, doc, ret_id, ret_r, e);
    if (rc == ERR_OK)
        *ret_doc = doc;
    else
        json_decref(doc);
    return rc;
}

static enum err_code library_add(void *arg, const char *text, size_t n, struct err *e)
{
    struct library *l = arg;
    json_auto_t *doc = NULL;
    struct reading *r = NULL;
    char number[NUMBER_BYTES];
    const char *id = NULL;
    enum err_code rc = parse_entry(l->engine, text, n, &doc, &id, &r, e);

    if (rc != ERR_OK)
        return rc;
    if (l->ids_n == l->ids_room) {
        l->ids_room = l->ids_room ? l->ids_room * 2 : 256;
        l->ids = mem_grow(l->ids, l->ids_room, sizeof *l->ids);
    }
    snprintf(number, sizeof number, "%zu", l->ids_n);
    similar_add(l->index, "", number, r);
    l->ids[l->ids_n++] = mem_text(id);
    reading_free(r);
    return ERR_OK;
}

static json_t *hits_of(const struct library *l, const char *id, const struct reading *r)
{
    struct similar_hit hits[SIMILAR_LOOKS];
    size_t n = similar_nearest(l->index, r, hits);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        const char *found = l->ids[strtoul(hits[i].id, NULL, 10)];

        bool itself = hits[i].same_text && strcmp(found, id) == 0;

        if (!itself && json_array_size(list) < SIMILAR_HITS_MAX)
            json_array_append_new(list, json_pack("[s, f]", found, hits[i].score));
        similar_hit_clear(&hits[i]);
    }
    return list;
}

static enum err_code library_ask(void *arg, const char *text, size_t n, struct err *e)
{
    struct library *l = arg;
    json_auto_t *doc = NULL, *answer = NULL;
    struct reading *r = NULL;
    const char *id = NULL;
    char *printed;
    enum err_code rc = parse_entry(l->engine, text, n, &doc, &id, &r, e);

    if (rc != ERR_OK)
        return rc;
    answer = json_pack("{s:s, s:o}", "id", id, "hits", hits_of(l, id, r));
    printed = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(6));
    puts(printed);
    fflush(stdout); /* whoever feeds the lines may wait for each answer */
    free(printed);
    reading_free(r);
    return ERR_OK;
}

static void library_clear(struct library *l)
{
    similar_free(l->index);
    for (size_t i = 0; i < l->ids_n; i++)
        free(l->ids[i]);
    free(l->ids);
}

enum exit_code similar_run(const struct line *line)
{
    const char *path = line_flag(line, "index");
    struct reference reference = {0};
    struct library library = {0};
    struct err e = {0};
    enum exit_code rc, asked;

    if (!line_has(line, "jsonl") || !path)
        return line_fault(line, "similar needs --jsonl and --index FILE");
    if (!strcmp(path, "-"))
        return line_fault(line, "the queries come from stdin, so --index needs a file");
    if (reference_open(line, &reference, &e) != ERR_OK)
        return report_err(line, NULL, &e);
    library.engine = reference.engine;
    library.index = similar_new(reference.engine);
    similar_deepen(library.index);
    rc = lines_read(line, path, library_add, &library);
    if (rc == EXIT_DONE || library.ids_n > 0) {
        asked = lines_read(line, "-", library_ask, &library);
        rc = rc == EXIT_DONE ? asked : rc;
    }
    library_clear(&library);
    reference_close(&reference);
    return rc;
}
