#include "protocol/problem.h"

#include "tests/unit/protocol/sample.h"

static void test_each_code_has_the_status_and_type_of_the_conventions(void **state)
{
    static const struct {
        enum err_code code;
        int status;
        const char *type;
    } cases[] = {
        {ERR_MALFORMED,        400, "malformed"              },
        {ERR_VALIDATION,       422, "validation"             },
        {ERR_UNAUTHENTICATED,  401, "unauthenticated"        },
        {ERR_FORBIDDEN,        403, "forbidden"              },
        {ERR_NOT_FOUND,        404, "not-found"              },
        {ERR_METHOD,           405, "method-not-allowed"     },
        {ERR_NOT_ACCEPTABLE,   406, "not-acceptable"         },
        {ERR_CLAIMED,          409, "already-claimed"        },
        {ERR_OFFER_EXPIRED,    409, "offer-expired"          },
        {ERR_STATE,            409, "wrong-state"            },
        {ERR_STALE,            412, "stale-version"          },
        {ERR_KEY_INVALID,      400, "idempotency-key-invalid"},
        {ERR_KEY_REUSED,       422, "idempotency-key-reused" },
        {ERR_KEY_RUNNING,      409, "idempotency-in-progress"},
        {ERR_TOO_LARGE,        413, "too-large"              },
        {ERR_LENGTH_REQUIRED,  411, "length-required"        },
        {ERR_HEADER_TOO_LARGE, 431, "header-too-large"       },
        {ERR_URI_TOO_LONG,     414, "uri-too-long"           },
        {ERR_MEDIA_TYPE,       415, "unsupported-media-type" },
        {ERR_NOT_IMPLEMENTED,  501, "not-implemented"        },
        {ERR_VERSION,          505, "version-not-supported"  },
        {ERR_EXPECTATION,      417, "expectation-failed"     },
        {ERR_TIMEOUT,          408, "request-timeout"        },
        {ERR_QUOTA,            429, "quota-exceeded"         },
        {ERR_UNAVAILABLE,      503, "unavailable"            },
        {ERR_INTERNAL,         500, "internal"               },
        {ERR_CONFIG,           500, "internal"               },
        {ERR_IO,               500, "internal"               },
        {ERR_OK,               500, "internal"               },
    };

    (void)state;
    assert_int_equal(sizeof cases / sizeof cases[0], ERR_CODES_N);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (problem_status(cases[i].code) != cases[i].status ||
            strcmp(problem_type(cases[i].code), cases[i].type) != 0)
            fail_msg("%s: %d %s", cases[i].type, problem_status(cases[i].code),
                     problem_type(cases[i].code));
}

static void test_a_status_of_the_parser_has_its_code(void **state)
{
    static const struct {
        int status;
        enum err_code code;
    } cases[] = {
        {400, ERR_MALFORMED       },
        {408, ERR_TIMEOUT         },
        {411, ERR_LENGTH_REQUIRED },
        {413, ERR_TOO_LARGE       },
        {414, ERR_URI_TOO_LONG    },
        {417, ERR_EXPECTATION     },
        {422, ERR_VALIDATION      },
        {431, ERR_HEADER_TOO_LARGE},
        {501, ERR_NOT_IMPLEMENTED },
        {503, ERR_UNAVAILABLE     },
        {505, ERR_VERSION         },
        {200, ERR_INTERNAL        },
        {418, ERR_INTERNAL        },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (problem_of_status(cases[i].status) != cases[i].code)
            fail_msg("%d", cases[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_has_the_status_and_type_of_the_conventions),
        cmocka_unit_test(test_a_status_of_the_parser_has_its_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
