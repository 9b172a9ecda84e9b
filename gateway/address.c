// SPDX-License-Identifier: GPL-3.0-or-later
// Internet addresses: parsing, one form for each, and the addresses that listeners are bound to.
#include "gateway/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes an IPv4 address out of its IPv6 wrapping. */
static void
unmap(struct address *address)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
	if (address->family != AF_INET6 || memcmp(address->bytes, prefix, sizeof prefix) != 0)
		return;
	address->family = AF_INET;
	memmove(address->bytes, address->bytes + sizeof prefix, 4);
	memset(address->bytes + 4, 0, 12);
}

enum ddns_result
address_parse(const char *text, struct address *address)
{
	struct address parsed = {.family = AF_INET};
	if (inet_pton(AF_INET, text, parsed.bytes) != 1) {
		parsed.family = AF_INET6;
		if (inet_pton(AF_INET6, text, parsed.bytes) != 1)
			return DDNS_BAD_INPUT;
	}
	unmap(&parsed);
	*address = parsed;
	return DDNS_OK;
}

struct address
address_of(const struct sockaddr *socket)
{
	struct address address = {.family = AF_INET};
	if (socket->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, socket, sizeof in);
		memcpy(address.bytes, &in.sin_addr, sizeof in.sin_addr);
	} else if (socket->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, socket, sizeof in6);
		address.family = AF_INET6;
		memcpy(address.bytes, &in6.sin6_addr, sizeof in6.sin6_addr);
		unmap(&address);
	}
	return address;
}

void
address_text(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	if (inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_SIZE) == NULL)
		text[0] = '\0';
}

bool
address_is_unspecified(const struct address *address)
{
	return address_is_prefix(address, 0);
}

bool
address_is_prefix(const struct address *address, unsigned length)
{
	unsigned size = address->family == AF_INET ? 4 : 16;
	for (unsigned i = 0; i < size; i++) {
		unsigned kept = length > 8 * i ? length - 8 * i : 0; // bits of this byte
		uint8_t host = kept >= 8 ? 0 : (uint8_t)(0xff >> kept);
		if ((address->bytes[i] & host) != 0)
			return false;
	}
	return true;
}

/* A port of decimal digits only. */
static enum ddns_result
parse_port(const char *text, in_port_t *port)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return DDNS_BAD_INPUT;
	unsigned long number = strtoul(text, NULL, 10);
	if (number > UINT16_MAX)
		return DDNS_BAD_INPUT;
	*port = htons((in_port_t)number);
	return DDNS_OK;
}

enum ddns_result
listen_address_parse(const char *text, struct listen_address *address)
{
	const char *colon = strrchr(text, ':');
	in_port_t port;
	if (colon == NULL || parse_port(colon + 1, &port) != DDNS_OK)
		return DDNS_BAD_INPUT;
	char host[INET6_ADDRSTRLEN];
	bool is_ipv6 = text[0] == '[';
	const char *begin = is_ipv6 ? text + 1 : text;
	const char *end = is_ipv6 ? colon - 1 : colon;
	if (end <= begin || (is_ipv6 && *end != ']') || (size_t)(end - begin) >= sizeof host)
		return DDNS_BAD_INPUT;
	memcpy(host, begin, (size_t)(end - begin));
	host[end - begin] = '\0';

	struct listen_address parsed = {0};
	if (is_ipv6) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
		if (inet_pton(AF_INET6, host, &in6.sin6_addr) != 1)
			return DDNS_BAD_INPUT;
		memcpy(&parsed.socket, &in6, sizeof in6);
		parsed.length = sizeof in6;
	} else {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
		if (strcmp(host, "*") != 0 && inet_pton(AF_INET, host, &in.sin_addr) != 1)
			return DDNS_BAD_INPUT;
		memcpy(&parsed.socket, &in, sizeof in);
		parsed.length = sizeof in;
	}
	*address = parsed;
	return DDNS_OK;
}

void
listen_address_text(const struct sockaddr *socket, char text[LISTEN_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN] = "?";
	if (socket->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, socket, sizeof in6);
		inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
		snprintf(text, LISTEN_TEXT_SIZE, "[%s]:%u", host, ntohs(in6.sin6_port));
	} else {
		struct sockaddr_in in;
		memcpy(&in, socket, sizeof in);
		inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
		snprintf(text, LISTEN_TEXT_SIZE, "%s:%u", host, ntohs(in.sin_port));
	}
}
