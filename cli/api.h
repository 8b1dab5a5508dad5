/* The API over HTTP: one request, its attempts, its answer.
 *
 * An attempt that met no server, or was answered with 429 or 503, is repeated after a random
 * pause, or after Retry-After, as long as the time of --timeout lasts. A POST carries the same
 * Idempotency-Key in all attempts, so that it acts once. */
#ifndef CLI_API_H
#define CLI_API_H

#include "base/err.h"
#include "cli/exit_code.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct api; /* opaque */
struct line;

struct api_request {
    const char *method; /* "GET", "POST" or "DELETE" */
    const char *path;   /* "/v1/requests?state=offered" */
    const char *body;   /* JSON, NULL: none */
    size_t body_n;
    const char *media;    /* of body, NULL: JSON */
    const char *prefer;   /* header, NULL: none */
    const char *if_match; /* header, NULL: none */
};

struct api_answer {
    int status;
    char *text; /* owned; as it came, never NULL */
    size_t bytes;
    json_t *json;           /* owned; NULL when text is no JSON */
    int64_t retry_after_ms; /* -1: not said */
};
void api_answer_clear(struct api_answer *a);

/* Reads the token too, or with --sign the key that every request is signed with instead: no token
 * is sent then. EXIT_USAGE, EXIT_FAILED after saying why. line is borrowed. */
enum exit_code api_open(const struct line *line, struct api **ret_api);
void api_close(struct api *api);

/* ERR_OK: the server has answered, whatever the status; ret_answer is the caller's. ERR_CONFIG:
 * the address is no URL; ERR_UNAVAILABLE: nobody answered. */
enum err_code api_send(struct api *api, const struct api_request *request,
                       struct api_answer *ret_answer, struct err *e) ERR_CHECK;

/* api_send, and says on stderr what is wrong. EXIT_DONE: the status is 2xx and ret_answer, in
 * which json is not NULL (an empty object for 204), is the caller's. subject: what it is about,
 * "request req_..". */
enum exit_code api_ask(struct api *api, const struct api_request *request, const char *subject,
                       struct api_answer *ret_answer);
/* The same for a GET. */
enum exit_code api_get(struct api *api, const char *path, const char *subject,
                       struct api_answer *ret_answer);

/* An answer that is taken as it comes, however long it is or goes on. */
struct api_stream {
    const char *path;
    const char *accept;  /* media type */
    const char *last_id; /* Last-Event-ID, NULL: none */
    int silent_s;        /* give up after so many seconds without a byte */
    bool (*take)(void *arg, const char *bytes, size_t n); /* false: enough */
    void *arg;
};
/* One attempt. ERR_OK: the server has answered and, if the status is 2xx, all was taken (or take
 * said enough); else text and json of *ret_answer say why. ERR_UNAVAILABLE: it broke off;
 * *ret_answer then has the status, 0 if there was none. ERR_CONFIG: no such address. */
enum err_code api_take(struct api *api, const struct api_stream *stream,
                       struct api_answer *ret_answer, struct err *e) ERR_CHECK;

#endif
