// SPDX-License-Identifier: GPL-3.0-or-later
// What libmicrohttpd lets through and we do not.
#include "gateway/http/guard.h"

#include <string.h>
#include <strings.h>

// of target and headers: what is left of libmicrohttpd's memory must hold the reply's
enum { HEAD_MAX = 12 * 1024 };

/* What one walk over the headers finds. */
struct headers {
	unsigned hosts, lengths, encodings, authorizations;
	const char *host, *length, *encoding;
	bool is_malformed;
	size_t size; // of all of them
};

static bool
is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static bool
is_clean(const char *name, size_t name_size, const char *value, size_t value_size)
{
	for (size_t i = 0; i < name_size; i++)
		if (is_control(name[i]) || name[i] == ' ' || name[i] == '\t')
			return false;
	for (size_t i = 0; i < value_size; i++)
		if (is_control(value[i]))
			return false;
	return name_size > 0;
}

static enum MHD_Result
note_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
	    const char *value, size_t value_size)
{
	struct headers *headers = context;
	(void)kind;
	headers->size += name_size + value_size + 4;
	if (value == NULL)
		value = "";
	if (!is_clean(name, name_size, value, value_size))
		headers->is_malformed = true;
	else if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0)
		headers->hosts++, headers->host = value;
	else if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		headers->lengths++, headers->length = value;
	else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		headers->encodings++, headers->encoding = value;
	else if (strcasecmp(name, MHD_HTTP_HEADER_AUTHORIZATION) == 0)
		headers->authorizations++;
	return MHD_YES;
}

static bool
has_body(const struct headers *headers)
{
	return headers->encodings > 0 ||
	       (headers->lengths > 0 && strspn(headers->length, "0") != strlen(headers->length));
}

static bool
may_have_body(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_PUT) == 0;
}

/* The authority of an absolute target, or NULL. */
static const char *
authority_of(const char *target)
{
	if (strncasecmp(target, "http://", 7) == 0)
		return target + 7;
	if (strncasecmp(target, "https://", 8) == 0)
		return target + 8;
	return NULL;
}

static bool
contradicts(const char *target, const char *host)
{
	const char *authority = authority_of(target);
	if (authority == NULL || host == NULL)
		return false;
	size_t length = strcspn(authority, "/?#");
	return strlen(host) != length || strncasecmp(authority, host, length) != 0;
}

unsigned
guard_check(const struct http_request *request, const char **reasonp)
{
	struct headers headers = {0};
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, note_header, &headers);
	*reasonp = "bad request\n";
	if (headers.is_malformed || headers.hosts > 1 || headers.lengths > 1 ||
	    headers.encodings > 1 || headers.authorizations > 1)
		return MHD_HTTP_BAD_REQUEST;
	if (request->target_size + headers.size > HEAD_MAX) {
		*reasonp = "too many headers\n";
		return MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
	}
	if (headers.lengths > 0 && headers.encodings > 0)
		return MHD_HTTP_BAD_REQUEST;
	if (headers.lengths > 0 && (headers.length[0] == '\0' ||
				    strspn(headers.length, "0123456789") != strlen(headers.length)))
		return MHD_HTTP_BAD_REQUEST;
	if (headers.encodings > 0 && strcasecmp(headers.encoding, "chunked") != 0) {
		*reasonp = "this transfer encoding is not known\n";
		return MHD_HTTP_NOT_IMPLEMENTED;
	}
	if (has_body(&headers) && !may_have_body(request->method)) {
		*reasonp = "this method takes no body\n";
		return MHD_HTTP_BAD_REQUEST;
	}
	if (contradicts(request->target, headers.host))
		return MHD_HTTP_BAD_REQUEST;
	if (headers.lengths > 0 && strlen(headers.length) > 9) {
		*reasonp = "the body is too long\n";
		return MHD_HTTP_CONTENT_TOO_LARGE;
	}
	return 0;
}

char *
guard_path(char *target)
{
	const char *authority = authority_of(target);
	if (authority == NULL)
		return target;
	return target + (authority - target) + strcspn(authority, "/?#");
}
