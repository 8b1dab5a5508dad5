#include "protocol/problem.h"

#include <stdio.h>

static const struct {
    enum err_code code;
    int status;
    const char *type;
} problems[] = {
    {ERR_MALFORMED,        400, "malformed"              },
    {ERR_VALIDATION,       422, "validation"             },
    {ERR_UNAUTHENTICATED,  401, "unauthenticated"        },
    {ERR_FORBIDDEN,        403, "forbidden"              },
    {ERR_NOT_FOUND,        404, "not-found"              },
    {ERR_METHOD,           405, "method-not-allowed"     },
    {ERR_NOT_ACCEPTABLE,   406, "not-acceptable"         },
    {ERR_TIMEOUT,          408, "request-timeout"        },
    {ERR_CLAIMED,          409, "already-claimed"        },
    {ERR_OFFER_EXPIRED,    409, "offer-expired"          },
    {ERR_STATE,            409, "wrong-state"            },
    {ERR_KEY_RUNNING,      409, "idempotency-in-progress"},
    {ERR_LENGTH_REQUIRED,  411, "length-required"        },
    {ERR_STALE,            412, "stale-version"          },
    {ERR_TOO_LARGE,        413, "too-large"              },
    {ERR_URI_TOO_LONG,     414, "uri-too-long"           },
    {ERR_MEDIA_TYPE,       415, "unsupported-media-type" },
    {ERR_EXPECTATION,      417, "expectation-failed"     },
    {ERR_KEY_INVALID,      400, "idempotency-key-invalid"},
    {ERR_KEY_REUSED,       422, "idempotency-key-reused" },
    {ERR_QUOTA,            429, "quota-exceeded"         },
    {ERR_HEADER_TOO_LARGE, 431, "header-too-large"       },
    {ERR_INTERNAL,         500, "internal"               },
    {ERR_NOT_IMPLEMENTED,  501, "not-implemented"        },
    {ERR_UNAVAILABLE,      503, "unavailable"            },
    {ERR_VERSION,          505, "version-not-supported"  },
};

enum { PROBLEMS_N = sizeof problems / sizeof problems[0] };

int problem_status(enum err_code code)
{
    for (unsigned i = 0; i < PROBLEMS_N; i++)
        if (problems[i].code == code)
            return problems[i].status;
    return 500;
}

const char *problem_type(enum err_code code)
{
    for (unsigned i = 0; i < PROBLEMS_N; i++)
        if (problems[i].code == code)
            return problems[i].type;
    return "internal";
}

enum err_code problem_of_status(int status)
{
    for (unsigned i = 0; i < PROBLEMS_N; i++)
        if (problems[i].status == status)
            return problems[i].code;
    return ERR_INTERNAL;
}

const char *problem_uri(enum err_code code, char out[PROBLEM_URI_BYTES])
{
    /* RFC 9457 section 4.2: the registry's types are used as they are. */
    const char *base =
        code == ERR_QUOTA ? "https://iana.org/assignments/http-problem-types#" : PROBLEM_TYPE_BASE;

    snprintf(out, PROBLEM_URI_BYTES, "%s%s", base, problem_type(code));
    return out;
}
