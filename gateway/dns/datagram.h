// SPDX-License-Identifier: GPL-3.0-or-later
// UDP sockets of the DNS door.
#ifndef GATEWAY_DNS_DATAGRAM_H
#define GATEWAY_DNS_DATAGRAM_H

#include "gateway/address.h"
#include "gateway/dns/exchange.h"

/* Binds a socket that tells which address was asked.  DDNS_UNAVAILABLE: errno says why not. */
enum ddns_result datagram_bind(const struct listen_address *address, int *fdp);

/*
 * Takes one datagram without waiting, as an exchange with its path.
 * DDNS_NOT_FOUND: there is none.  DDNS_BAD_INPUT: one was dropped.  DDNS_NO_MEMORY: likewise.
 */
enum ddns_result datagram_receive(int fd, struct exchange **exchangep);

/* Sends without waiting, from any thread.  false: the system would not take it. */
bool datagram_send(const struct datagram_path *path, const uint8_t *wire, size_t length);

#endif
