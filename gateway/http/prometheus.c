// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's counters in Prometheus' text format.
#include "gateway/http/prometheus.h"

#include <stdio.h>
#include <string.h>

static unsigned long long
get(const atomic_ullong *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void
write_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP ddns_gateway_%s %s\n# TYPE ddns_gateway_%s %s\n", name, help, name,
		type);
}

static void
write_counter(FILE *out, const char *name, const char *help, const atomic_ullong *counter)
{
	write_head(out, name, "counter", help);
	fprintf(out, "ddns_gateway_%s %llu\n", name, get(counter));
}

static void
write_gauge(FILE *out, const char *name, const char *help, double value)
{
	write_head(out, name, "gauge", help);
	fprintf(out, "ddns_gateway_%s %.15g\n", name, value);
}

/* label is `door="http",` or empty. */
static void
write_histogram(FILE *out, const char *name, const char *label, const struct histogram *histogram)
{
	unsigned long long total = 0;
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		total += get(&histogram->buckets[i]);
		fprintf(out, "ddns_gateway_%s_bucket{%sle=\"", name, label);
		if (i < HISTOGRAM_BUCKETS - 1)
			fprintf(out, "%g", histogram->bounds[i]);
		else
			fputs("+Inf", out);
		fprintf(out, "\"} %llu\n", total);
	}
	int labels = label[0] == '\0' ? 0 : (int)strlen(label) - 1; // without the comma
	const char *open = labels == 0 ? "" : "{", *close = labels == 0 ? "" : "}";
	fprintf(out, "ddns_gateway_%s_sum%s%.*s%s %.6f\n", name, open, labels, label, close,
		(double)get(&histogram->sum) / 1e6);
	fprintf(out, "ddns_gateway_%s_count%s%.*s%s %llu\n", name, open, labels, label, close,
		total);
}

static void
write_updates(FILE *out, const struct metrics *metrics)
{
	write_head(out, "updates_total", "counter", "Updates by door and result.");
	for (unsigned door = 0; door < UPDATE_DOOR_COUNT; door++)
		for (unsigned verdict = UPDATE_CHANGED; verdict < UPDATE_VERDICT_COUNT; verdict++)
			fprintf(out, "ddns_gateway_updates_total{door=\"%s\",result=\"%s\"} %llu\n",
				update_door_name(door), update_verdict_name(verdict),
				get(&metrics->updates[door][verdict]));
	write_head(out, "update_seconds", "histogram", "Time from a request to its answer.");
	for (unsigned door = 0; door < UPDATE_DOOR_COUNT; door++) {
		char label[32];
		snprintf(label, sizeof label, "door=\"%s\",", update_door_name(door));
		write_histogram(out, "update_seconds", label, &metrics->update_seconds[door]);
	}
}

static void
write_writer(FILE *out, struct gateway *gateway)
{
	const struct metrics *metrics = &gateway->metrics;
	struct writer_status writer;
	writer_status(gateway->writer, &writer);
	write_gauge(out, "writer_connected", "Whether the writer has its connection.",
		    writer.is_connected);
	write_gauge(out, "writer_queue", "Updates that wait for the writer.",
		    (double)writer.waiting);
	write_counter(out, "writer_connects_total", "Connections that the writer opened.",
		      &metrics->writer_connects);
	write_counter(out, "writer_repeats_total", "Transactions run again after a clash.",
		      &metrics->batches_repeated);
	write_head(out, "batch_size", "histogram", "Updates in one transaction.");
	write_histogram(out, "batch_size", "", &metrics->batch_sizes);
	write_head(out, "batch_seconds", "histogram", "Time that a transaction took.");
	write_histogram(out, "batch_seconds", "", &metrics->batch_seconds);
}

static void
write_dns(FILE *out, struct gateway *gateway)
{
	struct committer_status status;
	if (gateway->dns == NULL)
		return;
	dns_door_status(gateway->dns, &status);
	write_gauge(out, "dns_writer_connected", "Whether DNS UPDATE has its connection.",
		    status.away_since_ms == 0);
	write_gauge(out, "dns_writer_queue", "DNS updates that wait for it.",
		    (double)status.waiting);
	write_counter(out, "dns_unverified_total", "DNS messages whose signature was not taken.",
		      &gateway->metrics.dns_unverified);
	write_counter(out, "dns_over_rate_total", "Signed DNS messages over the rate of their key.",
		      &gateway->metrics.dns_over_rate);
	write_head(out, "dns_batch_size", "histogram", "DNS updates in one transaction.");
	write_histogram(out, "dns_batch_size", "", &gateway->metrics.dns_batch_sizes);
}

static void
write_caches(FILE *out, struct gateway *gateway)
{
	struct credentials_status credentials;
	struct feed_status feed;
	credentials_status(gateway->credentials, &credentials);
	feed_status(gateway->feed, &feed);
	write_gauge(out, "keys", "Keys in memory.", (double)credentials.keys);
	write_gauge(out, "accounts", "Accounts in memory.", (double)credentials.accounts);
	write_gauge(out, "feed_connected", "Whether the change feed has its connection.",
		    feed.is_connected);
	write_gauge(out, "feed_age_seconds", "Time since the change feed was last read; -1: never.",
		    feed.age_ms < 0 ? -1 : (double)feed.age_ms / 1000);
	write_head(out, "feed_connects_total", "counter", "Connections that the feed opened.");
	fprintf(out, "ddns_gateway_feed_connects_total %llu\n", (unsigned long long)feed.connects);
}

static void
write_redirects(FILE *out, struct gateway *gateway)
{
	static const char *const answers[REDIRECT_ANSWER_COUNT] = {
		[REDIRECT_ANSWER_MOVED] = "moved",
		[REDIRECT_ANSWER_PAGE] = "page",
		[REDIRECT_ANSWER_UNKNOWN] = "unknown",
		[REDIRECT_ANSWER_REFUSED] = "refused",
	};
	write_gauge(out, "redirects", "Redirected names in memory.",
		    (double)redirects_count(gateway->redirects));
	write_gauge(out, "redirects_loaded", "Whether they were read once.",
		    redirects_is_loaded(gateway->redirects));
	write_head(out, "redirects_total", "counter", "Answers of the redirect listener.");
	for (unsigned i = 0; i < REDIRECT_ANSWER_COUNT; i++)
		fprintf(out, "ddns_gateway_redirects_total{answer=\"%s\"} %llu\n", answers[i],
			get(&gateway->metrics.redirects[i]));
}

static size_t
count_connections(const struct status_sources *sources)
{
	size_t count = http_server_connections(sources->doors);
	return sources->secure == NULL ? count : count + http_server_connections(sources->secure);
}

static void
write_jobs(FILE *out, const struct metrics *metrics)
{
	write_head(out, "job_errors_total", "counter", "Runs of a job that failed.");
	for (size_t i = 0; i < METRICS_JOBS_MAX && metrics->jobs[i].name != NULL; i++)
		fprintf(out, "ddns_gateway_job_errors_total{job=\"%s\"} %llu\n",
			metrics->jobs[i].name, get(&metrics->jobs[i].errors));
	write_head(out, "job_last_success_timestamp_seconds", "gauge",
		   "When a job last did its work, since 1970; 0: never.");
	for (size_t i = 0; i < METRICS_JOBS_MAX && metrics->jobs[i].name != NULL; i++)
		fprintf(out, "ddns_gateway_job_last_success_timestamp_seconds{job=\"%s\"} %lld\n",
			metrics->jobs[i].name,
			atomic_load_explicit(&metrics->jobs[i].last_success, memory_order_relaxed));
	write_counter(out, "timeouts_offline_total", "Domains put offline by their timeout.",
		      &metrics->timeouts_offline);
	write_gauge(out, "timeouts_late_seconds",
		    "How long the oldest timeout that is due has waited.",
		    (double)get(&metrics->timeouts_late_ms) / 1000);
	write_counter(out, "pruned_steps_total", "Steps of the change feed that were forgotten.",
		      &metrics->pruned_steps);
	write_counter(out, "pruned_rows_total",
		      "Rows of history, failed tries and requests seen that were forgotten.",
		      &metrics->pruned_rows);
}

/* A label's value: names may hold escapes. */
static void
write_escaped(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == '"')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void
write_notify(FILE *out, const struct notify_counters *counters)
{
	static const char *const events[NOTIFY_EVENT_COUNT] = {
		[NOTIFY_SENT] = "sent",
		[NOTIFY_ANSWERED] = "answered",
		[NOTIFY_FAILED] = "failed",
	};
	for (unsigned i = 0; i < NOTIFY_EVENT_COUNT; i++) {
		fputs("ddns_gateway_notifies_total{zone=\"", out);
		write_escaped(out, counters->origin);
		fprintf(out, "\",event=\"%s\"} %llu\n", events[i], get(&counters->events[i]));
	}
}

static void
write_notifies(FILE *out, const struct metrics *metrics)
{
	unsigned count = atomic_load(&metrics->notify_zones);
	write_head(out, "notifies_total", "counter",
		   "NOTIFY messages by zone; the zone \"\" is all beyond the first hundred.");
	for (unsigned i = 0; i < count; i++)
		write_notify(out, &metrics->notifies[i]);
	write_notify(out, &metrics->notifies[METRICS_ZONES_MAX]);
}

void
prometheus_write(FILE *out, const struct status_sources *sources)
{
	struct gateway *gateway = sources->gateway;
	const struct metrics *metrics = &gateway->metrics;
	write_updates(out, metrics);
	write_writer(out, gateway);
	write_dns(out, gateway);
	write_caches(out, gateway);
	write_redirects(out, gateway);
	write_jobs(out, metrics);
	write_notifies(out, metrics);
	write_counter(out, "password_checks_total", "Passwords that were hashed.",
		      &metrics->password_checks);
	write_counter(out, "password_overflows_total",
		      "Requests refused since too many passwords waited.",
		      &metrics->password_overflows);
	write_counter(out, "attempts_dropped_total",
		      "Failed tries that were not noted for the name's holder.",
		      &metrics->attempts_dropped);
	write_gauge(out, "http_connections", "HTTP and HTTPS connections open now.",
		    (double)count_connections(sources));
	write_counter(out, "http_connections_total", "HTTP and HTTPS connections accepted.",
		      &metrics->http.connections);
	write_counter(out, "http_refused_total", "HTTP connections over the limit of an address.",
		      &metrics->http.refused);
	write_counter(out, "http_overdue_total", "HTTP connections cut off by the deadline.",
		      &metrics->http.overdue);
	if (sources->certificate != NULL)
		write_gauge(out, "tls_certificate_expiry_seconds",
			    "When the certificate in use expires, since 1970.",
			    (double)certificate_expires(sources->certificate));
}
