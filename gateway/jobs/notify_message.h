// SPDX-License-Identifier: GPL-3.0-or-later
// The DNS messages of NOTIFY (RFC 1996) and the question for a SOA: made and read, with the sockets
// they go through.
#ifndef GATEWAY_JOBS_NOTIFY_MESSAGE_H
#define GATEWAY_JOBS_NOTIFY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "gateway/address.h"
#include "sql/client/result.h"

enum { NOTIFY_MESSAGE_MAX = 1024 }; // with the longest names and the longest signature

struct notify_message {
	uint8_t wire[NOTIFY_MESSAGE_MAX];
	size_t length;
};

/*
 * A question for a zone's SOA, or, with is_notify, the NOTIFY of it, under a random id.
 * DDNS_BAD_INPUT: `origin` is no name.
 */
enum ddns_result notify_message_make(const char *origin, bool is_notify,
				     struct notify_message *message);

/* Whether `wire` answers the message: same id, opcode and question (RFC 1996 section 4.8). */
bool notify_message_is_answer(const struct notify_message *message, const uint8_t *wire,
			      size_t length);

/* The serial of a parsed RR that is to be a SOA (RFC 1035 section 3.3.13); false: it is none, or it
 * is malformed: libknot's parser takes one without data for whole. */
bool notify_soa_serial(const knot_rrset_t *rr, uint32_t *serialp);

/* The serial of the SOA in an answer; false: there is none. */
bool notify_message_serial(const uint8_t *wire, size_t length, uint32_t *serialp);

/* ADDR[#PORT].  DDNS_BAD_INPUT. */
enum ddns_result notify_target_parse(const char *text, struct listen_address *target);

/* A UDP socket that talks to `peer` alone, without blocking; -1: there is none, errno says why.
 * source: NULL, or where it sends from. */
int notify_socket(const struct listen_address *peer, const struct listen_address *source);

#endif
