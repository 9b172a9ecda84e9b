// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl status: how all of it stands, and how far the name servers are behind.
#include <stdio.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/ctl/output.h"
#include "gateway/ctl/session.h"
#include "gateway/ctl/status_servers.h"

static const struct output_column fields[] = {
	{"database", "database", OUTPUT_TEXT},
	{"postgresql", "postgresql", OUTPUT_TEXT},
	{"schema", "schema", OUTPUT_TEXT},
	{"standby", "is_standby", OUTPUT_TEXT},
	{"accounts", "accounts", OUTPUT_TEXT},
	{"keys", "keys", OUTPUT_TEXT},
	{"zones", "zones", OUTPUT_TEXT},
	{"records", "records", OUTPUT_TEXT},
	{"domains", "domains", OUTPUT_TEXT},
	{"  online", "domains_online", OUTPUT_TEXT},
	{"  offline", "domains_offline", OUTPUT_TEXT},
	{"timeouts", "timeouts", OUTPUT_TEXT},
	{"  due", "timeouts_due", OUTPUT_TEXT},
	{"  oldest due", "timeouts_oldest_due", OUTPUT_TIME},
	{"steps kept", "steps", OUTPUT_TEXT},
	{"last prune", "last_prune", OUTPUT_TIME},
	{"zones to notify", "zones_to_notify", OUTPUT_TEXT},
};

static const struct output_column gateway_columns[] = {
	{"GATEWAY", "gateway", OUTPUT_TEXT},
	{"THERE", "is_there", OUTPUT_TEXT},
	{"SINCE", "since", OUTPUT_TIME},
	{"LAST SEEN", "at", OUTPUT_TIME},
};

static const struct output_column zone_columns[] = {
	{"ZONE", "origin", OUTPUT_TEXT},
	{"SERIAL", "serial", OUTPUT_NUMBER},
	{"NOTIFIED", "notified", OUTPUT_TIME},
	{"TO NOTIFY", "is_notify_due", OUTPUT_TEXT},
};

static const struct output_column server_columns[] = {
	{"NAME SERVER", "server", OUTPUT_TEXT},	     {"NAME", "name", OUTPUT_TEXT},
	{"ZONES", "zones", OUTPUT_NUMBER},	     {"CURRENT", "current", OUTPUT_NUMBER},
	{"BEHIND", "behind", OUTPUT_NUMBER},	     {"SILENT", "silent", OUTPUT_NUMBER},
	{"NOT SERVED", "not_served", OUTPUT_NUMBER},
};

static const struct output_column lag_columns[] = {
	{"NOT IN STEP", "origin", OUTPUT_TEXT},
	{"NAME SERVER", "server", OUTPUT_TEXT},
	{"STATE", "state", OUTPUT_TEXT},
	{"BEHIND BY", "behind", OUTPUT_NUMBER},
};
#define COUNTED(columns) columns, sizeof columns / sizeof *columns

/* A line for each server of a zone that is not current. */
static json_t *
lags_of(const json_t *zones)
{
	json_t *lags = json_array(), *zone, *server;
	size_t i, j;
	json_array_foreach(zones, i, zone)
	{
		json_array_foreach(json_object_get(zone, "servers"), j, server)
		{
			const char *state = json_string_value(json_object_get(server, "state"));
			const char *address = json_string_value(json_object_get(server, "address"));
			const char *name = json_string_value(json_object_get(server, "name"));
			if (state == NULL || strcmp(state, "current") == 0)
				continue;
			json_t *lag = json_pack("{s:O, s:s, s:O*}", "origin",
						json_object_get(zone, "origin"), "state", state,
						"behind", json_object_get(server, "behind"));
			json_object_set_new(
				lag, "server",
				address == NULL
					? json_string(name)
					: json_sprintf("%s#%d", address,
						       (int)json_integer_value(
							       json_object_get(server, "port"))));
			json_array_append_new(lags, lag);
		}
	}
	return lags;
}

static enum ddns_result
print(const json_t *status)
{
	const json_t *zones = json_object_get(status, "zone_list");
	json_t *lags = lags_of(zones);
	const struct {
		const json_t *rows;
		const struct output_column *columns;
		size_t count;
	} tables[] = {
		{json_object_get(status, "gateways"), COUNTED(gateway_columns)},
		{zones, COUNTED(zone_columns)},
		{json_object_get(status, "name_servers"), COUNTED(server_columns)},
		{lags, COUNTED(lag_columns)},
	};
	enum ddns_result result;

	CHECK(output_fields(stdout, status, COUNTED(fields)));
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		if (json_array_size(tables[i].rows) > 0)
			fputc('\n', stdout);
		CHECK(output_table(stdout, tables[i].rows, tables[i].columns, tables[i].count));
	}

cleanup:
	json_decref(lags);
	return result;
}

static enum ddns_result
show(struct session *session, const struct arguments *arguments)
{
	json_t *status = NULL, *zones = NULL, *servers = NULL;
	enum ddns_result result;

	CHECK(session_object(session, DDNS_STATEMENT_CTL_STATUS, NULL, 0, &status));
	CHECK(session_array(session, DDNS_STATEMENT_CTL_STATUS_ZONES, NULL, 0, &zones));
	CHECK(status_servers_ask(session, arguments, zones, &servers));
	if (json_object_set(status, "zone_list", zones) != 0 ||
	    json_object_set(status, "name_servers", servers) != 0) {
		result = session_no_memory(session);
		goto cleanup;
	}
	if ((session->wants_json ? output_json(stdout, status) : print(status)) != DDNS_OK)
		result = session_no_memory(session);

cleanup:
	json_decref(status);
	json_decref(zones);
	json_decref(servers);
	return result;
}

static const struct command_option options[] = {
	{"named", "ADDR[#PORT]", true,
	 "a name server to ask for each zone [those of its NS, and of notify]"},
};

static const struct command commands[] = {
	{"", "", 0, 0, "shows how all of it stands, and which name servers are behind",
	 "Each zone's serial is compared with what its name servers and the secondaries of\n"
	 "notify show.  A gateway is there when it was seen within 5 seconds.\n\n"
	 "  ddnsctl status\n"
	 "  ddnsctl status --named 127.0.0.1 --named 192.0.2.53#5353 --json\n",
	 COUNTED(options), show},
};

const struct noun status_noun = {"status", "shows how all of it stands", COUNTED(commands)};
