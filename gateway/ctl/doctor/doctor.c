// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl doctor: runs the checks, shows what they found, and how it is mended.
#include "gateway/ctl/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/command.h"
#include "gateway/jobs/notify_message.h"
#include "gateway/log.h"

static const char *const level_names[] = {"ok", "unknown", "warning", "error"};

static doctor_check *const checks[] = {
	check_database,	   check_keys,	check_records, check_module, check_gateway,
	check_certificate, check_roles, check_named,   check_mname,  check_parents,
};

void
doctor_find(struct doctor *doctor, enum doctor_level level, const char *check, const char *mend,
	    const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	// what stands in the database or a file may be any octets: JSON wants UTF-8
	for (char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			*at = '?';
	json_t *finding = json_pack("{s:s, s:s, s:s, s:s*}", "check", check, "level",
				    level_names[level], "finding", text, "mend", mend);
	doctor->counts[level]++;
	if (finding == NULL || json_array_append_new(doctor->findings, finding) != 0)
		doctor->is_broken = true;
}

const char *
doctor_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

static void
print_findings(const struct doctor *doctor)
{
	size_t i;
	json_t *finding;
	json_array_foreach(doctor->findings, i, finding)
	{
		const char *level, *check, *text, *mend = NULL;
		if (json_unpack(finding, "{s:s, s:s, s:s, s?s}", "level", &level, "check", &check,
				"finding", &text, "mend", &mend) != 0)
			continue;
		printf("%-8s %-12s %s\n", level, check, text);
		if (mend != NULL)
			printf("%-8s %-12s mend: %s\n", "", "", mend);
	}
	printf("%zu error%s, %zu warning%s, %zu could not be checked\n",
	       doctor->counts[DOCTOR_ERROR], doctor->counts[DOCTOR_ERROR] == 1 ? "" : "s",
	       doctor->counts[DOCTOR_WARNING], doctor->counts[DOCTOR_WARNING] == 1 ? "" : "s",
	       doctor->counts[DOCTOR_UNKNOWN]);
}

/* The option, else the variable that ./quickstart and scripts set, else where Debian has it. */
static const char *
path_of(const struct arguments *arguments, const char *option, const char *variable,
	const char *otherwise)
{
	const char *path = arguments_value(arguments, option);
	if (path == NULL)
		path = getenv(variable);
	return path != NULL && path[0] != '\0' ? path : otherwise;
}

static enum ddns_result
read_server(struct session *session, const char *option, const char *text,
	    struct doctor_server *server)
{
	if (notify_target_parse(text, &server->address) != DDNS_OK)
		return session_usage(session,
				     "--%s '%.60s': an address, with #PORT where it is not 53",
				     option, text);
	listen_address_text((const struct sockaddr *)&server->address.socket, server->text);
	return DDNS_OK;
}

static enum ddns_result
read_arguments(struct doctor *doctor, const struct arguments *arguments)
{
	const char *value = arguments_value(arguments, "resolver");
	size_t next = 0;
	enum ddns_result result = DDNS_OK;

	doctor->config_path =
		path_of(arguments, "config", "DDNS_CONFIG", "/etc/ddns/ddns-gateway.conf");
	doctor->named_conf_path =
		path_of(arguments, "named-conf", "DDNS_NAMED_CONF", "/etc/bind/named.conf");
	if (value != NULL) {
		CHECK(read_server(doctor->session, "resolver", value, &doctor->resolver));
		doctor->has_resolver = true;
	}
	while ((value = arguments_next(arguments, "named", &next)) != NULL) {
		if (doctor->server_count == DOCTOR_SERVERS_MAX)
			return session_usage(doctor->session, "--named: at most %d",
					     DOCTOR_SERVERS_MAX);
		CHECK(read_server(doctor->session, "named", value,
				  &doctor->servers[doctor->server_count++]));
	}
cleanup:
	return result;
}

static enum ddns_result
examine(struct session *session, const struct arguments *arguments)
{
	struct doctor doctor = {.session = session, .findings = json_array()};
	enum ddns_result result;

	CHECK(read_arguments(&doctor, arguments));
	log_set_level(LOG_ERR);
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		checks[i](&doctor);
	if (doctor.findings == NULL || doctor.is_broken) {
		result = session_no_memory(session);
		goto cleanup;
	}
	if (!session->wants_json)
		print_findings(&doctor);
	else if (output_json(stdout, doctor.findings) != DDNS_OK)
		result = session_no_memory(session);
	if (doctor.counts[DOCTOR_ERROR] > 0)
		session->status = SESSION_FAILED;
	else if (doctor.counts[DOCTOR_UNKNOWN] > 0)
		session->status = SESSION_UNDONE;
cleanup:
	json_decref(doctor.findings);
	json_decref(doctor.zones);
	config_free(doctor.config);
	named_conf_free(&doctor.named);
	return result;
}

static const struct command_option doctor_options[] = {
	{"config", "FILE", false,
	 "the gateway's configuration [$DDNS_CONFIG, or /etc/ddns/ddns-gateway.conf]"},
	{"named-conf", "FILE", false,
	 "named's configuration [$DDNS_NAMED_CONF, or /etc/bind/named.conf]"},
	{"named", "ADDR[#PORT]", true, "a name server to ask for each zone [as named's file says]"},
	{"resolver", "ADDR[#PORT]", false,
	 "a resolver that sees the world: is each zone delegated as it is served?"},
};
#define COUNTED(options) options, sizeof options / sizeof *options

static const struct command commands[] = {
	{"", "", 0, 0, "looks at the whole installation and says what to mend",
	 "Run it as root on the machine of named and the gateway: it then tries the database as\n"
	 "the users that these run as.  It changes nothing.  Each line is ok, an error, a "
	 "warning,\n"
	 "or unknown where a thing could not be checked; the exit status is 1 where there are\n"
	 "errors, else 2 where something could not be checked, else 0.\n\n"
	 "  ddnsctl doctor\n"
	 "  ddnsctl doctor --resolver 9.9.9.9\n",
	 COUNTED(doctor_options), examine},
};

const struct noun doctor_noun = {"doctor", "looks at the whole installation", COUNTED(commands)};
