// SPDX-License-Identifier: GPL-3.0-or-later
// The redirect listener: answers browsers by the Host that they ask for, from memory.
#include "gateway/redirect/redirect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http/guard.h"
#include "gateway/redirect/follow.h"
#include "gateway/redirect/host.h"
#include "gateway/redirect/language.h"
#include "gateway/redirect/page.h"
#include "gateway/redirect/table.h"
#include "gateway/redirect/target.h"
#include "gateway/web/template.h"

#define RETRY_AFTER_PAGE "60" // seconds: as long as DNS answers may be kept
#define RETRY_AFTER_START "5"

struct redirects {
	struct redirect_table *table;
	struct follow *follow;
	struct metrics *metrics;
	char policy[TEMPLATE_POLICY_SIZE];
	size_t own_count;
	struct host *own; // the gateway's own names
};

static enum ddns_result
copy_names(struct redirects *redirects, const struct config_list *names)
{
	redirects->own = calloc(names->count + 1, sizeof *redirects->own);
	if (redirects->own == NULL)
		return DDNS_NO_MEMORY;
	for (size_t i = 0; i < names->count; i++) {
		enum ddns_result result = host_parse(names->items[i], &redirects->own[i]);
		if (result != DDNS_OK)
			return result;
		redirects->own_count++;
	}
	return DDNS_OK;
}

enum ddns_result
redirects_create(const struct redirects_options *options, struct redirects **redirectsp)
{
	struct redirects *redirects = calloc(1, sizeof *redirects);
	enum ddns_result result;
	if (redirects == NULL)
		return DDNS_NO_MEMORY;
	redirects->metrics = options->metrics;
	CHECK(template_policy(redirects->policy));
	CHECK(copy_names(redirects, options->host_names));
	CHECK(redirect_table_create(&redirects->table));
	CHECK(follow_create(options->database, redirects->table, &redirects->follow));
	*redirectsp = redirects;
	redirects = NULL;

cleanup:
	redirects_free(redirects);
	return result;
}

void
redirects_free(struct redirects *redirects)
{
	if (redirects == NULL)
		return;
	follow_free(redirects->follow);
	redirect_table_free(redirects->table);
	free(redirects->own);
	free(redirects);
}

bool
redirects_is_loaded(const struct redirects *redirects)
{
	return follow_is_loaded(redirects->follow);
}

size_t
redirects_count(struct redirects *redirects)
{
	return redirect_table_count(redirects->table);
}

/* The guard has seen to it that there is at most one, and no control bytes in it. */
static enum ddns_result
read_host(const struct http_request *request, struct host *host)
{
	size_t length;
	const char *value = http_request_header(request, MHD_HTTP_HEADER_HOST, &length);
	return value == NULL ? DDNS_NOT_FOUND : host_parse(value, host);
}

static bool
is_own(const struct redirects *redirects, const struct host *host)
{
	for (size_t i = 0; i < redirects->own_count; i++)
		if (strcmp(redirects->own[i].name, host->name) == 0)
			return true;
	return false;
}

bool
redirects_are_asked(struct redirects *redirects, const struct http_request *request, bool is_update)
{
	struct redirect redirect;
	struct host host;
	if (read_host(request, &host) != DDNS_OK || is_own(redirects, &host))
		return false;
	if (redirects->own_count > 0)
		return true;
	return !host.is_address && !is_update &&
	       redirect_table_find(redirects->table, host.name, &redirect) == DDNS_OK;
}

static enum MHD_Result
reply_counted(struct redirects *redirects, struct http_request *request,
	      enum redirect_answer answer, const struct http_reply *reply)
{
	metrics_add(&redirects->metrics->redirects[answer]);
	return http_reply_send(request, reply);
}

static enum MHD_Result
reply_refused(struct redirects *redirects, struct http_request *request, unsigned status,
	      const char *text)
{
	const struct http_reply reply = {.status = status, .body = text};
	return reply_counted(redirects, request, REDIRECT_ANSWER_REFUSED, &reply);
}

static enum MHD_Result
reply_location(struct redirects *redirects, struct http_request *request, const char *location)
{
	char age[32];
	snprintf(age, sizeof age, "max-age=%d", REDIRECT_MAX_AGE);
	const struct http_reply reply = {
		.status = MHD_HTTP_FOUND,
		.headers = {{MHD_HTTP_HEADER_LOCATION, location},
			    {MHD_HTTP_HEADER_CACHE_CONTROL, age}},
	};
	return reply_counted(redirects, request, REDIRECT_ANSWER_MOVED, &reply);
}

static enum MHD_Result
reply_page(struct redirects *redirects, struct http_request *request, const char *name)
{
	size_t length;
	enum language language = language_choose(
		http_request_header(request, MHD_HTTP_HEADER_ACCEPT_LANGUAGE, &length));
	char *page;
	if (page_make(language, name, &page) != DDNS_OK)
		return MHD_NO;
	const struct http_reply reply = {
		.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		.type = "text/html; charset=utf-8",
		.body = page,
		.headers = {{MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER_PAGE},
			    {MHD_HTTP_HEADER_CONTENT_LANGUAGE, language_tag(language)},
			    {MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_LANGUAGE},
			    {MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY, redirects->policy}},
	};
	enum MHD_Result result = reply_counted(redirects, request, REDIRECT_ANSWER_PAGE, &reply);
	free(page);
	return result;
}

static enum MHD_Result
reply_port(struct redirects *redirects, struct http_request *request, const char *target)
{
	char location[LOCATION_SIZE];
	const char *path = guard_path(request->target);
	// "http://host" and "http://host?query" have none
	char rooted[TARGET_PATH_MAX + 2] = "/";
	if (path[0] == '\0' || path[0] == '?') {
		strncat(rooted, path, sizeof rooted - 2);
		path = rooted;
	}
	switch (target_append(target, path, location)) {
	case DDNS_OK:
		return reply_location(redirects, request, location);
	case DDNS_CONFLICT:
		return reply_refused(redirects, request, MHD_HTTP_URI_TOO_LONG,
				     "the path is too long\n");
	default:
		return reply_refused(redirects, request, MHD_HTTP_BAD_REQUEST, "bad request\n");
	}
}

/* Back to one of us: that would go round in a circle, or hide where it leads. */
static bool
is_loop(struct redirects *redirects, const char *target)
{
	struct redirect next;
	char host[TARGET_HOST_SIZE];
	target_host(target, host);
	return redirect_table_find(redirects->table, host, &next) == DDNS_OK;
}

static enum MHD_Result
reply_redirect(struct redirects *redirects, struct http_request *request, const char *name,
	       const struct redirect *redirect)
{
	switch (redirect->kind) {
	case REDIRECT_PAGE:
		return reply_page(redirects, request, name);
	case REDIRECT_PORT:
		return reply_port(redirects, request, redirect->target);
	case REDIRECT_URL:
		break;
	}
	if (is_loop(redirects, redirect->target))
		return reply_refused(redirects, request, MHD_HTTP_LOOP_DETECTED,
				     "this name leads to a name that is redirected itself\n");
	return reply_location(redirects, request, redirect->target);
}

static enum MHD_Result
reply_not_loaded(struct redirects *redirects, struct http_request *request)
{
	const struct http_reply reply = {
		.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		.body = "starting: try again in a moment\n",
		.headers = {{MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER_START}},
	};
	return reply_counted(redirects, request, REDIRECT_ANSWER_REFUSED, &reply);
}

static enum MHD_Result
reply_method(struct redirects *redirects, struct http_request *request)
{
	const struct http_reply reply = {
		.status = MHD_HTTP_METHOD_NOT_ALLOWED,
		.body = "only GET and HEAD lead anywhere here\n",
		.headers = {{MHD_HTTP_HEADER_ALLOW, "GET, HEAD"}},
	};
	return reply_counted(redirects, request, REDIRECT_ANSWER_REFUSED, &reply);
}

enum MHD_Result
redirects_answer(struct redirects *redirects, struct http_request *request)
{
	struct redirect redirect;
	struct host host;
	if (read_host(request, &host) != DDNS_OK)
		return reply_refused(redirects, request, MHD_HTTP_BAD_REQUEST,
				     "a request needs one Host that is a name\n");
	if (host.is_address ||
	    redirect_table_find(redirects->table, host.name, &redirect) != DDNS_OK) {
		if (!redirects_is_loaded(redirects))
			return reply_not_loaded(redirects, request);
		const struct http_reply unknown = {
			.status = MHD_HTTP_NOT_FOUND,
			.body = "there is no redirect for this name\n",
		};
		return reply_counted(redirects, request, REDIRECT_ANSWER_UNKNOWN, &unknown);
	}
	if (strcmp(request->method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(request->method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_method(redirects, request);
	return reply_redirect(redirects, request, host.name, &redirect);
}
