// SPDX-License-Identifier: GPL-3.0-or-later
// An HTTP request as handlers see it, and what they answer with.
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "gateway/address.h"
#include "gateway/http/query.h"

enum {
	HTTP_BODY_MAX = 16384, // octets of a request's body
	HTTP_HEADERS_MAX = 4,  // further headers of a reply
};

struct http_route;

/* Everything in it lives until the request is over. */
struct http_request {
	struct MHD_Connection *connection;
	const char *method;	 // as it came
	const char *path;	 // decoded, with single slashes, none at the end but in "/"
	struct query parameters; // of the URL, then those of a form body
	struct address peer; // who asks: what trusted proxies say, else the other end
	void *context; // of the server that it came to

	// the server's own
	char *target; // URL as it came, later cut and decoded
	size_t target_size;
	char *body;
	size_t body_length;
	bool is_begun;	   // its first call was made
	bool is_malformed; // its request line
	int fd;
};

/* Value and length of a request's header, by name in any case; NULL where there is none. */
const char *http_request_header(const struct http_request *request, const char *name,
				size_t *lengthp);

/* A reply.  Strings are copied when it is sent. */
struct http_reply {
	unsigned status;
	const char *type; // NULL: "text/plain; charset=utf-8"
	const char *body; // NULL: none
	struct {
		const char *name, *value;
	} headers[HTTP_HEADERS_MAX]; // up to the first NULL; they go before those of every reply
};

/*
 * Sends it: with Content-Length, never chunked, the connection closed after it, not to be stored by
 * caches, nor its type guessed, nor its URL passed on.
 */
enum MHD_Result http_reply_send(struct http_request *request, const struct http_reply *reply);

/* A status with a line of text, for errors. */
enum MHD_Result http_reply_text(struct http_request *request, unsigned status, const char *text);

#endif
