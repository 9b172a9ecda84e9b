// SPDX-License-Identifier: GPL-3.0-or-later
// Pages that tell a client its own address.
#ifndef GATEWAY_HTTP_MYIP_H
#define GATEWAY_HTTP_MYIP_H

#include "gateway/http/request.h"

/* The address and nothing else, not even a line end. */
enum MHD_Result myip_plain(struct http_request *request);

/* The page "Current IP Address: ..." that old detectors look for. */
enum MHD_Result myip_page(struct http_request *request);

#endif
