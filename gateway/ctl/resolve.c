// SPDX-License-Identifier: GPL-3.0-or-later
// Addresses of names by glibc's getaddrinfo_a, which asks for all of them at once.
#include "gateway/ctl/resolve.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/address.h"
#include "sql/client/db.h"

/* Waits for one lookup; true: it is done, and nothing writes to it any more. */
static bool
wait_for(struct gaicb *lookup, int64_t deadline)
{
	const struct gaicb *list[] = {lookup};
	int64_t left;
	while (gai_error(lookup) == EAI_INPROGRESS && (left = deadline - ddns_clock_ms()) > 0) {
		const struct timespec wait = {left / 1000, left % 1000 * 1000000};
		gai_suspend(list, 1, &wait);
	}
	return gai_error(lookup) != EAI_INPROGRESS || gai_cancel(lookup) != EAI_NOTCANCELED;
}

static void
take(const struct addrinfo *info, json_t *addresses)
{
	for (; info != NULL; info = info->ai_next) {
		char text[ADDRESS_TEXT_SIZE];
		struct address address = address_of(info->ai_addr);
		address_text(&address, text);
		json_array_append_new(addresses, json_string(text));
	}
}

enum ddns_result
resolve_names(json_t *names, int timeout_ms)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	size_t size = json_object_size(names), count = 0;
	struct gaicb *lookups = calloc(size + 1, sizeof *lookups);
	struct gaicb **list = calloc(size + 1, sizeof *list);
	int64_t deadline = ddns_clock_ms() + timeout_ms;
	bool is_free = true;
	enum ddns_result result = DDNS_NO_MEMORY;
	const char *name;
	json_t *addresses;

	if (lookups == NULL || list == NULL)
		goto cleanup;
	json_object_foreach(names, name, addresses)
	{
		lookups[count] = (struct gaicb){.ar_name = name, .ar_request = &hints};
		list[count] = &lookups[count];
		count++;
	}
	result = DDNS_OK;
	if (count == 0 || getaddrinfo_a(GAI_NOWAIT, list, (int)count, NULL) != 0)
		goto cleanup;
	for (size_t i = 0; i < count; i++) {
		if (!wait_for(list[i], deadline)) {
			is_free = false;
		} else if (gai_error(list[i]) == 0) {
			take(list[i]->ar_result, json_object_get(names, list[i]->ar_name));
			freeaddrinfo(list[i]->ar_result);
		}
	}

cleanup:
	if (is_free) { // else the resolver may still write there
		free(lookups);
		free(list);
	} else {
		json_incref(names);
	}
	return result;
}
