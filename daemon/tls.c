#include "daemon/tls.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* OpenSSL has a type with a name of base/err.h. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#include "base/clock.h"

struct tls {
    SSL_CTX *context; /* owned; each connection holds a reference of its own */
    int64_t expires_ms;
};

/* The first thing OpenSSL complained of; its queue is emptied. */
static const char *why(void)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    ERR_clear_error();
    return reason ? reason : "unknown";
}

/* Only HTTP/1.1 is spoken, whoever asks for a choice (RFC 7301). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *in, unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&chosen, out_n, ours, sizeof ours - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/* A key with a password would ask on the terminal. */
static int no_password(char *out, int bytes, int writing, void *arg)
{
    (void)out, (void)bytes, (void)writing, (void)arg;
    return 0;
}

static bool context_limit(SSL_CTX *context)
{
    SSL_CTX_set_security_level(context, 2);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_SINGLE_ECDH_USE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    return SSL_CTX_set_num_tickets(context, 0) &&
           SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) &&
           SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
}

static int64_t end_of(const X509 *certificate)
{
    struct tm end;

    if (!certificate || !ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end))
        return 0;
    return (int64_t)timegm(&end) * 1000;
}

enum err_code tls_new(const char *certificate, const char *key, struct tls **ret_tls, struct err *e)
{
    struct tls *tls = mem_new(1, sizeof *tls);
    enum err_code rc = ERR_OK;
    struct stat st;

    ERR_clear_error();
    tls->context = SSL_CTX_new(TLS_server_method());
    if (!tls->context || !context_limit(tls->context))
        bug("no TLS: %s", why());
    if (SSL_CTX_use_certificate_chain_file(tls->context, certificate) != 1)
        rc = err_set(e, ERR_CONFIG, "tls_certificate %s: %s", certificate, why());
    else if (stat(key, &st) || (st.st_mode & 077))
        rc = err_set(e, ERR_CONFIG, "tls_key %s: no such file, or others can read it", key);
    else if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1 ||
             SSL_CTX_check_private_key(tls->context) != 1)
        rc = err_set(e, ERR_CONFIG, "tls_key %s: %s", key, why());
    else if ((tls->expires_ms = end_of(SSL_CTX_get0_certificate(tls->context))) <= clock_now_ms())
        rc = err_set(e, ERR_CONFIG, "tls_certificate %s is over", certificate);
    if (rc == ERR_OK)
        *ret_tls = tls;
    else
        tls_free(tls);
    return rc;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

int64_t tls_expires_ms(const struct tls *tls)
{
    return tls->expires_ms;
}

struct bufferevent *tls_accept(const struct tls *tls, struct event_base *base, int fd)
{
    SSL *ssl = SSL_new(tls->context);
    struct bufferevent *bev =
        ssl ? bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE)
            : NULL;

    if (!bev)
        bug("out of memory: TLS");
    /* Clients often close without a word; no request is taken for whole because of it. */
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

void tls_end(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    if (SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    ERR_clear_error();
}
