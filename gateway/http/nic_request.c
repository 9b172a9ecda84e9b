// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameters of a dyndns2 update ask for.
#include "gateway/http/nic_request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "gateway/update/hostname.h"

/* What dialects call the list of hosts; the first of these that names any counts. */
static const char *const host_parameters[] = {
	"hostname", "host_id", "host", "h[]", "domains", "domain",
};

/* What they call addresses. */
static const struct {
	const char *name;
	int family;	    // that the name means, or AF_UNSPEC
	bool empty_removes; // else an empty value says nothing
} address_parameters[] = {
	{"myip", AF_UNSPEC, false}, {"myipv4", AF_INET, true},	 {"myipv6", AF_INET6, true},
	{"ip", AF_UNSPEC, false},   {"ipv4", AF_INET, false},	 {"ipv6", AF_INET6, false},
	{"ip6", AF_INET6, false},   {"myip2", AF_UNSPEC, false}, {"address", AF_UNSPEC, false},
	{"addr", AF_UNSPEC, false}, {"dnsto", AF_UNSPEC, false},
};

/* What else can be set, and what the database function calls it. */
static const struct {
	const char *name, *option;
} option_parameters[] = {
	{"timeout", "timeout"}, {"wildcard", "wildcard"}, {"mx", "mx"},
	{"backmx", "backmx"},	{"ipv6prefix", "prefix"}, {"ip6lanprefix", "prefix"},
};

static enum ddns_result
add_hosts(struct nic_request *nic, const char *list)
{
	// a form that was never filled in says YES
	if (strcasecmp(list, "YES") == 0)
		return DDNS_OK;
	while (list != NULL) {
		struct nic_host host = {0};
		if (list_next(&list, host.text, sizeof host.text) == 0)
			continue;
		if (nic->host_count >= NIC_HOSTS_MAX) {
			nic->host_count = NIC_HOSTS_MAX + 1;
			return DDNS_OK;
		}
		// one that was cut is too long in any case
		if (strlen(host.text) < sizeof host.text - 1 &&
		    hostname_canonical(host.text, host.name) == DDNS_NO_MEMORY)
			return DDNS_NO_MEMORY;
		nic->hosts[nic->host_count++] = host;
	}
	return DDNS_OK;
}

static void
add_addresses(struct nic_request *nic, const struct query_parameter *parameter)
{
	for (size_t i = 0; i < sizeof address_parameters / sizeof *address_parameters; i++) {
		if (strcmp(address_parameters[i].name, parameter->name) != 0)
			continue;
		int family = address_parameters[i].family;
		bool is_empty = parameter->value[0] == '\0' && !address_parameters[i].empty_removes;
		if (family == AF_UNSPEC || is_empty)
			addresses_add(&nic->addresses, parameter->value);
		else
			addresses_add_family(&nic->addresses, family, parameter->value);
	}
}

/* Whether a value leaves its option as it is: clients send those that nobody has set. */
static bool
is_silent(const char *value)
{
	return value[0] == '\0' || strcasecmp(value, "NOCHG") == 0 ||
	       strcasecmp(value, "<ip6lanprefix>") == 0;
}

static enum ddns_result
set_option(json_t *options, const char *name, const char *value)
{
	json_t *text = json_string(value);
	if (text == NULL) // not UTF-8: nothing that the database takes either
		text = json_string("\xef\xbf\xbd");
	return json_object_set_new(options, name, text) == 0 ? DDNS_OK : DDNS_NO_MEMORY;
}

static enum ddns_result
read_options(const struct query *parameters, struct nic_request *nic)
{
	json_t *options = json_object();
	enum ddns_result result = options == NULL ? DDNS_NO_MEMORY : DDNS_OK;
	if (result == DDNS_OK && nic->addresses.prefix[0] != '\0')
		result = set_option(options, "prefix", nic->addresses.prefix);
	for (size_t i = 0; i < sizeof option_parameters / sizeof *option_parameters; i++) {
		const char *value = query_value(parameters, option_parameters[i].name);
		if (result != DDNS_OK || value == NULL || is_silent(value))
			continue;
		result = set_option(options, option_parameters[i].option, value);
		// a prefix says whose addresses are meant, like an address
		if (strcmp(option_parameters[i].option, "prefix") == 0)
			nic->addresses.is_said = true;
	}
	if (result == DDNS_OK && json_object_size(options) > 0) {
		nic->options = json_dumps(options, JSON_COMPACT);
		if (nic->options == NULL)
			result = DDNS_NO_MEMORY;
	}
	json_decref(options);
	return result;
}

void
nic_request_clear(struct nic_request *nic)
{
	free(nic->options);
	nic->options = NULL;
}

enum ddns_result
nic_request_read(const struct query *parameters, struct nic_request *nic)
{
	enum ddns_result result = DDNS_OK;
	*nic = (struct nic_request){0};
	for (size_t i = 0; i < sizeof host_parameters / sizeof *host_parameters; i++) {
		if (nic->host_count > 0)
			break;
		for (size_t p = 0; p < parameters->count; p++)
			if (strcmp(parameters->parameters[p].name, host_parameters[i]) == 0)
				CHECK(add_hosts(nic, parameters->parameters[p].value));
	}
	for (size_t p = 0; p < parameters->count; p++)
		add_addresses(nic, &parameters->parameters[p]);
	const char *offline = query_value(parameters, "offline");
	nic->is_offline = offline != NULL && strcasecmp(offline, "YES") == 0;
	CHECK(read_options(parameters, nic));

cleanup:
	return result;
}
