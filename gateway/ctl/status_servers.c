// SPDX-License-Identifier: GPL-3.0-or-later
// Finds the name servers of zones, asks them for serials, and compares.
#include "gateway/ctl/status_servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/resolve.h"
#include "gateway/ctl/serials.h"
#include "gateway/jobs/notify_message.h"

enum {
	RESOLVE_MS = 3000,
	DNS_PORT = 53,
	TARGET_SIZE = ADDRESS_TEXT_SIZE + 8, // address#port
};

/* What is asked. */
struct inquiry {
	json_t *indexes; // of servers, by address#port
	json_t *servers; // what is told of each
	struct listen_address *addresses;
	struct serial_question *questions;
	json_t **asked; // the zone's server that each question is about; the zones'
	uint32_t *wanted;
	size_t question_count;
};

/* The name servers that the command line gives; an empty array where it gives none. */
static enum ddns_result
read_named(struct session *session, const struct arguments *arguments, json_t *named)
{
	const char *value;
	size_t next = 0;
	while ((value = arguments_next(arguments, "named", &next)) != NULL) {
		struct listen_address address;
		int length = (int)strcspn(value, "#");
		int port = value[length] == '#' ? atoi(value + length + 1) : DNS_PORT;
		if (notify_target_parse(value, &address) != DDNS_OK)
			return session_usage(session,
					     "--named '%.60s': an address, with #PORT where it is "
					     "not 53",
					     value);
		if (json_array_append_new(named, json_pack("{s:n, s:s%, s:i}", "name", "address",
							   value, (size_t)length, "port", port)) !=
		    0)
			return session_no_memory(session);
	}
	return DDNS_OK;
}

static bool
lacks_address(const json_t *server)
{
	return json_is_null(json_object_get(server, "address"));
}

/* A server with a name and no address becomes one for each of its addresses. */
static void
expand(json_t *zone, const json_t *names)
{
	json_t *servers = json_object_get(zone, "servers"), *expanded = json_array(), *server;
	size_t i, j;
	json_array_foreach(servers, i, server)
	{
		const char *name = json_string_value(json_object_get(server, "name"));
		const json_t *found =
			lacks_address(server) && name != NULL ? json_object_get(names, name) : NULL;
		json_t *address;
		if (json_array_size(found) == 0)
			json_array_append(expanded, server);
		json_array_foreach(found, j, address)
		{
			json_t *copy = json_copy(server);
			json_object_set(copy, "address", address);
			json_array_append_new(expanded, copy);
		}
	}
	json_object_set_new(zone, "servers", expanded);
}

/* Finds addresses of name servers that lie in no zone of ours. */
static enum ddns_result
complete(json_t *zones)
{
	json_t *names = json_object(), *zone, *server;
	size_t i, j;
	enum ddns_result result;
	json_array_foreach(zones, i, zone)
	{
		json_array_foreach(json_object_get(zone, "servers"), j, server)
		{
			const char *name = json_string_value(json_object_get(server, "name"));
			if (name != NULL && lacks_address(server))
				json_object_set_new(names, name, json_array());
		}
	}
	CHECK(resolve_names(names, RESOLVE_MS));
	json_array_foreach(zones, i, zone) expand(zone, names);

cleanup:
	json_decref(names);
	return result;
}

/* The number of a server, which is new or was there. */
static size_t
index_of(struct inquiry *inquiry, const json_t *server, const struct listen_address *address,
	 const char *target)
{
	const json_t *known = json_object_get(inquiry->indexes, target);
	size_t index = json_array_size(inquiry->servers);
	if (known != NULL)
		return (size_t)json_integer_value(known);
	inquiry->addresses[index] = *address;
	json_object_set_new(inquiry->indexes, target, json_integer((json_int_t)index));
	json_array_append_new(inquiry->servers,
			      json_pack("{s:s, s:O, s:i, s:i, s:i, s:i, s:i}", "server", target,
					"name", json_object_get(server, "name"), "zones", 0,
					"current", 0, "behind", 0, "silent", 0, "not_served", 0));
	return index;
}

/* A question for each server of each zone. */
static void
gather(struct inquiry *inquiry, json_t *zones)
{
	json_t *zone, *server;
	size_t i, j;
	json_array_foreach(zones, i, zone)
	{
		json_array_foreach(json_object_get(zone, "servers"), j, server)
		{
			char target[TARGET_SIZE];
			struct listen_address address;
			const char *text = json_string_value(json_object_get(server, "address"));
			snprintf(target, sizeof target, "%s#%d", text != NULL ? text : "",
				 (int)json_integer_value(json_object_get(server, "port")));
			if (text == NULL || notify_target_parse(target, &address) != DDNS_OK) {
				json_object_set_new(server, "state", json_string("no address"));
				continue;
			}
			size_t n = inquiry->question_count++;
			inquiry->asked[n] = server;
			inquiry->wanted[n] =
				(uint32_t)json_integer_value(json_object_get(zone, "serial"));
			inquiry->questions[n] = (struct serial_question){
				.origin = json_string_value(json_object_get(zone, "origin")),
				.server = index_of(inquiry, server, &address, target),
			};
		}
	}
}

static void
increment(json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);
	json_integer_set(value, json_integer_value(value) + 1);
}

/* Writes what came of a question to the zone's server, and counts it at the server. */
static void
judge(const struct inquiry *inquiry, size_t n)
{
	const struct serial_question *question = &inquiry->questions[n];
	json_t *server = json_array_get(inquiry->servers, question->server);
	int32_t behind = (int32_t)(inquiry->wanted[n] - question->serial); // RFC 1982
	const char *state = "silent", *count = "silent";
	if (question->state == SERIAL_NOT_HERE) {
		state = "not served";
		count = "not_served";
	} else if (question->state == SERIAL_SHOWN) {
		state = count = behind > 0 ? "behind" : "current";
		json_object_set_new(inquiry->asked[n], "serial", json_integer(question->serial));
		json_object_set_new(inquiry->asked[n], "behind",
				    json_integer(behind > 0 ? behind : 0));
	}
	json_object_set_new(inquiry->asked[n], "state", json_string(state));
	increment(server, "zones");
	increment(server, count);
}

static size_t
count_servers(const json_t *zones)
{
	size_t count = 0, i;
	json_t *zone;
	json_array_foreach(zones, i, zone) count +=
		json_array_size(json_object_get(zone, "servers"));
	return count;
}

static enum ddns_result
ask(struct session *session, json_t *zones, json_t **serversp)
{
	size_t size = count_servers(zones) + 1;
	struct inquiry inquiry = {
		.indexes = json_object(),
		.servers = json_array(),
		.addresses = calloc(size, sizeof *inquiry.addresses),
		.questions = calloc(size, sizeof *inquiry.questions),
		.asked = calloc(size, sizeof(json_t *)),
		.wanted = calloc(size, sizeof *inquiry.wanted),
	};
	enum ddns_result result;

	if (inquiry.indexes == NULL || inquiry.servers == NULL || inquiry.addresses == NULL ||
	    inquiry.questions == NULL || inquiry.asked == NULL || inquiry.wanted == NULL) {
		result = session_no_memory(session);
		goto cleanup;
	}
	gather(&inquiry, zones);
	CHECK(serials_ask(inquiry.addresses, json_array_size(inquiry.servers), inquiry.questions,
			  inquiry.question_count));
	for (size_t n = 0; n < inquiry.question_count; n++)
		judge(&inquiry, n);
	*serversp = inquiry.servers;
	inquiry.servers = NULL;

cleanup:
	json_decref(inquiry.indexes);
	json_decref(inquiry.servers);
	free(inquiry.addresses);
	free(inquiry.questions);
	free(inquiry.asked);
	free(inquiry.wanted);
	return result;
}

enum ddns_result
status_servers_ask(struct session *session, const struct arguments *arguments, json_t *zones,
		   json_t **serversp)
{
	json_t *named = json_array(), *zone;
	size_t i;
	enum ddns_result result;

	CHECK(read_named(session, arguments, named));
	if (json_array_size(named) > 0) {
		json_array_foreach(zones, i, zone)
			json_object_set_new(zone, "servers", json_deep_copy(named));
	} else if (complete(zones) != DDNS_OK) {
		result = session_no_memory(session);
		goto cleanup;
	}
	CHECK(ask(session, zones, serversp));

cleanup:
	json_decref(named);
	return result;
}
