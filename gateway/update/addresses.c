// SPDX-License-Identifier: GPL-3.0-or-later
// The addresses that an update asks for: what clients write, and what becomes of each family.
#include "gateway/update/addresses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/update/hostname.h"

enum {
	HOST_PREFIX = 64, // bits of a usual network's prefix
	ITEM_SIZE = 64,	  // an address with zone id and prefix length; longer ones are none
};

static bool
is_placeholder(const char *item)
{
	static const char *const placeholders[] = {
		"<ipaddr>", "<ip6addr>", "<ip6lanprefix>", "__MYIP__", "[IP]", "%i", "%IP%", "auto",
	};
	for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
		if (strcasecmp(item, placeholders[i]) == 0)
			return true;
	return false;
}

/* Cuts "/48" off an item; *length is -1 where there is none. */
static enum ddns_result
cut_prefix_length(char *item, int *length)
{
	*length = -1;
	char *slash = strchr(item, '/');
	if (slash == NULL)
		return DDNS_OK;
	size_t digits = strspn(slash + 1, "0123456789");
	if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
		return DDNS_BAD_INPUT;
	*length = atoi(slash + 1);
	*slash = '\0';
	return *length <= 128 ? DDNS_OK : DDNS_BAD_INPUT;
}

static void
add_address(struct addresses_family *family, const struct address *address)
{
	for (size_t i = 0; i < family->count; i++)
		if (memcmp(&family->list[i], address, sizeof *address) == 0)
			return;
	family->what = ADDRESSES_SET;
	family->list[family->count++] = *address;
}

static void
remove_all(struct addresses *addresses, struct addresses_family *family)
{
	addresses->is_said = true;
	if (family->what == ADDRESSES_LEAVE)
		family->what = ADDRESSES_REMOVE;
}

static void
set_prefix(struct addresses *addresses, const struct address *address, unsigned length)
{
	char text[ADDRESS_TEXT_SIZE];
	address_text(address, text);
	snprintf(addresses->prefix, sizeof addresses->prefix, "%s/%u", text, length);
}

/* Reads an address with or without the length of its network, which is -1 where there is none. */
static enum ddns_result
read_address(char *item, struct address *address, int *length)
{
	enum ddns_result result = cut_prefix_length(item, length);
	size_t size = strlen(item);
	if (size > 1 && item[0] == '[' && item[size - 1] == ']') {
		item[size - 1] = '\0';
		item++;
	}
	char *zone_id = strchr(item, ':') == NULL ? NULL : strchr(item, '%');
	if (zone_id != NULL)
		*zone_id = '\0';
	if (result == DDNS_OK)
		result = address_parse(item, address);
	if (result == DDNS_OK && address->family == AF_INET && *length > 32)
		result = DDNS_BAD_INPUT;
	return result;
}

/* Reads one item that is not empty. */
static void
add_item(struct addresses *addresses, char *item)
{
	if (is_placeholder(item))
		return;
	addresses->is_said = true;
	if (strcasecmp(item, "preserve") == 0)
		return;
	if (strcasecmp(item, "clear") == 0) {
		remove_all(addresses, &addresses->v4);
		remove_all(addresses, &addresses->v6);
		return;
	}
	int length;
	struct address address;
	if (read_address(item, &address, &length) != DDNS_OK) {
		addresses->is_broken = true;
		return;
	}
	struct addresses_family *family =
		address.family == AF_INET ? &addresses->v4 : &addresses->v6;
	if (address_is_unspecified(&address)) {
		remove_all(addresses, family);
		return;
	}
	if (address.family == AF_INET6) {
		bool is_prefix =
			length != 128 &&
			address_is_prefix(&address, length < 0 ? HOST_PREFIX : (unsigned)length);
		if (length <= HOST_PREFIX && (is_prefix || length > 0))
			set_prefix(addresses, &address,
				   length < 0 ? HOST_PREFIX : (unsigned)length);
		else if (is_prefix) // only others in the list can save the update
			addresses->is_broken = true;
		if (is_prefix)
			return;
	}
	if (family->count == ADDRESSES_MAX)
		addresses->has_too_many = true;
	else
		add_address(family, &address);
}

void
addresses_add(struct addresses *addresses, const char *list)
{
	while (list != NULL) {
		char item[ITEM_SIZE];
		if (list_next(&list, item, sizeof item) > 0)
			add_item(addresses, item);
	}
}

void
addresses_add_family(struct addresses *addresses, int family, const char *list)
{
	if (*list != '\0' && strcasecmp(list, "clear") != 0) {
		addresses_add(addresses, list);
		return;
	}
	remove_all(addresses, family == AF_INET ? &addresses->v4 : &addresses->v6);
}

void
addresses_use_peer(struct addresses *addresses, const struct address *peer)
{
	if (addresses->is_said)
		return;
	add_address(peer->family == AF_INET ? &addresses->v4 : &addresses->v6, peer);
}

bool
addresses_are_unusable(const struct addresses *addresses)
{
	return addresses->has_too_many ||
	       (addresses->is_broken && addresses->prefix[0] == '\0' &&
		addresses->v4.what == ADDRESSES_LEAVE && addresses->v6.what == ADDRESSES_LEAVE);
}

const char *
addresses_text(const struct addresses_family *family, char text[ADDRESSES_TEXT_SIZE])
{
	if (family->what == ADDRESSES_LEAVE)
		return NULL;
	char *end = text;
	*end = '\0';
	for (size_t i = 0; i < family->count; i++) {
		if (i > 0)
			*end++ = ',';
		address_text(&family->list[i], end);
		end += strlen(end);
	}
	return text;
}
