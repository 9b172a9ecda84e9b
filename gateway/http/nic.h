// SPDX-License-Identifier: GPL-3.0-or-later
// The update door of HTTP: what dyndns2 clients call /nic/update.
#ifndef GATEWAY_HTTP_NIC_H
#define GATEWAY_HTTP_NIC_H

#include "gateway/http/request.h"

/*
 * Handler of the update paths; the server's context is the struct gateway.  Parameters:
 *   hostname  1 to 20 names, parted by commas; none: the only host of the credential
 *   myip      addresses of either family, parted by commas; none: the connection's
 *   offline   YES takes the hosts offline
 * and the names that other dialects have for the first two.  What else is sent is ignored.  User
 * name and password come by HTTP Basic.
 *
 * The reply is a line per host, in order: good or nochg with the addresses sent, nohost, !yours
 * (its key may not), notfqdn, dnserr, 911.  For the request as a whole: numhost, badauth with
 * status 401, or 911 with status 503.
 */
enum MHD_Result nic_update(struct http_request *request);

#endif
