// SPDX-License-Identifier: GPL-3.0-or-later
// Internet addresses: parsing, one form for each, and the addresses that listeners are bound to.
#ifndef GATEWAY_ADDRESS_H
#define GATEWAY_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sql/client/result.h"

enum {
	ADDRESS_TEXT_SIZE = INET6_ADDRSTRLEN,	 // room for any address as text
	LISTEN_TEXT_SIZE = INET6_ADDRSTRLEN + 8, // room for [address]:port
};

/*
 * An address.  An IPv4 address that arrived inside IPv6 (::ffff:0:0/96) is held as IPv4, so that
 * one host has one address.  Unused bytes are zero: addresses compare with memcmp.
 */
struct address {
	int family;	   // AF_INET or AF_INET6
	uint8_t bytes[16]; // network order; IPv4 in the first four
};

/* From text as inet_pton(3) takes it: no octal, hexadecimal or short forms.  DDNS_BAD_INPUT. */
enum ddns_result address_parse(const char *text, struct address *address);

/* A peer's address.  Anything but an internet socket (a Unix one) becomes 0.0.0.0. */
struct address address_of(const struct sockaddr *socket);

/* As text in the usual shortest form. */
void address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/* 0.0.0.0 or :: */
bool address_is_unspecified(const struct address *address);

/* Whether all bits after the first `length` are zero. */
bool address_is_prefix(const struct address *address, unsigned length);

/*
 * What a listener is bound to: "192.0.2.1:80", "[2001:db8::1]:80", or "*:80" and "[::]:80" for all
 * of a family.  Port 0 lets the system choose.  DDNS_BAD_INPUT: anything else.
 */
struct listen_address {
	struct sockaddr_storage socket;
	socklen_t length;
};
enum ddns_result listen_address_parse(const char *text, struct listen_address *address);
void listen_address_text(const struct sockaddr *socket, char text[LISTEN_TEXT_SIZE]);

#endif
