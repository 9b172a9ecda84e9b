// SPDX-License-Identifier: GPL-3.0-or-later
// The update door of HTTP: what dyndns2 clients call /nic/update.
#ifndef GATEWAY_HTTP_NIC_H
#define GATEWAY_HTTP_NIC_H

#include <stddef.h>

#include "gateway/http/login.h"
#include "gateway/http/nic_request.h"
#include "gateway/http/request.h"

/*
 * Handler of the update paths; the server's context is the struct gateway.  Parameters:
 *   hostname  1 to 20 names, parted by commas; none: the only host of the credential
 *   myip      addresses of either family, parted by commas; none: the connection's
 *   offline   YES takes the hosts offline
 *   timeout, wildcard, mx, backmx, ipv6prefix
 *             settings of the hosts: what sql/README calls options; NOCHG or nothing leaves them
 * and the names that other dialects have for the first two.  What else is sent is ignored.  Who
 * asks is said as login.h tells.
 *
 * The reply is a line per host, in order: good or nochg with the addresses sent, nohost, !yours
 * (its key may not), notfqdn, dnserr, 911.  For the request as a whole: numhost, badauth with
 * status 401, abuse with status 429 after too many of these, or 911 with status 503.
 */
enum MHD_Result nic_update(struct http_request *request);

/* What became of one host. */
struct nic_line {
	const char *host;      // as it is stored, or as it was sent; "": none was named nor meant
	const char *word;      // dyndns2's, as above
	const char *addresses; // behind good and nochg, parted by commas; may be ""
};

/* What became of a request. */
struct nic_answer {
	const char *word; // on the request as a whole, or NULL: the lines
	unsigned wait_s;  // with "abuse": how long
	size_t count;
	struct nic_line lines[NIC_HOSTS_MAX];
};

/* Words an answer for the client; everything in it lives as long as the call. */
typedef enum MHD_Result nic_reply(struct http_request *request, const struct nic_answer *answer);

/* Does what the parameters ask for.  shown and login are what login_read or login_take_token
 * gave; the login is cleared. */
enum MHD_Result nic_serve(struct http_request *request, enum ddns_result shown, struct login *login,
			  nic_reply *reply);

#endif
