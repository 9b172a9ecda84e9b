// SPDX-License-Identifier: GPL-3.0-or-later
// The update door of HTTP in dyndns2's words, as its clients read them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/http/nic.h"

static const char retry_after[] = "60"; // seconds, with 503

static enum MHD_Result
reply_unauthorized(struct http_request *request)
{
	const struct gateway *gateway = request->context;
	char challenge[256];
	snprintf(challenge, sizeof challenge, "Basic realm=\"%s\"", gateway->realm);
	const struct http_reply reply = {
		.status = MHD_HTTP_UNAUTHORIZED,
		.body = "badauth\n",
		.headers = {{MHD_HTTP_HEADER_WWW_AUTHENTICATE, challenge}},
	};
	return http_reply_send(request, &reply);
}

static enum MHD_Result
reply_unavailable(struct http_request *request)
{
	const struct http_reply reply = {
		.status = MHD_HTTP_SERVICE_UNAVAILABLE,
		.body = "911\n",
		.headers = {{MHD_HTTP_HEADER_RETRY_AFTER, retry_after}},
	};
	return http_reply_send(request, &reply);
}

static enum MHD_Result
reply_limited(struct http_request *request, unsigned wait_s)
{
	char seconds[16];
	snprintf(seconds, sizeof seconds, "%u", wait_s);
	const struct http_reply reply = {
		.status = MHD_HTTP_TOO_MANY_REQUESTS,
		.body = "abuse\n",
		.headers = {{MHD_HTTP_HEADER_RETRY_AFTER, seconds}},
	};
	return http_reply_send(request, &reply);
}

static enum MHD_Result
reply_whole(struct http_request *request, const struct nic_answer *answer)
{
	if (strcmp(answer->word, "badauth") == 0)
		return reply_unauthorized(request);
	if (strcmp(answer->word, "911") == 0)
		return reply_unavailable(request);
	if (strcmp(answer->word, "abuse") == 0)
		return reply_limited(request, answer->wait_s);
	char body[32];
	snprintf(body, sizeof body, "%s\n", answer->word);
	return http_reply_text(request, MHD_HTTP_OK, body);
}

static enum MHD_Result
reply_lines(struct http_request *request, const struct nic_answer *answer)
{
	char *body = NULL;
	size_t length, unavailable = 0;
	FILE *out = open_memstream(&body, &length);
	if (out == NULL)
		return reply_unavailable(request);
	for (size_t i = 0; i < answer->count; i++) {
		const struct nic_line *line = &answer->lines[i];
		fprintf(out, "%s%s%s\n", line->word, line->addresses[0] == '\0' ? "" : " ",
			line->addresses);
		if (strcmp(line->word, "911") == 0)
			unavailable++;
	}
	bool is_written = fclose(out) == 0;
	enum MHD_Result result;
	if (is_written && unavailable < answer->count)
		result = http_reply_text(request, MHD_HTTP_OK, body);
	else
		result = reply_unavailable(request);
	free(body);
	return result;
}

static enum MHD_Result
reply(struct http_request *request, const struct nic_answer *answer)
{
	if (answer->word != NULL)
		return reply_whole(request, answer);
	return reply_lines(request, answer);
}

enum MHD_Result
nic_update(struct http_request *request)
{
	struct login login;
	enum ddns_result shown = login_read(request, &login);
	return nic_serve(request, shown, &login, reply);
}
