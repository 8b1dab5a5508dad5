#include "protocol/document.h"

#include "base/utf8.h"

#include <stdbool.h>

/* jansson has no bound of its own on depth (2,048) or members: count brackets and separators
 * outside strings first. Wrong JSON may pass here; the parser finds it. */
static const char *bounds_check(const char *text, size_t n)
{
    bool in_string = false;
    unsigned depth = 0;
    unsigned members = 0;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else
                in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DOCUMENT_DEPTH_MAX)
                return "too_deep";
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
        } else if (c == ',' && ++members > DOCUMENT_MEMBERS_MAX) {
            return "too_many_items";
        }
    }
    return NULL;
}

static const char *fault_of(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    if (code == json_error_duplicate_key)
        return "duplicate_member";
    if (code == json_error_null_character || code == json_error_null_byte_in_key)
        return "control_character";
    if (code == json_error_invalid_utf8)
        return "invalid_utf8";
    return "not_json"; /* all other ways not to be JSON are one to a caller */
}

enum err_code document_parse(const void *bytes, size_t n, json_t **ret_doc, struct faults *faults,
                             struct err *e)
{
    json_error_t error = {0};
    const char *code = NULL;
    json_t *doc = NULL;
    struct fault *fault;

    if (n == 0)
        code = "empty_body";
    else if (!utf8_is_valid(bytes, n))
        code = "invalid_utf8";
    else
        code = bounds_check(bytes, n);
    if (!code) {
        doc = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);
        if (!doc)
            code = error.line == -1 && error.column == -1 ? "not_json" : fault_of(&error);
        else if (!json_is_object(doc))
            code = "not_an_object";
    }
    if (!code) {
        *ret_doc = doc;
        return ERR_OK;
    }
    json_decref(doc);
    fault = fault_add(faults, "#", NULL, code);
    if (fault)
        fault->max = DOCUMENT_MEMBERS_MAX;
    return err_set(e, ERR_MALFORMED, "%s at line %d column %d", code, error.line, error.column);
}

const char *document_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text ? text : "";
}
