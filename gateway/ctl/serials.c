// SPDX-License-Identifier: GPL-3.0-or-later
// Asks name servers for the serials of zones: a socket for each, and a window of questions.
#include "gateway/ctl/serials.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/jobs/notify_message.h"
#include "sql/client/db.h"

enum {
	WINDOW = 32,	// questions under way at a server
	WAIT_MS = 1000, // for an answer
	TRIES = 2,
	ALL_MS = 10000, // for all of them
};

/* A question under way. */
struct pending {
	struct serial_question *question;
	struct notify_message message;
	int tries;
	int64_t sent_ms;
};

struct server {
	bool is_heard; // it has answered anything
	bool is_given_up;
	size_t next; // question that was not looked at yet
	size_t pending_count;
	struct pending pending[WINDOW];
};

static void
send_question(int fd, struct pending *pending)
{
	// what cannot be sent is as lost as any datagram may be
	ssize_t sent = send(fd, pending->message.wire, pending->message.length, MSG_NOSIGNAL);
	(void)sent;
	pending->tries++;
	pending->sent_ms = ddns_clock_ms();
}

static void
drop(struct server *server, size_t index)
{
	server->pending[index] = server->pending[--server->pending_count];
}

/* Sends what the window has room for. */
static void
fill(struct server *server, size_t index, int fd, struct serial_question *questions, size_t count)
{
	for (; server->next < count && server->pending_count < WINDOW; server->next++) {
		struct serial_question *question = &questions[server->next];
		struct pending *pending = &server->pending[server->pending_count];
		if (question->server != index || server->is_given_up)
			continue;
		*pending = (struct pending){.question = question};
		if (notify_message_make(question->origin, false, &pending->message) != DDNS_OK)
			continue;
		server->pending_count++;
		send_question(fd, pending);
	}
}

static void
take(struct server *server, int fd)
{
	uint8_t wire[NOTIFY_MESSAGE_MAX];
	ssize_t length;
	while ((length = recv(fd, wire, sizeof wire, 0)) > 0) {
		size_t i = 0;
		while (i < server->pending_count &&
		       !notify_message_is_answer(&server->pending[i].message, wire, (size_t)length))
			i++;
		if (i == server->pending_count)
			continue;
		struct serial_question *question = server->pending[i].question;
		server->is_heard = true;
		question->state = notify_message_serial(wire, (size_t)length, &question->serial)
					  ? SERIAL_SHOWN
					  : SERIAL_NOT_HERE;
		drop(server, i);
	}
}

/* Sends again what has waited for long enough, and gives up what was sent twice. */
static void
expire(struct server *server, int fd)
{
	int64_t now = ddns_clock_ms();
	for (size_t i = server->pending_count; i-- > 0;) {
		struct pending *pending = &server->pending[i];
		if (now - pending->sent_ms < WAIT_MS)
			continue;
		if (pending->tries < TRIES) {
			send_question(fd, pending);
			continue;
		}
		drop(server, i);
		server->is_given_up = !server->is_heard;
	}
}

static bool
is_done(const struct server *servers, size_t server_count, size_t count)
{
	for (size_t i = 0; i < server_count; i++)
		if (servers[i].pending_count > 0 || servers[i].next < count)
			return false;
	return true;
}

enum ddns_result
serials_ask(const struct listen_address *addresses, size_t server_count,
	    struct serial_question *questions, size_t count)
{
	struct server *servers = calloc(server_count + 1, sizeof *servers);
	struct pollfd *sockets = calloc(server_count + 1, sizeof *sockets);
	int64_t deadline = ddns_clock_ms() + ALL_MS;
	enum ddns_result result = DDNS_NO_MEMORY;

	if (servers == NULL || sockets == NULL)
		goto cleanup;
	for (size_t i = 0; i < count; i++)
		questions[i].state = SERIAL_SILENT;
	for (size_t i = 0; i < server_count; i++) {
		sockets[i] =
			(struct pollfd){.fd = notify_socket(&addresses[i], NULL), .events = POLLIN};
		servers[i].is_given_up = sockets[i].fd < 0;
	}
	while (!is_done(servers, server_count, count) && ddns_clock_ms() < deadline) {
		for (size_t i = 0; i < server_count; i++)
			fill(&servers[i], i, sockets[i].fd, questions, count);
		poll(sockets, server_count, WAIT_MS / 20);
		for (size_t i = 0; i < server_count; i++) {
			take(&servers[i], sockets[i].fd);
			expire(&servers[i], sockets[i].fd);
		}
	}
	for (size_t i = 0; i < server_count; i++)
		if (sockets[i].fd >= 0)
			close(sockets[i].fd);
	result = DDNS_OK;

cleanup:
	free(servers);
	free(sockets);
	return result;
}
