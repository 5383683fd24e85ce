/* SPDX-License-Identifier: Apache-2.0 */
#include "imap/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "ipc/memfd.h"

enum { BUNDLE_MAX = 8 * 1024 * 1024, CERTS_MAX = 4096 };

static void ctx_freep(SSL_CTX **ctx)
{
	SSL_CTX_free(*ctx);
}

static void ssl_freep(SSL **ssl)
{
	SSL_free(*ssl);
}

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
}

bool tls_is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

int wait_for(int fd, short events, int64_t deadline_ms, int stop_fd)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = fd, .events = events },
			{ .fd = stop_fd, .events = POLLIN },
		};
		const int64_t left = deadline_ms - clock_monotonic_ms();
		int ready;

		if (left <= 0)
			return 0;
		ready = poll(fds, ARRAY_SIZE(fds), left > 60000 ? 60000 : (int)left);
		if (ready > 0 && fds[1].revents)
			return -1;
		if (ready > 0)
			return 1;
	}
}

/* Adds every certificate of a PEM text to the store. Returns how many. */
static int store_add_pem(X509_STORE *store, const char *pem, size_t len)
{
	CLEANUP(bio_freep) BIO *bio = BIO_new_mem_buf(pem, (int)len);
	int count = 0;

	while (bio && count < CERTS_MAX) {
		X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

		if (!cert)
			break;
		count += X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	ERR_clear_error(); /* the end of the text counts as an error there */
	return count;
}

static int store_add_bundle(X509_STORE *store, int fd)
{
	AUTO_FREE char *pem = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > BUNDLE_MAX)
		return 0;
	pem = malloc((size_t)st.st_size);
	if (!pem || pread_all(fd, pem, (size_t)st.st_size, 0, NULL) < 0)
		return 0;
	return store_add_pem(store, pem, (size_t)st.st_size);
}

static int trust(SSL_CTX *ctx, const struct tls_options *options, struct failure *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);

	if (options->ca[0]) {
		/* The owner vouches for exactly these, be they roots, issuers or the server's own. */
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
		if (store_add_pem(store, options->ca, strlen(options->ca)) == 0)
			return failure_set(why, FAILURE_BAD_SETTINGS,
					   "the certificate of the account is not PEM text");
		return 0;
	}
	if (store_add_bundle(store, options->bundle_fd) == 0)
		return failure_set(why, FAILURE_CERT_OTHER,
				   "this machine has no list of trusted certificates; "
				   "install the package ca-certificates");
	return 0;
}

static int expect_name(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	void *name;

	if (tls_is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
						       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	/* SSL_set_tlsext_host_name() without its cast, which drops const. */
	memcpy(&name, &host, sizeof(name));
	return X509_VERIFY_PARAM_set1_host(param, host, 0) &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name);
}

static enum failure_kind kind_of_verify(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return FAILURE_CERT_EXPIRED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return FAILURE_CERT_NAME;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return FAILURE_CERT_SELF_SIGNED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return FAILURE_CERT_INCOMPLETE;
	default:
		return FAILURE_CERT_OTHER;
	}
}

static int handshake_failed(SSL *ssl, struct failure *why)
{
	const long result = SSL_get_verify_result(ssl);
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (result != X509_V_OK)
		return failure_set(why, kind_of_verify(result), "%s",
				   X509_verify_cert_error_string(result));
	return failure_set(why, FAILURE_TLS_FAILED, "%s",
			   reason ? reason : "the server closed the connection");
}

static int handshake(SSL *ssl, int fd, const struct tls_options *options, struct failure *why)
{
	const int64_t deadline = clock_monotonic_ms() + options->timeout_ms;

	for (;;) {
		int ready, rc, error;

		ERR_clear_error();
		rc = SSL_connect(ssl);
		if (rc == 1)
			return 0;
		error = SSL_get_error(ssl, rc);
		if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
			return handshake_failed(ssl, why);
		ready = wait_for(fd, error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline,
				 options->stop_fd);
		if (ready < 0)
			return failure_set(why, FAILURE_STOPPED, "stopped");
		if (ready == 0)
			return failure_set(why, FAILURE_TIMEOUT,
					   "no answer to the start of encryption");
	}
}

int tls_connect(int fd, const struct tls_options *options, SSL **ret_ssl, struct failure *why)
{
	CLEANUP(ctx_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	CLEANUP(ssl_freep) SSL *ssl = NULL;

	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION))
		return failure_set(why, FAILURE_HUB, "out of memory");
	if (trust(ctx, options, why) < 0)
		return -1;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	ssl = SSL_new(ctx);
	if (!ssl || !expect_name(ssl, options->host) || !SSL_set_fd(ssl, fd))
		return failure_set(why, FAILURE_BAD_SETTINGS,
				   "the server's name cannot be used for encryption");
	if (handshake(ssl, fd, options, why) < 0)
		return -1;
	*ret_ssl = TAKE_PTR(ssl);
	return 0;
}
