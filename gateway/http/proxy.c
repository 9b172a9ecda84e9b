// SPDX-License-Identifier: GPL-3.0-or-later
// Proxies that are trusted to say whom a request came from.
#include "gateway/http/proxy.h"

#include <stdlib.h>
#include <string.h>

enum { ITEM_SIZE = ADDRESS_TEXT_SIZE + 8 }; // [address]:port

enum ddns_result
proxy_prefix_parse(const char *text, struct proxy_prefix *prefix)
{
	char address[ADDRESS_TEXT_SIZE];
	struct proxy_prefix parsed;
	size_t length = strcspn(text, "/");
	if (length >= sizeof address)
		return DDNS_BAD_INPUT;
	memcpy(address, text, length);
	address[length] = '\0';
	enum ddns_result result = address_parse(address, &parsed.address);
	if (result != DDNS_OK)
		return result;
	unsigned most = parsed.address.family == AF_INET ? 32 : 128;
	parsed.length = most;
	if (text[length] == '/') {
		const char *bits = text + length + 1;
		size_t digits = strspn(bits, "0123456789");
		if (digits == 0 || digits > 3 || bits[digits] != '\0')
			return DDNS_BAD_INPUT;
		parsed.length = (unsigned)strtoul(bits, NULL, 10);
	}
	if (parsed.length > most || !address_is_prefix(&parsed.address, parsed.length))
		return DDNS_BAD_INPUT;
	*prefix = parsed;
	return DDNS_OK;
}

static bool
is_in(const struct address *address, const struct proxy_prefix *prefix)
{
	struct address difference = *address;
	if (address->family != prefix->address.family)
		return false;
	for (size_t i = 0; i < sizeof difference.bytes; i++)
		difference.bytes[i] ^= prefix->address.bytes[i];
	// what differs must lie behind the prefix
	for (unsigned bit = 0; bit < prefix->length; bit++)
		if (difference.bytes[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

static bool
is_trusted(const struct proxies *proxies, const struct address *address)
{
	for (size_t i = 0; i < proxies->count; i++)
		if (is_in(address, &proxies->prefixes[i]))
			return true;
	return false;
}

/* An element of X-Forwarded-For: ADDRESS, ADDRESS:PORT, [IPV6] or [IPV6]:PORT. */
static enum ddns_result
parse_item(const char *text, size_t length, struct address *address)
{
	char item[ITEM_SIZE], *end;
	struct listen_address with_port;
	if (length >= sizeof item)
		return DDNS_BAD_INPUT;
	memcpy(item, text, length);
	item[length] = '\0';
	if (address_parse(item, address) == DDNS_OK)
		return DDNS_OK;
	if (item[0] != '*' && listen_address_parse(item, &with_port) == DDNS_OK) {
		*address = address_of((const struct sockaddr *)&with_port.socket);
		return DDNS_OK;
	}
	if (item[0] != '[' || (end = strchr(item, ']')) == NULL || end[1] != '\0')
		return DDNS_BAD_INPUT;
	*end = '\0';
	return strchr(item, ':') == NULL ? DDNS_BAD_INPUT : address_parse(item + 1, address);
}

struct address
proxy_client(const struct proxies *proxies, const struct address *peer, const char *forwarded)
{
	struct address client = *peer, next;
	size_t left = strlen(forwarded);
	while (left > 0 && is_trusted(proxies, &client)) {
		size_t begin = left, end = left;
		while (begin > 0 && forwarded[begin - 1] != ',')
			begin--;
		left = begin > 0 ? begin - 1 : 0;
		while (begin < end && strchr(" \t", forwarded[begin]) != NULL)
			begin++;
		while (end > begin && strchr(" \t", forwarded[end - 1]) != NULL)
			end--;
		if (parse_item(forwarded + begin, end - begin, &next) != DDNS_OK)
			break;
		client = next;
	}
	return client;
}
