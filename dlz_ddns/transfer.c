// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of addresses and prefixes that may copy a zone.
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/transfer.h"

/* Reads ADDRESS[%SCOPE][/BITS]; without /BITS it is one address. */
static bool
parse_prefix(const char *text, size_t length, struct transfer_prefix *prefix)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char copy[INET6_ADDRSTRLEN + 32];
	if (length == 0 || length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';

	char *slash = strchr(copy, '/');
	if (slash != NULL)
		*slash++ = '\0';
	copy[strcspn(copy, "%")] = '\0';

	unsigned long width = 128;
	memcpy(prefix->address, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, copy, prefix->address + sizeof(mapped)) == 1)
		width = 32;
	else if (inet_pton(AF_INET6, copy, prefix->address) != 1)
		return false;

	unsigned long bits = width;
	if (slash != NULL) {
		size_t digits = strspn(slash, "0123456789");
		if (digits == 0 || digits > 3 || slash[digits] != '\0')
			return false;
		bits = strtoul(slash, NULL, 10);
	}
	if (bits > width)
		return false;
	prefix->bits = (uint8_t)(128 - width + bits);
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

static bool
is_in(const uint8_t address[16], const struct transfer_prefix *prefix)
{
	unsigned octets = prefix->bits / 8;
	unsigned rest = prefix->bits % 8;
	if (memcmp(address, prefix->address, octets) != 0)
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
		if (is_in(address.address, &transfer->prefixes[i]))
			return true;
	return false;
}

void
transfer_free(struct transfer *transfer)
{
	free(transfer->prefixes);
	*transfer = (struct transfer){0};
}
