// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon's HTTP listeners, as the configuration wants them.
#include "gateway/listeners.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/http/front.h"
#include "gateway/http/status.h"
#include "sql/client/db.h"

enum {
	STATUS_THREADS = 2,
	STATUS_CONNECTIONS = 64,
	REDIRECT_THREADS = 4, // nothing in them waits
	WATCH_MS = 1000,      // between two looks at the certificate's files
};

struct listeners {
	struct http_server *doors, *status;
	struct http_server *secure;	 // the doors over TLS, or NULL
	struct certificate *certificate; // NULL without it
	struct http_server *redirects;	 // NULL where they share the doors'
	char *proxy_header;
	struct proxy_prefix *proxies;
	struct status_sources status_sources;
	struct http_counters status_counters; // which nobody asks for
};

/* A listener of redirects alone. */
static bool
divert_all(struct http_request *request, enum MHD_Result *resultp)
{
	const struct gateway *gateway = request->context;
	*resultp = redirects_answer(gateway->redirects, request);
	return true;
}

/* One that doors and redirects share. */
static bool
divert_redirected(struct http_request *request, enum MHD_Result *resultp)
{
	const struct gateway *gateway = request->context;
	return redirects_are_asked(gateway->redirects, request, front_is_update(request)) &&
	       divert_all(request, resultp);
}

static enum ddns_result
read_proxies(struct listeners *listeners, const char *header, const struct config_list *list,
	     struct proxies *proxies)
{
	enum ddns_result result = DDNS_OK;
	listeners->proxies = calloc(list->count + 1, sizeof *listeners->proxies);
	if (listeners->proxies == NULL)
		return DDNS_NO_MEMORY;
	*proxies = (struct proxies){
		.header = header,
		.prefixes = listeners->proxies,
		.count = list->count,
	};
	for (size_t i = 0; i < list->count && result == DDNS_OK; i++)
		result = proxy_prefix_parse(list->items[i], &listeners->proxies[i]);
	return result;
}

static enum ddns_result
bind_doors(struct listeners *listeners, const struct config *config, struct gateway *gateway)
{
	bool is_shared = config->redirect_listen.count == 0;
	struct http_server_options options = {
		.name = "http",
		.listen = &config->http_listen,
		.routes = front_routes,
		.route_count = front_route_count,
		.divert = is_shared ? divert_redirected : NULL,
		.context = gateway,
		.counters = &gateway->metrics.http,
		.threads = (unsigned)config->http_threads,
		.connections = (unsigned)config->http_connections,
		.per_address = (unsigned)config->http_connections_per_address,
		.request_timeout_s = (unsigned)config->http_request_timeout,
	};
	enum ddns_result result;
	listeners->proxy_header = strdup(config->forwarded_header);
	if (listeners->proxy_header == NULL)
		return DDNS_NO_MEMORY;
	CHECK(read_proxies(listeners, listeners->proxy_header, &config->trusted_proxies,
			   &options.proxies));
	CHECK(http_server_create(&options, &listeners->doors));
	if (config->https_listen.count > 0) {
		CHECK(certificate_create(config->tls_certificate, config->tls_key,
					 &listeners->certificate));
		options.name = "https";
		options.listen = &config->https_listen;
		options.certificate = listeners->certificate;
		CHECK(http_server_create(&options, &listeners->secure));
		options.certificate = NULL;
	}
	options.name = "redirects";
	options.listen = &config->redirect_listen;
	options.route_count = 0;
	options.divert = divert_all;
	options.threads = REDIRECT_THREADS;
	if (!is_shared)
		CHECK(http_server_create(&options, &listeners->redirects));

cleanup:
	return result;
}

static enum ddns_result
bind_status(struct listeners *listeners, const struct config *config, struct gateway *gateway)
{
	listeners->status_sources.gateway = gateway;
	listeners->status_sources.doors = listeners->doors;
	listeners->status_sources.secure = listeners->secure;
	listeners->status_sources.certificate = listeners->certificate;
	const struct http_server_options options = {
		.name = "status",
		.listen = &config->status_listen,
		.routes = status_routes,
		.route_count = status_route_count,
		.context = &listeners->status_sources,
		.counters = &listeners->status_counters,
		.threads = STATUS_THREADS,
		.connections = STATUS_CONNECTIONS,
		.request_timeout_s = (unsigned)config->http_request_timeout,
	};
	return http_server_create(&options, &listeners->status);
}

enum ddns_result
listeners_check(const struct config *config)
{
	struct certificate *certificate = NULL;
	enum ddns_result result = DDNS_OK;
	if (config->https_listen.count > 0)
		result = certificate_create(config->tls_certificate, config->tls_key, &certificate);
	certificate_free(certificate);
	return result;
}

enum ddns_result
listeners_create(const struct config *config, struct gateway *gateway,
		 struct listeners **listenersp)
{
	struct listeners *listeners = calloc(1, sizeof *listeners);
	enum ddns_result result;
	if (listeners == NULL)
		return DDNS_NO_MEMORY;
	CHECK(bind_doors(listeners, config, gateway));
	CHECK(bind_status(listeners, config, gateway));
	*listenersp = listeners;
	listeners = NULL;

cleanup:
	listeners_free(listeners, 0);
	return result;
}

enum ddns_result
listeners_start(struct listeners *listeners)
{
	enum ddns_result result;
	CHECK(http_server_start(listeners->doors));
	if (listeners->secure != NULL) {
		certificate_check_access(listeners->certificate);
		CHECK(http_server_start(listeners->secure));
	}
	if (listeners->redirects != NULL)
		CHECK(http_server_start(listeners->redirects));
	CHECK(http_server_start(listeners->status));

cleanup:
	return result;
}

void
listeners_reload(struct listeners *listeners, const struct config *config)
{
	unsigned per_address = (unsigned)config->http_connections_per_address;
	unsigned timeout_s = (unsigned)config->http_request_timeout;
	http_server_set_limits(listeners->doors, per_address, timeout_s);
	if (listeners->secure != NULL) {
		http_server_set_limits(listeners->secure, per_address, timeout_s);
		certificate_reload(listeners->certificate, config->tls_certificate,
				   config->tls_key);
	}
	if (listeners->redirects != NULL)
		http_server_set_limits(listeners->redirects, per_address, timeout_s);
}

int
listeners_watch(struct listeners *listeners)
{
	if (listeners->certificate == NULL)
		return -1;
	certificate_watch(listeners->certificate);
	return WATCH_MS;
}

/* Finishes what has come in at the doors; none of them accepts while another finishes. */
static void
drain(struct listeners *listeners, int timeout_ms)
{
	struct http_server *const doors[] = {listeners->doors, listeners->secure};
	enum { COUNT = sizeof doors / sizeof *doors };
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	for (size_t i = 0; i < COUNT; i++)
		if (doors[i] != NULL)
			http_server_drain(doors[i], 0);
	for (size_t i = 0; i < COUNT; i++)
		if (doors[i] != NULL)
			http_server_drain(doors[i], (int)(deadline - ddns_clock_ms()));
}

void
listeners_free(struct listeners *listeners, int timeout_ms)
{
	if (listeners == NULL)
		return;
	http_server_free(listeners->status);
	drain(listeners, timeout_ms);
	http_server_free(listeners->doors);
	http_server_free(listeners->secure);
	http_server_free(listeners->redirects);
	certificate_free(listeners->certificate);
	free(listeners->proxies);
	free(listeners->proxy_header);
	free(listeners);
}
