// SPDX-License-Identifier: GPL-3.0-or-later
// Asks one server one question and waits a bounded time.
#include "gateway/ctl/doctor/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/jobs/notify_message.h"
#include "sql/client/db.h"
#include "sql/client/dname.h"

enum { TRIES = 2 };

/* A wildcard is what somebody listens on; itself can be reached by loopback. */
static struct sockaddr_storage
reachable(const struct listen_address *server)
{
	struct sockaddr_storage socket = server->socket;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&socket;
	if (socket.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (socket.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
		v6->sin6_addr = in6addr_loopback;
	return socket;
}

static bool
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd wait = {.fd = fd, .events = events};
	int64_t left = deadline - ddns_clock_ms();
	return left > 0 && poll(&wait, 1, (int)left) == 1;
}

static int
open_socket(const struct listen_address *server, int type, int64_t deadline)
{
	struct sockaddr_storage peer = reachable(server);
	int error = 0, fd = socket(peer.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof error;
	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)&peer, server->length) == 0 ||
	    (errno == EINPROGRESS && wait_for(fd, POLLOUT, deadline) &&
	     getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0))
		return fd;
	close(fd);
	return -1;
}

/* The question; *lengthp 0 where the name is none. */
static void
make_question(unsigned opcode, const char *name, uint16_t type, bool wants_recursion,
	      uint8_t wire[ASK_MESSAGE_MAX], size_t *lengthp)
{
	uint8_t owner[DDNS_DNAME_WIRE_MAX];
	size_t length;
	*lengthp = 0;
	memset(wire, 0, KNOT_WIRE_HEADER_SIZE); // libknot counts on with what stands there
	if (ddns_dname_to_wire(name, owner, &length) != DDNS_OK)
		return;
	knot_pkt_t *packet = knot_pkt_new(wire, ASK_MESSAGE_MAX, NULL);
	if (packet == NULL)
		return;
	knot_wire_set_id(packet->wire, (uint16_t)arc4random_uniform(UINT16_MAX + 1U));
	knot_wire_set_opcode(packet->wire, (uint8_t)opcode);
	if (wants_recursion)
		knot_wire_set_rd(packet->wire);
	if (knot_pkt_put_question(packet, owner, KNOT_CLASS_IN, type) == KNOT_EOK)
		*lengthp = packet->size;
	knot_pkt_free(packet);
}

/* Takes what comes until it is the answer: a late one to somebody else's question is not. */
static bool
receive(int fd, const uint8_t *question, unsigned opcode, int64_t deadline,
	struct ask_answer *answer)
{
	while (wait_for(fd, POLLIN, deadline)) {
		ssize_t got = recv(fd, answer->wire, sizeof answer->wire, 0);
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (got < KNOT_WIRE_HEADER_SIZE || memcmp(answer->wire, question, 2) != 0 ||
		    !knot_wire_get_qr(answer->wire) || knot_wire_get_opcode(answer->wire) != opcode)
			continue;
		answer->packet = knot_pkt_new(answer->wire, (uint16_t)got, NULL);
		if (answer->packet == NULL)
			return false;
		if (knot_pkt_parse(answer->packet, 0) == KNOT_EOK) {
			answer->rcode = knot_wire_get_rcode(answer->wire);
			return true;
		}
		ask_clear(answer);
	}
	return false;
}

enum ddns_result
ask_dns(const struct listen_address *server, unsigned opcode, const char *name, uint16_t type,
	bool wants_recursion, struct ask_answer *answer)
{
	uint8_t question[ASK_MESSAGE_MAX];
	size_t length;
	bool is_answered = false;

	answer->packet = NULL;
	make_question(opcode, name, type, wants_recursion, question, &length);
	if (length == 0)
		return DDNS_BAD_INPUT;
	int fd = open_socket(server, SOCK_DGRAM, ddns_clock_ms() + ASK_MS);
	if (fd < 0)
		return DDNS_UNAVAILABLE;
	for (int i = 0; i < TRIES && !is_answered; i++) {
		if (send(fd, question, length, 0) != (ssize_t)length)
			break; // nobody listens there: the system said so
		is_answered = receive(fd, question, opcode, ddns_clock_ms() + ASK_MS, answer);
	}
	close(fd);
	return is_answered ? DDNS_OK : DDNS_UNAVAILABLE;
}

void
ask_clear(struct ask_answer *answer)
{
	knot_pkt_free(answer->packet);
	answer->packet = NULL;
}

bool
ask_serial(const struct ask_answer *answer, uint32_t *serialp)
{
	const knot_pktsection_t *section = knot_pkt_section(answer->packet, KNOT_ANSWER);
	for (uint16_t i = 0; i < section->count; i++) {
		if (notify_soa_serial(knot_pkt_rr(section, i), serialp))
			return true;
	}
	return false;
}

bool
ask_connect(const struct listen_address *server)
{
	int fd = open_socket(server, SOCK_STREAM, ddns_clock_ms() + ASK_MS);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

enum ddns_result
ask_http(const struct listen_address *server, const char *path, int *statusp, char *body,
	 size_t size)
{
	char text[4096];
	size_t length = 0;
	int64_t deadline = ddns_clock_ms() + 3 * ASK_MS;
	int fd = open_socket(server, SOCK_STREAM, deadline);
	if (fd < 0)
		return DDNS_UNAVAILABLE;
	int sent = snprintf(text, sizeof text, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	if (send(fd, text, (size_t)sent, MSG_NOSIGNAL) == sent)
		while (length < sizeof text - 1 && wait_for(fd, POLLIN, deadline)) {
			ssize_t got = recv(fd, text + length, sizeof text - 1 - length, 0);
			if (got <= 0)
				break;
			length += (size_t)got;
		}
	close(fd);
	text[length] = '\0';
	const char *start = strstr(text, "\r\n\r\n");
	if (sscanf(text, "HTTP/1.%*c %d", statusp) != 1 || start == NULL)
		return DDNS_UNAVAILABLE;
	snprintf(body, size, "%.*s", (int)strcspn(start + 4, "\r\n"), start + 4);
	return DDNS_OK;
}
