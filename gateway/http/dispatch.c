// SPDX-License-Identifier: GPL-3.0-or-later
// From libmicrohttpd's callbacks to the route that a request is for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/http/forwarded.h"
#include "gateway/http/guard.h"
#include "gateway/http/server_internal.h"

enum { FORWARDED_MAX = 16384 }; // more than the guard lets through of all headers

static const struct {
	unsigned bit;
	const char *name;
} methods[] = {
	{HTTP_GET, MHD_HTTP_METHOD_GET},
	{HTTP_POST, MHD_HTTP_METHOD_POST},
	{HTTP_PUT, MHD_HTTP_METHOD_PUT},
};

/*
 * The request line has come: keeps the target before anything has decoded it.
 *
 * What we get is libmicrohttpd's buffer.  The version follows the target, unless a NUL byte is in
 * it, where we would take the first part for the whole.  And the query is ended there after its
 * "?": libmicrohttpd would parse it as well, and not answer where that takes more than its memory.
 */
void *
dispatch_target(void *context, const char *target, struct MHD_Connection *connection)
{
	const struct http_worker *worker = context;
	struct http_request *request = target == NULL ? NULL : calloc(1, sizeof *request);
	if (request == NULL)
		return NULL;
	request->connection = connection;
	request->context = worker->server->options.context;
	request->target = strdup(target);
	if (request->target == NULL) {
		free(request);
		return NULL;
	}
	request->target_size = strlen(target);
	request->is_malformed = strncmp(target + request->target_size + 1, "HTTP/", 5) != 0;
	char *query = strchr(target, '?');
	if (query != NULL)
		query[1] = '\0';
	return request;
}

/* Nothing is decoded but by ourselves: libmicrohttpd's own parameters are not used. */
size_t
dispatch_unescape(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* Makes runs of slashes one, and drops the last: clients glue paths together. */
static void
tidy_path(char *path)
{
	char *out = path;
	for (const char *in = path; *in != '\0'; in++)
		if (*in != '/' || out == path || out[-1] != '/')
			*out++ = *in;
	if (out - path > 1 && out[-1] == '/')
		out--;
	*out = '\0';
}

/* Splits the target, decodes the path and the parameters. */
static enum ddns_result
parse_target(struct http_request *request)
{
	enum ddns_result result;
	char *path = guard_path(request->target);
	char *query = strchr(path, '?'), *fragment = strchr(path, '#');
	if (fragment != NULL && (query == NULL || fragment < query))
		query = NULL;
	size_t path_length = strcspn(path, "?#");
	if (query != NULL)
		CHECK(query_parse(&request->parameters, query + 1, strlen(query + 1)));
	if (path_length == 0) { // "http://host" or "http://host?query"
		request->path = "/";
		return DDNS_OK;
	}
	path[path_length] = '\0';
	CHECK(query_decode(path, &path_length));
	tidy_path(path);
	request->path = path;

cleanup:
	return result;
}

/* Adds the body's parameters, where it says that it is a form, or says nothing. */
static enum ddns_result
parse_body(struct http_request *request)
{
	static const char form[] = MHD_HTTP_POST_ENCODING_FORM_URLENCODED;
	size_t length;
	const char *type = http_request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE, &length);
	if (request->body_length == 0)
		return DDNS_OK;
	if (type != NULL && strncasecmp(type, form, sizeof form - 1) != 0)
		return DDNS_CONFLICT;
	return query_parse(&request->parameters, request->body, request->body_length);
}

static bool
is_prefetch(const struct http_request *request)
{
	static const char *const names[] = {"Purpose", "Sec-Purpose", "X-Purpose", "X-Moz"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t length;
		const char *value = http_request_header(request, names[i], &length);
		if (value != NULL && (strncasecmp(value, "prefetch", 8) == 0 ||
				      strncasecmp(value, "preview", 7) == 0))
			return true;
	}
	return false;
}

/*
 * A browser that was told a password once sends it along with whatever a page has it fetch; what a
 * person types into it, or opens from a bookmark, says "none".  Other clients say nothing.
 */
static bool
is_of_a_page(const struct http_request *request)
{
	size_t length;
	const char *site = http_request_header(request, "Sec-Fetch-Site", &length);
	return site != NULL &&
	       (strcasecmp(site, "cross-site") == 0 || strcasecmp(site, "same-site") == 0);
}

static unsigned
method_bit(const char *method)
{
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (strcmp(methods[i].name, method) == 0)
			return methods[i].bit;
	return 0;
}

/* What may be done with a path: the answer to OPTIONS, and to any method that is not among it. */
static enum MHD_Result
reply_allowed(struct http_request *request, const struct http_route *route)
{
	char allow[64] = MHD_HTTP_METHOD_OPTIONS;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (route->methods & methods[i].bit) {
			size_t length = strlen(allow);
			snprintf(allow + length, sizeof allow - length, ", %s", methods[i].name);
		}
	if ((route->methods & HTTP_GET) && !(route->flags & HTTP_ROUTE_UPDATES))
		strcat(allow, ", " MHD_HTTP_METHOD_HEAD);
	bool is_question = strcmp(request->method, MHD_HTTP_METHOD_OPTIONS) == 0;
	const struct http_reply reply = {
		.status = is_question ? MHD_HTTP_NO_CONTENT : MHD_HTTP_METHOD_NOT_ALLOWED,
		.body = is_question ? NULL : "this method is not for this path\n",
		.headers = {{MHD_HTTP_HEADER_ALLOW, allow}},
	};
	return http_reply_send(request, &reply);
}

static bool
is_at(const struct http_route *route, const char *path)
{
	if ((route->flags & HTTP_ROUTE_SECRET) == 0)
		return strcmp(route->path, path) == 0;
	size_t length = strlen(route->path);
	return strncmp(route->path, path, length) == 0 && path[length] != '\0';
}

static const struct http_route *
find_route(const struct http_server_options *options, const struct http_request *request)
{
	for (size_t i = 0; i < options->route_count; i++) {
		const struct http_route *route = &options->routes[i];
		if (is_at(route, request->path) &&
		    (route->parameter == NULL ||
		     query_value(&request->parameters, route->parameter) != NULL))
			return route;
	}
	return NULL;
}

static enum MHD_Result
call_route(struct http_worker *worker, struct http_request *request)
{
	const struct http_route *route = find_route(&worker->server->options, request);
	if (route == NULL)
		return http_reply_text(request, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
	bool updates = (route->flags & HTTP_ROUTE_UPDATES) != 0;
	bool is_head = strcmp(request->method, MHD_HTTP_METHOD_HEAD) == 0 && !updates;
	unsigned bit = is_head ? HTTP_GET : method_bit(request->method);
	if ((route->methods & bit) == 0)
		return reply_allowed(request, route);
	if (updates && is_prefetch(request))
		return http_reply_text(request, MHD_HTTP_FORBIDDEN, "no update by looking ahead\n");
	// who links to a secret knows it: nothing is lent to him by the browser
	if (updates && (route->flags & HTTP_ROUTE_SECRET) == 0 && is_of_a_page(request))
		return http_reply_text(request, MHD_HTTP_FORBIDDEN, "no update by another page\n");
	connections_serve(worker->server->connections, request->fd);
	atomic_store(&worker->is_blocked, true);
	enum MHD_Result result = route->handler(request);
	atomic_store(&worker->is_blocked, false);
	return result;
}

/* The nodes that a request passed, as far as they are told. */
struct forwarded {
	const char *header;
	char text[FORWARDED_MAX + 1];
	size_t length;
};

static enum MHD_Result
note_forwarded(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct forwarded *forwarded = context;
	(void)kind;
	if (strcasecmp(name, forwarded->header) != 0 || value == NULL)
		return MHD_YES;
	size_t left = sizeof forwarded->text - forwarded->length;
	int more = snprintf(forwarded->text + forwarded->length, left, "%s%s",
			    forwarded->length > 0 ? "," : "", value);
	if ((size_t)more >= left) { // what counts is at the right, and is not there
		forwarded->length = 0;
		forwarded->text[0] = '\0';
		return MHD_NO;
	}
	forwarded->length += (size_t)more;
	return MHD_YES;
}

/* Who a trusted proxy says that it asks for. */
static void
note_client(const struct proxies *proxies, struct http_request *request)
{
	struct forwarded forwarded = {.header = proxies->header};
	char list[FORWARDED_MAX + 1];
	const char *nodes = forwarded.text;
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, note_forwarded, &forwarded);
	if (strcasecmp(proxies->header, PROXY_HEADER_STANDARD) == 0)
		nodes = forwarded_read(forwarded.text, list, sizeof list) == DDNS_OK ? list : "";
	request->peer = proxy_client(proxies, &request->peer, nodes);
}

static enum MHD_Result
handle(struct http_worker *worker, struct http_request *request)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info == NULL ||
	    !connections_peer(worker->server->connections, info->connect_fd, &request->peer))
		return MHD_NO;
	request->fd = info->connect_fd;
	const struct proxies *proxies = &worker->server->options.proxies;
	if (proxies->count > 0)
		note_client(proxies, request);
	switch (parse_body(request)) {
	case DDNS_OK:
		return call_route(worker, request);
	case DDNS_CONFLICT:
		return http_reply_text(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
				       "a body must be a form\n");
	default:
		return http_reply_text(request, MHD_HTTP_BAD_REQUEST, "bad request\n");
	}
}

/* Headers are complete: refuses at once what need not be read on. */
static enum MHD_Result
begin(const struct http_worker *worker, struct http_request *request)
{
	http_divert *divert = worker->server->options.divert;
	enum MHD_Result result;
	const char *reason;
	unsigned status = guard_check(request, &reason);
	if (status != 0)
		return http_reply_text(request, status, reason);
	if (!request->is_malformed && divert != NULL && divert(request, &result))
		return result;
	if (request->is_malformed || parse_target(request) != DDNS_OK)
		return http_reply_text(request, MHD_HTTP_BAD_REQUEST, "bad request\n");
	size_t length;
	const char *announced =
		http_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH, &length);
	if (announced != NULL && strtoul(announced, NULL, 10) > HTTP_BODY_MAX)
		return http_reply_text(request, MHD_HTTP_CONTENT_TOO_LARGE,
				       "the body is too long\n");
	return MHD_YES;
}

/* A part of the body.  MHD_NO closes the connection: a reply is not possible in the middle. */
static enum MHD_Result
append(struct http_request *request, const char *part, size_t *size)
{
	if (request->body_length + *size > HTTP_BODY_MAX)
		return MHD_NO;
	if (request->body == NULL)
		request->body = malloc(HTTP_BODY_MAX + 1);
	if (request->body == NULL)
		return MHD_NO;
	memcpy(request->body + request->body_length, part, *size);
	request->body_length += *size;
	request->body[request->body_length] = '\0';
	*size = 0;
	return MHD_YES;
}

enum MHD_Result
dispatch_request(void *context, struct MHD_Connection *connection, const char *url,
		 const char *method, const char *version, const char *body, size_t *body_size,
		 void **requestp)
{
	struct http_worker *worker = context;
	struct http_request *request = *requestp;
	(void)connection;
	(void)url;
	(void)version;
	if (request == NULL) // no memory for it
		return MHD_NO;
	if (!request->is_begun) {
		request->is_begun = true;
		request->method = method;
		return begin(worker, request);
	}
	if (*body_size > 0)
		return append(request, body, body_size);
	return handle(worker, request);
}

void
dispatch_completed(void *context, struct MHD_Connection *connection, void **requestp,
		   enum MHD_RequestTerminationCode why)
{
	struct http_request *request = *requestp;
	(void)context;
	(void)connection;
	(void)why;
	if (request == NULL)
		return;
	if (request->body != NULL)
		explicit_bzero(request->body, request->body_length); // may hold a password
	explicit_bzero(request->target, request->target_size);
	free(request->body);
	free(request->target);
	free(request);
	*requestp = NULL;
}
