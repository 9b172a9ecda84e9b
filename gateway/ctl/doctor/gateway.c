// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway: its configuration is right, it is reached where that says.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/ctl/doctor/ask.h"
#include "gateway/ctl/doctor/doctor.h"

#define LOOK_AT_LOG "systemctl restart ddns-gateway, and read why: journalctl -u ddns-gateway"

static bool
read_configuration(struct doctor *doctor)
{
	const char *path = doctor->config_path;
	if (access(path, R_OK) != 0) {
		bool is_missing = errno == ENOENT;
		doctor_find(doctor, DOCTOR_UNKNOWN, "gateway",
			    is_missing
				    ? "--config FILE names it; `ddns-gateway --options` prints an "
				      "example"
				    : "run ddnsctl doctor as root",
			    is_missing ? "there is no %s" : "%s may not be read by you", path);
		return false;
	}
	// the places and values that are wrong have been logged to the terminal
	if (config_load(path, &doctor->config) != DDNS_OK) {
		doctor_find(doctor, DOCTOR_ERROR, "gateway",
			    "mend what `ddns-gateway -n -c FILE` complains of", "%s holds mistakes",
			    path);
		return false;
	}
	return true;
}

/* What it says of itself.  false: nobody is there. */
static bool
check_status(struct doctor *doctor)
{
	const struct config_list *list = &doctor->config->status_listen;
	struct listen_address address;
	char body[128];
	int status;
	if (list->count == 0)
		return true; // switched off: the doors tell whether it is there
	if (listen_address_parse(list->items[0], &address) != DDNS_OK ||
	    ask_http(&address, "/readyz", &status, body, sizeof body) != DDNS_OK) {
		doctor_find(doctor, DOCTOR_ERROR, "gateway", LOOK_AT_LOG,
			    "nobody answers at %s (status-listen)", list->items[0]);
		return false;
	}
	if (status == 200)
		doctor_find(doctor, DOCTOR_FINE, "gateway", NULL, "runs and is ready");
	else
		doctor_find(doctor, DOCTOR_ERROR, "gateway", LOOK_AT_LOG,
			    "runs, but is not ready: %s", body);
	return true;
}

static void
check_listeners(struct doctor *doctor, const char *option, const struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct listen_address address;
		if (listen_address_parse(list->items[i], &address) == DDNS_OK &&
		    ask_connect(&address))
			continue;
		doctor_find(doctor, DOCTOR_ERROR, "gateway", LOOK_AT_LOG,
			    "nobody listens at %s (%s)", list->items[i], option);
	}
}

void
check_gateway(struct doctor *doctor)
{
	if (!read_configuration(doctor) || !check_status(doctor))
		return;
	check_listeners(doctor, "http-listen", &doctor->config->http_listen);
	check_listeners(doctor, "redirect-listen", &doctor->config->redirect_listen);
	check_listeners(doctor, "dns-listen", &doctor->config->dns_listen);
}
