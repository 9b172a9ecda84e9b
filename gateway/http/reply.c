// SPDX-License-Identifier: GPL-3.0-or-later
// Replies: one way to send them all.
#include <stdint.h>
#include <string.h>

#include "gateway/http/request.h"

static const struct {
	const char *name, *value;
} standing_headers[] = {
	{MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
	{"Referrer-Policy", "no-referrer"},
	{"X-Content-Type-Options", "nosniff"},
	{MHD_HTTP_HEADER_CONNECTION, "close"},
};

static bool
has_header(const struct http_reply *reply, const char *name)
{
	for (size_t i = 0; i < HTTP_HEADERS_MAX && reply->headers[i].name != NULL; i++)
		if (strcmp(reply->headers[i].name, name) == 0)
			return true;
	return false;
}

static bool
add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
	const char *type = reply->type == NULL ? "text/plain; charset=utf-8" : reply->type;
	if (reply->body != NULL &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES)
		return false;
	for (size_t i = 0; i < sizeof standing_headers / sizeof *standing_headers; i++)
		if (!has_header(reply, standing_headers[i].name) &&
		    MHD_add_response_header(response, standing_headers[i].name,
					    standing_headers[i].value) != MHD_YES)
			return false;
	for (size_t i = 0; i < HTTP_HEADERS_MAX && reply->headers[i].name != NULL; i++)
		if (MHD_add_response_header(response, reply->headers[i].name,
					    reply->headers[i].value) != MHD_YES)
			return false;
	return true;
}

enum MHD_Result
http_reply_send(struct http_request *request, const struct http_reply *reply)
{
	size_t length = reply->body == NULL ? 0 : strlen(reply->body);
	// the buffer is copied, not written to
	struct MHD_Response *response = MHD_create_response_from_buffer(
		length, (void *)(uintptr_t)(reply->body == NULL ? "" : reply->body),
		MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO; // closes the connection
	enum MHD_Result result = MHD_NO;
	if (MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END) ==
		    MHD_YES &&
	    add_headers(response, reply))
		result = MHD_queue_response(request->connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result
http_reply_text(struct http_request *request, unsigned status, const char *text)
{
	const struct http_reply reply = {.status = status, .body = text};
	return http_reply_send(request, &reply);
}

const char *
http_request_header(const struct http_request *request, const char *name, size_t *lengthp)
{
	const char *value = NULL;
	if (MHD_lookup_connection_value_n(request->connection, MHD_HEADER_KIND, name, strlen(name),
					  &value, lengthp) != MHD_YES)
		return NULL;
	return value;
}
