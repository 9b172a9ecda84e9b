// SPDX-License-Identifier: GPL-3.0-or-later
// The update as a bookmark: a URL that holds the secret, and a page that says what was done.
#ifndef GATEWAY_HTTP_BOOKMARK_H
#define GATEWAY_HTTP_BOOKMARK_H

#include "gateway/http/request.h"

#define BOOKMARK_PATH "/u/"

/*
 * Handler of BOOKMARK_PATH and what follows it, a key's secret.  Parameters are those of
 * nic_update; as a rule there is none but myip.  The reply is a page in the browser's language,
 * with status 200 where all is as was asked for, 400 where a host was refused, 403 where the secret
 * is nobody's, 429 after too many of these, 503 where it cannot be done now.
 */
enum MHD_Result bookmark_update(struct http_request *request);

#endif
