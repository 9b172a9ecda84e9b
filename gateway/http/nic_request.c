// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameters of a dyndns2 update ask for.
#include "gateway/http/nic_request.h"

#include <string.h>
#include <strings.h>

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
		bool is_silent =
			parameter->value[0] == '\0' && !address_parameters[i].empty_removes;
		if (family == AF_UNSPEC || is_silent)
			addresses_add(&nic->addresses, parameter->value);
		else
			addresses_add_family(&nic->addresses, family, parameter->value);
	}
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

cleanup:
	return result;
}
