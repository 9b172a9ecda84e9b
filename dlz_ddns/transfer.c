// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of addresses and prefixes that may copy a zone.
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/transfer.h"

/* Reads ADDRESS[%SCOPE][/BITS]; without /BITS it is one address.  ::ffff:a.b.c.d is IPv4. */
static bool
parse_prefix(const char *text, size_t length, struct transfer_prefix *prefix)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; // IPv4 in IPv6
	char copy[INET6_ADDRSTRLEN + 32];
	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';

	char *slash = strchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	copy[strcspn(copy, "%")] = '\0';

	*prefix = (struct transfer_prefix){0};
	if (inet_pton(AF_INET, copy, prefix->address) != 1) {
		if (inet_pton(AF_INET6, copy, prefix->address) != 1)
			return false;
		prefix->is_ipv6 = true;
	}

	unsigned long width = prefix->is_ipv6 ? 128 : 32;
	unsigned long bits = width;
	if (slash != NULL) {
		size_t digits = strspn(slash, "0123456789");
		if (digits == 0 || digits > 3 || slash[digits] != '\0')
			return false;
		bits = strtoul(slash, NULL, 10);
	}
	if (bits > width)
		return false;
	if (prefix->is_ipv6 && bits >= 96 && memcmp(prefix->address, mapped, sizeof(mapped)) == 0) {
		memcpy(prefix->address, prefix->address + sizeof(mapped), 4);
		prefix->is_ipv6 = false;
		bits -= 96;
	}
	prefix->bits = (uint8_t)bits;
	return true;
}

bool
transfer_parse(const char *mode, const char *list, struct transfer *transfer, bool *is_cleanp)
{
	*transfer = (struct transfer){.mode = TRANSFER_NONE};
	*is_cleanp = true;
	if (mode != NULL && strcmp(mode, "named") == 0)
		transfer->mode = TRANSFER_NAMED;
	else if (mode != NULL && strcmp(mode, "list") == 0)
		transfer->mode = TRANSFER_LIST;
	else
		*is_cleanp = mode != NULL && strcmp(mode, "none") == 0;
	if (transfer->mode != TRANSFER_LIST || list == NULL || *list == '\0')
		return true;

	size_t commas = 0;
	for (const char *c = list; *c != '\0'; c++)
		commas += *c == ',';
	transfer->prefixes = calloc(commas + 1, sizeof(*transfer->prefixes));
	if (transfer->prefixes == NULL)
		return false;
	for (const char *element = list;; element++) {
		size_t length = strcspn(element, ",");
		if (parse_prefix(element, length, &transfer->prefixes[transfer->count]))
			transfer->count++;
		else
			*is_cleanp = false;
		element += length;
		if (*element == '\0')
			return true;
	}
}

/* A family's prefix is of that family only: ::/0 says nothing about IPv4. */
static bool
is_in(const struct transfer_prefix *client, const struct transfer_prefix *prefix)
{
	unsigned octets = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;
	const uint8_t *address = client->address;
	if (client->is_ipv6 != prefix->is_ipv6 || memcmp(address, prefix->address, octets) != 0)
		return false;
	return rest == 0 || ((address[octets] ^ prefix->address[octets]) >> (8 - rest)) == 0;
}

bool
transfer_admits(const struct transfer *transfer, const char *client)
{
	struct transfer_prefix address;
	if (strchr(client, '/') != NULL || !parse_prefix(client, strlen(client), &address))
		return false;
	for (size_t i = 0; i < transfer->count; i++)
		if (is_in(&address, &transfer->prefixes[i]))
			return true;
	return false;
}

void
transfer_free(struct transfer *transfer)
{
	free(transfer->prefixes);
	*transfer = (struct transfer){0};
}
