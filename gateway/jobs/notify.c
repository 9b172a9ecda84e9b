// SPDX-License-Identifier: GPL-3.0-or-later
// Tells secondaries of changes by NOTIFY (RFC 1996), once the name servers they ask show them.
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/jobs/job.h"
#include "gateway/jobs/notify_message.h"
#include "gateway/log.h"
#include "sql/client/dname.h"

enum {
	INTERVAL_MS = 100, // between two looks for zones that moved
	QUERY_TIMEOUT_MS = 5000,
	SHOW_MS = 1000, // how long name servers may take to show a change
	ASK_MS = 20,	// between two questions to one of them
	RETRY_MS = 3000,
	TRIES = 3,
	WAITING_MAX = 1024, // secondaries that have not acknowledged yet
};

/* A secondary that is to acknowledge a NOTIFY. */
struct waiting {
	char origin[DDNS_DNAME_TEXT_MAX + 1];
	char target[64]; // as zones.notify has it
	struct notify_message message;
	int fd, tries;
	int64_t retry_at_ms;
};

struct notifier {
	size_t count;
	struct waiting items[WAITING_MAX];
};

static void
drop(struct notifier *notifier, size_t index)
{
	close(notifier->items[index].fd);
	notifier->items[index] = notifier->items[--notifier->count];
}

static void
send_message(int fd, const struct notify_message *message)
{
	// what cannot be sent now counts as lost, as any datagram may be
	ssize_t sent = send(fd, message->wire, message->length, MSG_NOSIGNAL);
	(void)sent;
}

/* Acknowledgements, and who is to be told again. */
static void
look_after(struct notifier *notifier)
{
	int64_t now = ddns_clock_ms();
	for (size_t i = notifier->count; i-- > 0;) {
		struct waiting *waiting = &notifier->items[i];
		uint8_t wire[NOTIFY_MESSAGE_MAX];
		ssize_t length = recv(waiting->fd, wire, sizeof wire, 0);
		if (length > 0 &&
		    notify_message_is_answer(&waiting->message, wire, (size_t)length)) {
			drop(notifier, i);
		} else if (now >= waiting->retry_at_ms) {
			if (waiting->tries++ < TRIES) {
				send_message(waiting->fd, &waiting->message);
				waiting->retry_at_ms = now + RETRY_MS;
				continue;
			}
			log_notice("notify: '%s' does not answer for zone '%s'", waiting->target,
				   waiting->origin);
			drop(notifier, i);
		}
	}
}

static const struct listen_address *
source_for(const struct job_context *context, const struct listen_address *target)
{
	for (size_t i = 0; i < context->notify_sources->count; i++)
		if (context->notify_sources->items[i].socket.ss_family == target->socket.ss_family)
			return &context->notify_sources->items[i];
	return NULL;
}

/* Tells one secondary of one zone; what it was told before is forgotten. */
static void
tell(const struct job_context *context, const char *origin, const char *text)
{
	struct notifier *notifier = context->state;
	struct listen_address target;
	for (size_t i = notifier->count; i-- > 0;)
		if (strcmp(notifier->items[i].origin, origin) == 0 &&
		    strcmp(notifier->items[i].target, text) == 0)
			drop(notifier, i);
	if (notifier->count == WAITING_MAX) {
		log_warning("notify: too many secondaries do not answer: '%s' is not told of '%s'",
			    text, origin);
		return;
	}
	struct waiting *waiting = &notifier->items[notifier->count];
	*waiting = (struct waiting){.tries = 1, .retry_at_ms = ddns_clock_ms() + RETRY_MS};
	if (strlen(text) >= sizeof waiting->target || strlen(origin) >= sizeof waiting->origin ||
	    notify_target_parse(text, &target) != DDNS_OK ||
	    notify_message_make(origin, true, &waiting->message) != DDNS_OK) {
		log_warning("notify: zone '%s' cannot be told to '%s'", origin, text);
		return;
	}
	strcpy(waiting->origin, origin);
	strcpy(waiting->target, text);
	waiting->fd = notify_socket(&target, source_for(context, &target));
	if (waiting->fd < 0) {
		log_warning("notify: cannot send to '%s': %s", text, strerror(errno));
		return;
	}
	notifier->count++;
	send_message(waiting->fd, &waiting->message);
}

/* Whether a name server shows the serial or a later one (RFC 1982) within the time left. */
static void
wait_until_shown(const struct listen_address *server, const char *origin, uint32_t serial,
		 int64_t deadline)
{
	struct notify_message question;
	int fd = notify_socket(server, NULL);
	bool is_shown = fd < 0 || notify_message_make(origin, false, &question) != DDNS_OK;
	while (!is_shown && ddns_clock_ms() < deadline) {
		struct pollfd event = {.fd = fd, .events = POLLIN};
		uint8_t wire[NOTIFY_MESSAGE_MAX];
		uint32_t shown;
		ssize_t length = -1;
		send_message(fd, &question);
		if (poll(&event, 1, ASK_MS) > 0)
			length = recv(fd, wire, sizeof wire, 0);
		if (length > 0 && notify_message_is_answer(&question, wire, (size_t)length) &&
		    notify_message_serial(wire, (size_t)length, &shown))
			is_shown = (int32_t)(shown - serial) >= 0;
		if (!is_shown && length > 0) // it answers, but not yet so
			poll(NULL, 0, ASK_MS);
	}
	if (fd >= 0)
		close(fd);
}

static enum ddns_result
run(struct job_context *context, int *wait_msp)
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result;
	(void)wait_msp;
	if (context->state == NULL && (context->state = calloc(1, sizeof(struct notifier))) == NULL)
		return DDNS_NO_MEMORY;
	look_after(context->state);
	CHECK(ddns_db_query(context->db, DDNS_STATEMENT_JOBS_CLAIM_NOTIFIES, NULL, 0,
			    QUERY_TIMEOUT_MS, &rows));
	// one second for all of them: what one name server shows, it mostly shows of all zones
	int64_t deadline = ddns_clock_ms() + SHOW_MS;
	for (size_t row = 0; row < ddns_rows_count(rows); row++) {
		const char *origin = ddns_rows_text(rows, row, 0);
		uint32_t serial = (uint32_t)ddns_rows_integer(rows, row, 1, 0);
		for (size_t i = 0; i < context->name_servers->count; i++)
			wait_until_shown(&context->name_servers->items[i], origin, serial,
					 deadline);
		for (const char *at = ddns_rows_text(rows, row, 2); *at != '\0';) {
			char target[64];
			size_t length = strcspn(at, ",");
			if (length < sizeof target) {
				memcpy(target, at, length);
				target[length] = '\0';
				tell(context, origin, target);
			}
			at += length + (at[length] == ',');
		}
	}

cleanup:
	ddns_rows_free(rows);
	return result;
}

static void
forget(void *state)
{
	struct notifier *notifier = state;
	while (notifier->count > 0)
		drop(notifier, notifier->count - 1);
	free(notifier);
}

const struct job job_notify = {
	.name = "notify",
	.interval_ms = INTERVAL_MS,
	.error_wait_ms = 1000,
	.run = run,
	.free = forget,
};
