// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: what strangers write into update URLs and headers.  The input is taken for each in
// turn: query, credentials, Forwarded and one host name.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "gateway/http/basic.h"
#include "gateway/http/forwarded.h"
#include "gateway/http/nic_request.h"
#include "gateway/update/hostname.h"
#include "tests/fuzz/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A canonical name is a name, and stays as it is. */
static void
check_name(const char *name)
{
	char again[DDNS_DNAME_TEXT_MAX + 1];
	uint8_t wire[DDNS_DNAME_WIRE_MAX];
	size_t length;

	require(hostname_canonical(name, again) == DDNS_OK && strcmp(name, again) == 0);
	require(ddns_dname_to_wire(name, wire, &length) == DDNS_OK);
}

static void
check_family(const struct addresses_family *family, int wanted)
{
	char text[ADDRESSES_TEXT_SIZE];
	const char *list = addresses_text(family, text);

	require((list != NULL) == (family->what != ADDRESSES_LEAVE));
	require((family->count > 0) == (family->what == ADDRESSES_SET));
	for (size_t i = 0; i < family->count; i++)
		require(family->list[i].family == wanted &&
			!address_is_unspecified(&family->list[i]));
}

static void
check_query(char *text, size_t length)
{
	struct query query = {0};
	struct nic_request nic = {0};

	if (query_parse(&query, text, length) == DDNS_OK &&
	    nic_request_read(&query, &nic) == DDNS_OK) {
		require(nic.host_count <= NIC_HOSTS_MAX + 1);
		for (size_t i = 0; i < nic.host_count && i < NIC_HOSTS_MAX; i++)
			if (nic.hosts[i].name[0] != '\0')
				check_name(nic.hosts[i].name);
		check_family(&nic.addresses.v4, AF_INET);
		check_family(&nic.addresses.v6, AF_INET6);
		json_t *options = nic.options != NULL ? json_loads(nic.options, 0, NULL) : NULL;
		require(nic.options == NULL || json_is_object(options));
		json_decref(options);
	}
	nic_request_clear(&nic);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *list = malloc(size + 1), name[DDNS_DNAME_TEXT_MAX + 1];
	struct basic basic;

	if (text == NULL || list == NULL)
		goto cleanup;
	memcpy(text, data, size);
	text[size] = '\0';
	if (basic_parse((const char *)data, size, &basic) == DDNS_OK) {
		require(strlen(basic.user) + strlen(basic.password) <= BASIC_MAX);
		basic_clear(&basic);
	}
	if (forwarded_read(text, list, size + 1) == DDNS_OK)
		require(strlen(list) <= size);
	if (hostname_canonical(text, name) == DDNS_OK)
		check_name(name);
	check_query(text, size); // decodes in place, so it comes last
cleanup:
	free(text);
	free(list);
	return 0;
}
