// SPDX-License-Identifier: GPL-3.0-or-later
// Answers queries and transfers from what is served.
#include "gateway/dns/resolver.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/dns/rr.h"
#include "gateway/dns/transfer.h"
#include "gateway/log.h"
#include "sql/client/db.h"
#include "sql/client/dname.h"

enum {
	PATIENCE_MS = 2000,
	TRANSFER_PATIENCE_MS = 20000,
	OPEN_MS = 1000,
	STATEMENT_MS = 2000,
};

enum { // of the statement DNS_ANSWER
	COLUMN_RCODE,
	COLUMN_SECTION,
	COLUMN_NAME,
	COLUMN_TYPE,
	COLUMN_TTL,
	COLUMN_RDATA,
};

struct worker {
	struct resolver *resolver;
	struct ddns_db *db;
	struct rr_reader *reader;
	int64_t next_open_ms;
	int64_t account_id; // whose exchange it works on; under the resolver's lock
	pthread_t thread;
	bool has_thread;
};

struct resolver {
	struct resolver_options options;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct exchange *first, *last; // under the lock
	size_t waiting;
	bool is_ending;
	struct worker workers[];
};

static bool
open_database(struct worker *worker)
{
	if (ddns_db_is_open(worker->db))
		return true;
	if (exchange_clock_ms() < worker->next_open_ms)
		return false;
	bool is_open = ddns_db_open(worker->db, OPEN_MS) == DDNS_OK;
	worker->next_open_ms = exchange_clock_ms() + 200;
	return is_open;
}

/* The section of an answer's row; false: the row is in none. */
static bool
section_of(const char *word, knot_section_t *section)
{
	static const struct {
		const char *word;
		knot_section_t section;
	} sections[] = {
		{"answer", KNOT_ANSWER},
		{"authority", KNOT_AUTHORITY},
		{"additional", KNOT_ADDITIONAL},
	};

	for (size_t i = 0; word != NULL && i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(word, sections[i].word) == 0) {
			*section = sections[i].section;
			return true;
		}
	}
	return false;
}

/* Puts a row into the answer.  DDNS_BAD_INPUT: nobody can read it.  DDNS_CONFLICT: no room. */
static enum ddns_result
row_put(struct worker *worker, struct answer *answer, const struct ddns_rows *rows, size_t row,
	knot_section_t section)
{
	const char *name = ddns_rows_text(rows, row, COLUMN_NAME);
	uint8_t owner[DDNS_DNAME_WIRE_MAX];
	size_t length;
	knot_rrset_t rr;
	struct rr_text text = {
		.owner = knot_pkt_qname(answer->request->packet),
		.type = ddns_rows_text(rows, row, COLUMN_TYPE),
		.ttl = (uint32_t)ddns_rows_integer(rows, row, COLUMN_TTL, 0),
		.rdata = ddns_rows_text(rows, row, COLUMN_RDATA),
	};

	if (name[0] != '\0') {
		if (ddns_dname_to_wire(name, owner, &length) != DDNS_OK)
			return DDNS_BAD_INPUT;
		text.owner = owner;
	}
	enum ddns_result result = rr_reader_read(worker->reader, &text, &rr);
	return result == DDNS_OK ? answer_put(answer, section, &rr) : result;
}

static enum ddns_result
rows_put(struct worker *worker, struct answer *answer, const struct ddns_rows *rows)
{
	for (size_t row = 0; row < ddns_rows_count(rows); row++) {
		knot_section_t section;
		if (!section_of(ddns_rows_text(rows, row, COLUMN_SECTION), &section))
			continue;
		enum ddns_result result = row_put(worker, answer, rows, row, section);
		if (result == DDNS_CONFLICT) {
			if (section != KNOT_ADDITIONAL)
				answer_truncate(answer);
			return DDNS_OK;
		}
		if (result != DDNS_OK && result != DDNS_BAD_INPUT)
			return result;
	}
	return DDNS_OK;
}

/* Builds and sends the answer that the rows say. */
static enum ddns_result
rows_answer(struct worker *worker, struct exchange *exchange, const struct ddns_rows *rows)
{
	enum ddns_result result = DDNS_NO_MEMORY;
	struct answer answer = {.packet = NULL};
	size_t size = exchange_answer_max(exchange), length;
	uint16_t rcode = (uint16_t)ddns_rows_integer(rows, 0, COLUMN_RCODE, KNOT_RCODE_SERVFAIL);
	uint8_t *buffer = malloc(size);

	if (buffer == NULL)
		goto cleanup;
	CHECK(answer_begin(&answer, &exchange->message, exchange_signer(exchange), rcode, buffer,
			   size));
	CHECK(rows_put(worker, &answer, rows));
	CHECK(answer_end(&answer, exchange_time(), &length));
	(void)exchange_send(exchange, buffer, length);
cleanup:
	answer_free(&answer);
	free(buffer);
	return result;
}

static void
query_work(struct worker *worker, struct exchange *exchange)
{
	const knot_pkt_t *packet = exchange->message.packet;
	char name[DDNS_DNAME_TEXT_MAX + 1] = "", type[RR_TYPE_TEXT_MAX + 1];
	const char *parameters[2] = {name, type};
	struct ddns_rows *rows = NULL;
	enum ddns_result result;

	rr_type_text(knot_pkt_qtype(packet), type);
	CHECK(ddns_dname_from_wire(knot_pkt_qname(packet), knot_dname_size(knot_pkt_qname(packet)),
				   name));
	CHECK(ddns_db_query(worker->db, DDNS_STATEMENT_DNS_ANSWER, parameters, 2, STATEMENT_MS,
			    &rows));
	CHECK(rows_answer(worker, exchange, rows));
	exchange_drop(exchange);
	exchange = NULL;

cleanup:
	ddns_rows_free(rows);
	if (exchange != NULL) {
		log_debug("dns: a query for '%s' failed: %s", name,
			  ddns_db_last_error(worker->db)->message);
		exchange_answer(exchange, KNOT_RCODE_SERVFAIL);
	}
}

/* 0: a stranger's. */
static int64_t
account_of(const struct exchange *exchange)
{
	return exchange->key != NULL ? exchange->key->account_id : 0;
}

/* Whether its account has as many under way as it may. */
static bool
is_held(const struct resolver *resolver, const struct exchange *exchange)
{
	unsigned count = 0;

	for (unsigned i = 0; i < resolver->options.threads; i++)
		count += resolver->workers[i].account_id == account_of(exchange) ? 1 : 0;
	return resolver->options.account_max != 0 && count >= resolver->options.account_max;
}

/* Takes the first one out whose account has room. */
static struct exchange *
take_exchange(struct resolver *resolver)
{
	struct exchange *before = NULL, *exchange = resolver->first;

	for (; exchange != NULL && is_held(resolver, exchange); exchange = exchange->next)
		before = exchange;
	if (exchange == NULL)
		return NULL;
	if (before != NULL)
		before->next = exchange->next;
	else
		resolver->first = exchange->next;
	if (resolver->last == exchange)
		resolver->last = before;
	resolver->waiting--;
	return exchange;
}

/* The next exchange; NULL: it is time to end. */
static struct exchange *
next_exchange(struct worker *worker)
{
	struct resolver *resolver = worker->resolver;
	struct exchange *exchange = NULL;

	pthread_mutex_lock(&resolver->lock);
	if (worker->account_id != 0 && resolver->options.account_max != 0)
		pthread_cond_broadcast(&resolver->filled); // who was held may go on
	worker->account_id = 0;
	while (!resolver->is_ending && (exchange = take_exchange(resolver)) == NULL)
		pthread_cond_wait(&resolver->filled, &resolver->lock);
	if (exchange != NULL)
		worker->account_id = account_of(exchange);
	pthread_mutex_unlock(&resolver->lock);
	return exchange;
}

/* It cannot be answered in time.  Over UDP the asker comes again by himself. */
static void
give_up(struct exchange *exchange)
{
	if (exchange->stream != NULL)
		exchange_answer(exchange, KNOT_RCODE_SERVFAIL);
	else
		exchange_drop(exchange);
}

static void *
run(void *context)
{
	struct worker *worker = context;
	bool is_for_transfers = worker->resolver->options.is_for_transfers;
	int64_t patience_ms = is_for_transfers ? TRANSFER_PATIENCE_MS : PATIENCE_MS;
	struct exchange *exchange;

	(void)open_database(worker); // so that it has its descriptor when they get scarce
	while ((exchange = next_exchange(worker)) != NULL) {
		if (exchange_clock_ms() - exchange->begun_ms > patience_ms)
			give_up(exchange);
		else if (!open_database(worker))
			exchange_answer(exchange, KNOT_RCODE_SERVFAIL);
		else if (is_for_transfers)
			transfer_run(exchange, worker->db, worker->reader);
		else
			query_work(worker, exchange);
	}
	return NULL;
}

static enum ddns_result
worker_start(struct worker *worker, struct resolver *resolver)
{
	enum ddns_result result;
	const struct ddns_db_options options = {
		.conninfo = resolver->options.database,
		.application = "ddns-gateway dns queries",
		.statements = DDNS_STATEMENTS_DNS,
		.wake_fd = -1,
		.plans_anew = true,
	};

	worker->resolver = resolver;
	CHECK(ddns_db_create(&options, &worker->db));
	CHECK(rr_reader_create(&worker->reader));
	if (pthread_create(&worker->thread, NULL, run, worker) != 0)
		return DDNS_INTERNAL;
	worker->has_thread = true;
cleanup:
	return result;
}

enum ddns_result
resolver_create(const struct resolver_options *options, struct resolver **resolverp)
{
	enum ddns_result result = DDNS_OK;
	struct resolver *resolver =
		calloc(1, sizeof(*resolver) + options->threads * sizeof(struct worker));

	if (resolver == NULL)
		return DDNS_NO_MEMORY;
	resolver->options = *options;
	pthread_mutex_init(&resolver->lock, NULL);
	pthread_cond_init(&resolver->filled, NULL);
	for (unsigned i = 0; i < options->threads && result == DDNS_OK; i++)
		result = worker_start(&resolver->workers[i], resolver);
	if (result != DDNS_OK) {
		resolver_free(resolver);
		return result;
	}
	*resolverp = resolver;
	return DDNS_OK;
}

void
resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	pthread_mutex_lock(&resolver->lock);
	resolver->is_ending = true;
	pthread_cond_broadcast(&resolver->filled);
	pthread_mutex_unlock(&resolver->lock);
	for (unsigned i = 0; i < resolver->options.threads; i++) {
		struct worker *worker = &resolver->workers[i];
		if (worker->has_thread)
			pthread_join(worker->thread, NULL);
		ddns_db_free(worker->db);
		rr_reader_free(worker->reader);
	}
	while (resolver->first != NULL) {
		struct exchange *next = resolver->first->next;
		exchange_drop(resolver->first);
		resolver->first = next;
	}
	pthread_cond_destroy(&resolver->filled);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver);
}

/* Whether nothing more of the sender may wait; the lock is held. */
static bool
is_full(const struct resolver *resolver, const struct exchange *exchange)
{
	size_t most = resolver->options.waiting_max, own = 0;

	if (!exchange->is_verified)
		most -= most / 4; // the rest is for those who have a key
	if (resolver->options.account_max == 0)
		return resolver->waiting >= most;
	for (const struct exchange *at = resolver->first; at != NULL; at = at->next)
		own += account_of(at) == account_of(exchange) ? 1 : 0;
	return resolver->waiting >= most || own >= most / 2;
}

void
resolver_submit(struct resolver *resolver, struct exchange *exchange)
{
	pthread_mutex_lock(&resolver->lock);
	bool is_taken = !is_full(resolver, exchange);
	if (is_taken) {
		exchange->next = NULL;
		if (resolver->last != NULL)
			resolver->last->next = exchange;
		else
			resolver->first = exchange;
		resolver->last = exchange;
		resolver->waiting++;
		pthread_cond_signal(&resolver->filled);
	}
	pthread_mutex_unlock(&resolver->lock);
	if (!is_taken)
		give_up(exchange);
}
