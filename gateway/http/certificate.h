// SPDX-License-Identifier: GPL-3.0-or-later
// The certificate of HTTPS with its private key, as two files have them at the moment.
#ifndef GATEWAY_HTTP_CERTIFICATE_H
#define GATEWAY_HTTP_CERTIFICATE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdint.h>

#include "sql/client/result.h"

/* What is spoken: TLS 1.2 and 1.3, with forward secrecy.  GnuTLS' notation. */
#define CERTIFICATE_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA"

/*
 * Both files are PEM: the server's certificate and after it those that lead to a known authority,
 * and the key without a password.  What cannot be used is logged once with what to do, and what
 * was in use before stays.
 *
 * There is one in a process, since libmicrohttpd gives certificate_retrieve no context.
 */
struct certificate;

/*
 * Reads the files.  DDNS_NOT_FOUND: one cannot be read.  DDNS_BAD_INPUT: one is not what it should
 * be, or they do not belong together.  DDNS_NO_MEMORY.
 */
enum ddns_result certificate_create(const char *chain_path, const char *key_path,
				    struct certificate **certificatep);
void certificate_free(struct certificate *certificate); // takes NULL

/* Reads files again, maybe other ones; for connections from now on. */
void certificate_reload(struct certificate *certificate, const char *chain_path,
			const char *key_path);

/*
 * To be called about once a second: reads the files again when they were changed or replaced, and
 * then left alone from one call to the next, so that nothing half-written is taken.
 */
void certificate_watch(struct certificate *certificate);

/*
 * To be called when privileges are given up: warns where the files, read with more of them, cannot
 * be read again.
 */
void certificate_check_access(const struct certificate *certificate);

/* When the server's certificate expires, in seconds since 1970. */
int64_t certificate_expires(struct certificate *certificate);

/* A gnutls_certificate_retrieve_function3: gives each handshake copies of its own. */
gnutls_certificate_retrieve_function3 certificate_retrieve;

#endif
