// SPDX-License-Identifier: GPL-3.0-or-later
// Pages that tell a client its own address.
#include "gateway/http/myip.h"

#include <stdio.h>

enum MHD_Result
myip_plain(struct http_request *request)
{
	char text[ADDRESS_TEXT_SIZE];
	address_text(&request->peer, text);
	return http_reply_text(request, MHD_HTTP_OK, text);
}

enum MHD_Result
myip_page(struct http_request *request)
{
	char text[ADDRESS_TEXT_SIZE], page[256];
	address_text(&request->peer, text);
	snprintf(page, sizeof page,
		 "<html><head><title>Current IP Check</title></head>"
		 "<body>Current IP Address: %s</body></html>\n",
		 text);
	const struct http_reply reply = {
		.status = MHD_HTTP_OK,
		.type = "text/html; charset=utf-8",
		.body = page,
	};
	return http_reply_send(request, &reply);
}
