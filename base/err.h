/* What went wrong, as a value. The code is for programs, the detail for the log.
 *
 * Three kinds of failure get three treatments: the caller's fault becomes a problem document,
 * the world's fault (store gone, late) is retried or answered with 503, our own fault ends the
 * process through bug(). Codes that reach a client stand one to one in protocol/problem.c. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_code {
    ERR_OK = 0,
    /* the caller's fault */
    ERR_MALFORMED,       /* cannot be parsed */
    ERR_VALIDATION,      /* parsed, but fields are wrong; see struct faults */
    ERR_UNAUTHENTICATED, /* no or no valid credential */
    ERR_FORBIDDEN,
    ERR_NOT_FOUND, /* absent, or the reader may not know that it is there */
    ERR_METHOD,
    ERR_NOT_ACCEPTABLE,
    ERR_CLAIMED, /* somebody else holds the claim */
    ERR_OFFER_EXPIRED,
    ERR_STATE,       /* the life cycle does not allow this action now */
    ERR_STALE,       /* If-Match or epoch does not match */
    ERR_KEY_INVALID, /* Idempotency-Key of a wrong form */
    ERR_KEY_REUSED,  /* same Idempotency-Key, other body */
    ERR_KEY_RUNNING, /* same Idempotency-Key, first one still under way */
    ERR_TOO_LARGE,
    ERR_LENGTH_REQUIRED,
    ERR_HEADER_TOO_LARGE,
    ERR_URI_TOO_LONG,
    ERR_MEDIA_TYPE,
    ERR_NOT_IMPLEMENTED,
    ERR_VERSION, /* HTTP version */
    ERR_EXPECTATION,
    ERR_TIMEOUT, /* the client was too slow */
    ERR_QUOTA,
    /* the world's fault */
    ERR_UNAVAILABLE, /* store gone, late, full or not ready; try again */
    ERR_CONFIG,      /* a setting or a data file is wrong; detail names file and line */
    ERR_IO,          /* a system call failed */
    /* ours */
    ERR_INTERNAL,
    ERR_CODES_N
};

struct err {
    enum err_code code;
    char detail[240]; /* English, no personal data; "" when there is nothing to add */
};

#define ERR_CHECK __attribute__((warn_unused_result))

/* Sets code and detail and returns code, so that `return err_set(e, ...)` reads well. e may be
 * NULL. */
enum err_code err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A broken invariant: logs file and line and ends the process. No input may reach it. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

/* Allocation of a bounded size: never NULL, a failure is a bug(). Zeroed. */
void *mem_new(unsigned long n, unsigned long size) __attribute__((malloc, returns_nonnull));
/* Grows or shrinks p, which is given; the new part is not zeroed. */
void *mem_grow(void *p, unsigned long n, unsigned long size) __attribute__((returns_nonnull));
char *mem_text(const char *text) __attribute__((malloc, returns_nonnull, nonnull));
char *mem_text_n(const char *text, unsigned long bytes)
    __attribute__((malloc, returns_nonnull, nonnull));

#endif
