// SPDX-License-Identifier: GPL-3.0-or-later
// What monitoring asks: is it alive, is it ready, what has it counted.
#include "gateway/http/status.h"

#include <stdio.h>
#include <stdlib.h>

#include "gateway/http/prometheus.h"
#include "sql/client/db.h"

enum {
	ALIVE_MS = 15000,    // longest turn of a thread that is not stuck
	FEED_AGE_MS = 10000, // of a feed that is followed
};

bool
status_is_alive(struct gateway *gateway)
{
	struct writer_status writer;
	writer_status(gateway->writer, &writer);
	int64_t seen_ms = writer.seen_alive_ms;
	if (gateway->dns != NULL) {
		int64_t dns_ms = dns_door_seen_alive_ms(gateway->dns);
		seen_ms = dns_ms < seen_ms ? dns_ms : seen_ms;
	}
	return ddns_clock_ms() - seen_ms < ALIVE_MS;
}

static enum MHD_Result
livez(struct http_request *request)
{
	const struct status_sources *sources = request->context;
	if (status_is_alive(sources->gateway))
		return http_reply_text(request, MHD_HTTP_OK, "ok\n");
	return http_reply_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, "a writer is stuck\n");
}

/* The first thing that keeps updates from being done, or NULL. */
static const char *
obstacle(struct gateway *gateway)
{
	struct writer_status writer;
	struct feed_status feed;
	struct credentials_status credentials;
	struct committer_status dns = {.away_since_ms = 0};
	writer_status(gateway->writer, &writer);
	feed_status(gateway->feed, &feed);
	credentials_status(gateway->credentials, &credentials);
	if (feed.is_foreign)
		return "the key file is not the one of the database\n";
	if (!credentials.is_loaded)
		return "keys and accounts are not loaded yet\n";
	if (gateway->dns != NULL)
		dns_door_status(gateway->dns, &dns);
	if (!writer.is_connected || !feed.is_connected || dns.away_since_ms != 0)
		return "the database is away\n";
	if (feed.age_ms < 0 || feed.age_ms > FEED_AGE_MS)
		return "the database does not answer\n";
	return NULL;
}

static enum MHD_Result
readyz(struct http_request *request)
{
	const struct status_sources *sources = request->context;
	const char *why = obstacle(sources->gateway);
	if (why == NULL)
		return http_reply_text(request, MHD_HTTP_OK, "ok\n");
	return http_reply_text(request, MHD_HTTP_SERVICE_UNAVAILABLE, why);
}

static enum MHD_Result
metrics(struct http_request *request)
{
	const struct status_sources *sources = request->context;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	if (out == NULL)
		return MHD_NO;
	prometheus_write(out, sources);
	enum MHD_Result result = MHD_NO;
	if (fclose(out) == 0) {
		const struct http_reply reply = {
			.status = MHD_HTTP_OK,
			.type = "text/plain; version=0.0.4; charset=utf-8",
			.body = text,
		};
		result = http_reply_send(request, &reply);
	}
	free(text);
	return result;
}

const struct http_route status_routes[] = {
	{"/livez", HTTP_GET, 0, NULL, livez},
	{"/readyz", HTTP_GET, 0, NULL, readyz},
	{"/metrics", HTTP_GET, 0, NULL, metrics},
};
const size_t status_route_count = sizeof status_routes / sizeof *status_routes;
