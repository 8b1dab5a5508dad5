/* Signed requests (rule A-7): HTTP Message Signatures (RFC 9421) with Ed25519.
 *
 *   signature_read      the two headers -> what is covered, what is said, the signature
 *   signature_check     whether that is what we ask for
 *   signature_base      the text that was signed (RFC 9421 section 2.5)
 *   signature_verify    whether the holder of the key signed it
 *   signature_write     the other side: the two headers for a message
 *
 * signature_read and signature_base are the RFC's, as far as we have the components; the profile is
 * in signature_check:
 *
 *   Signature-Input: liaison=("@method" "@authority" "@path" "@query" "content-digest"
 *     "content-type" "idempotency-key");created=..;expires=..;nonce="..";keyid="..";alg="ed25519";
 *     tag="liaison-v1"
 *
 * The last three components are due where the request has that header; a request with a body has
 * all of them. */
#ifndef PROTOCOL_SIGNATURE_H
#define PROTOCOL_SIGNATURE_H

#include "base/buf.h"
#include "protocol/structured.h"

enum {
    SIGNATURE_BYTES = 64,
    SIGNATURE_PUBLIC_BYTES = 32,
    SIGNATURE_SEED_BYTES = 32,
    SIGNATURE_VALID_S = 300,     /* expires is at most so far behind created */
    SIGNATURE_SKEW_S = 30,       /* created is at most so far ahead of our clock */
    SIGNATURE_NONCE_MIN = 16,    /* bytes that the base64 of a nonce has at least */
    SIGNATURE_NONCE_BYTES = 129, /* its text */
    SIGNATURE_KEYID_BYTES = 65
};
#define SIGNATURE_LABEL "liaison"
#define SIGNATURE_TAG "liaison-v1"

struct signature_slice {
    const char *text;
    size_t n;
};

/* A request as far as it can be covered; all borrowed. */
struct signature_message {
    const char *method;
    struct signature_slice authority; /* as Host has it */
    struct signature_slice path;      /* as it was sent: still percent-encoded */
    struct signature_slice query;     /* without the question mark */
    const struct signature_field {
        struct signature_slice name; /* of any case */
        struct signature_slice value;
    } * fields;
    size_t fields_n;
    bool has_body;
};

struct signature {
    struct structured input;
    unsigned member; /* of input: the covered components with parameters */
    uint8_t bytes[SIGNATURE_BYTES];
    int64_t created_s, expires_s; /* 0: not said */
    char nonce[SIGNATURE_NONCE_BYTES];
    char keyid[SIGNATURE_KEYID_BYTES];
    bool is_known; /* all parameters are */
    bool is_plain; /* no component has a parameter, none occurs twice */
    char alg[16], tag[16];
};

/* What is wrong; the word goes into problem documents. */
enum signature_fault {
    SIGNATURE_GOOD,
    SIGNATURE_MALFORMED,  /* headers cannot be read, or not exactly one signature of our label */
    SIGNATURE_COMPONENTS, /* something that must be covered is not, or cannot be */
    SIGNATURE_PARAMETERS, /* a parameter is missing, unknown or of a wrong form */
    SIGNATURE_TIME,       /* created in the future, expired, or valid too long */
    SIGNATURE_KEY,        /* no such key, or it does not hold any more */
    SIGNATURE_WRONG,      /* signed by another key, or altered */
    SIGNATURE_DIGEST,     /* the body is not the one that was signed */
    SIGNATURE_REPLAYED,   /* this nonce was used before */
    SIGNATURE_MISSING,    /* this caller's requests must be signed */
    SIGNATURE_TWO,        /* another credential beside the signature */
    SIGNATURE_AUTHORITY,  /* signed for another service */
    SIGNATURE_FAULTS_N
};
extern const char *const signature_fault_words[]; /* "" for SIGNATURE_GOOD; ends with NULL */

/* The two values, n bytes each: exactly one signature, of that label. */
bool signature_read(const char *input, size_t input_n, const char *sig, size_t sig_n,
                    const char *label, struct signature *ret_signature);
/* Against the profile. now_s: Unix seconds. SIGNATURE_GOOD, _COMPONENTS, _PARAMETERS or _TIME. */
enum signature_fault signature_check(const struct signature *s, const struct signature_message *m,
                                     int64_t now_s) __attribute__((warn_unused_result));
/* False: a component is unknown, or its header absent; out is then of no use. */
bool signature_base(const struct signature *s, const struct signature_message *m, struct buf *out);
bool signature_verify(const struct signature *s, const struct buf *base,
                      const uint8_t public_key[SIGNATURE_PUBLIC_BYTES]);

/* Signs with a new nonce, valid from now_s for SIGNATURE_VALID_S; the values of both headers are
 * added to the buffers. */
void signature_write(const struct signature_message *m, const char *keyid,
                     const uint8_t seed[SIGNATURE_SEED_BYTES], int64_t now_s, struct buf *input,
                     struct buf *sig);

#endif
