// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's configuration file: one table says all there is to say about each option.
#include "gateway/config.h"

#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/address.h"
#include "gateway/http/proxy.h"
#include "gateway/log.h"
#include "gateway/redirect/host.h"

enum option_type {
	OPTION_STRING,
	OPTION_TITLE, // a string that can stand between double quotes
	OPTION_NUMBER,
	OPTION_LEVEL,	 // a word of the table `levels`
	OPTION_HEADER,	 // one of those in which proxies name clients
	OPTION_LISTEN,	 // a list of ADDRESS:PORT
	OPTION_HOSTS,	 // a list of names and addresses
	OPTION_PREFIXES, // a list of addresses with or without /LENGTH
};

/* The truth about the options, in the order in which they are explained. */
static const struct option {
	const char *name;
	enum option_type type;
	bool is_live;	  // a changed value is taken over on SIGHUP, others at the start
	const char *text; // default of strings and lists ("" is the empty list)
	long number, least, most;
	size_t offset; // in struct config
	const char *help;
} options[] = {
#define AT(field) offsetof(struct config, field)
	{"database", OPTION_STRING, false, "dbname=ddns", 0, 0, 0, AT(database),
	 "How to reach PostgreSQL: a libpq connection string.  With several hosts and\n"
	 "target_session_attrs=read-write the gateway follows a failover."},
	{"user", OPTION_STRING, false, "ddns-gateway", 0, 0, 0, AT(user),
	 "The system user to become after the start when started as root, which is needed\n"
	 "for ports below 1024.  Name root to stay root, which only a sandbox should."},
	{"secret-key-file", OPTION_STRING, false, "/etc/ddns/secret.key", 0, 0, 0,
	 AT(secret_key_file),
	 "The file whose key opens the secrets in the database.  ddns-schema makes it."},
	{"log-level", OPTION_LEVEL, true, "info", 0, 0, 0, AT(log_level),
	 "How much is logged: error, warning, notice, info (one line an update) or debug."},
	{"http-listen", OPTION_LISTEN, false, "*:80 [::]:80", 0, 0, 0, AT(http_listen),
	 "Where updates over HTTP are taken: ADDRESS:PORT or [IPV6]:PORT, any number."},
	{"https-listen", OPTION_LISTEN, false, "", 0, 0, 0, AT(https_listen),
	 "Where the same is done over TLS (1.2 and 1.3), with the certificate below; port 443\n"
	 "as a rule.  An empty list switches HTTPS off."},
	{"tls-certificate", OPTION_STRING, true, "", 0, 0, 0, AT(tls_certificate),
	 "The server's certificate and after it those up to its authority, in PEM form.  It and\n"
	 "the key are read again when the files change; the system user must be able to."},
	{"tls-key", OPTION_STRING, true, "", 0, 0, 0, AT(tls_key),
	 "The private key of the certificate, in PEM form, without a password."},
	{"status-listen", OPTION_LISTEN, false, "127.0.0.1:8053", 0, 0, 0, AT(status_listen),
	 "Where /livez, /readyz and /metrics are answered, for monitoring.  Everybody who\n"
	 "reaches this address may read them.  An empty list switches them off."},
	{"http-realm", OPTION_TITLE, false, "Dynamic DNS", 0, 0, 0, AT(http_realm),
	 "What browsers show when they ask for name and password."},
	{"http-threads", OPTION_NUMBER, false, NULL, 64, 4, 1024, AT(http_threads),
	 "Threads that answer HTTP: how many requests can wait for the database at once."},
	{"http-connections", OPTION_NUMBER, false, NULL, 4096, 16, 65536, AT(http_connections),
	 "HTTP connections open at once, and as many of HTTPS; more wait in the system's queue."},
	{"http-connections-per-address", OPTION_NUMBER, true, NULL, 100, 0, 65536,
	 AT(http_connections_per_address),
	 "HTTP connections open at once from one IPv4 address or IPv6 /64, and as many of\n"
	 "HTTPS; more are closed.  0 is no limit."},
	{"http-request-timeout", OPTION_NUMBER, true, NULL, 30, 1, 3600, AT(http_request_timeout),
	 "Seconds after which an HTTP or HTTPS connection is closed, however it got on."},
	{"login-failures-per-network", OPTION_NUMBER, true, NULL, 60, 0, 1000000,
	 AT(login_failures_per_network),
	 "Failed logins over HTTP in a quarter of an hour from one IPv4 /24 or IPv6 /56; what is\n"
	 "wrong beyond them is answered by abuse, and no password is checked.  A key's secret and\n"
	 "a password that was right before always pass.  0 is no limit."},
	{"login-failures-per-user", OPTION_NUMBER, true, NULL, 20, 0, 1000000,
	 AT(login_failures_per_user),
	 "The same for one user name, except from networks where it was right before."},
	{"dns-listen", OPTION_LISTEN, false, "", 0, 0, 0, AT(dns_listen),
	 "Where DNS UPDATE (RFC 2136) is taken, over UDP and TCP: ADDRESS:PORT, any number.\n"
	 "Clients that cannot name a port need port 53 of an address that named does not use.\n"
	 "An empty list switches this door off."},
	{"dns-connections", OPTION_NUMBER, true, NULL, 256, 1, 65536, AT(dns_connections),
	 "TCP connections for DNS open at once; the oldest stranger makes room for one more."},
	{"dns-connections-per-address", OPTION_NUMBER, true, NULL, 20, 0, 65536,
	 AT(dns_connections_per_address),
	 "TCP connections for DNS open at once from one address; more are closed.\n"
	 "0 is no limit."},
	{"dns-key-rate", OPTION_NUMBER, true, NULL, 50, 0, 1000000, AT(dns_key_rate),
	 "Signed requests of one key a second, in the long run; more are refused.\n"
	 "0 is no limit."},
	{"dns-query-rate", OPTION_NUMBER, true, NULL, 50, 0, 1000000, AT(dns_query_rate),
	 "Unsigned queries a second over UDP from one IPv4 /24 or IPv6 /56; more are\n"
	 "dropped.  0 is no limit."},
	{"dns-refusal-rate", OPTION_NUMBER, true, NULL, 1, 0, 1000000, AT(dns_refusal_rate),
	 "How often a second one IPv4 /24 or IPv6 /56 is told over UDP that it is refused,\n"
	 "so that forged senders are not flooded.  0 is no limit."},
	{"host-names", OPTION_HOSTS, false, "", 0, 0, 0, AT(host_names),
	 "Names and addresses of this server itself, as they stand in its URLs.  Where updates\n"
	 "and redirects share a listener, these lead to the updates and every other name to the\n"
	 "redirects.  Where none is listed, only names that are redirected lead to these."},
	{"redirect-listen", OPTION_LISTEN, false, "", 0, 0, 0, AT(redirect_listen),
	 "Where browsers are redirected or shown that a host is offline: the addresses that\n"
	 "zones name as redirectors, port 80.  An empty list: at http-listen."},
	{"trusted-proxies", OPTION_PREFIXES, false, "", 0, 0, 0, AT(trusted_proxies),
	 "Addresses and prefixes of proxies before this server: what they say in forwarded-header\n"
	 "is taken for the client's address.  They must pass Host on as it came."},
	{"forwarded-header", OPTION_HEADER, false, PROXY_HEADER_USUAL, 0, 0, 0,
	 AT(forwarded_header),
	 "The header of these proxies: X-Forwarded-For, or Forwarded (RFC 7239).  Each of them\n"
	 "must add to this one; the other is ignored."},
	{"name-servers", OPTION_LISTEN, false, "127.0.0.1:53", 0, 0, 0, AT(name_servers),
	 "Name servers that secondaries transfer zones from: each must show a change before\n"
	 "NOTIFY is sent, or be silent for a second.  With an empty list it is sent at once."},
	{"notify-source", OPTION_LISTEN, false, "", 0, 0, 0, AT(notify_source),
	 "Where NOTIFY is sent from, one ADDRESS:PORT for IPv4 and one for IPv6; port 0 is any.\n"
	 "Secondaries refuse a stranger: it should be the address of the name server."},
#undef AT
};
enum { OPTION_COUNT = sizeof options / sizeof *options };

static const struct {
	const char *name;
	int priority;
} levels[] = {
	{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO}, {"debug", LOG_DEBUG},
};
enum { LEVEL_COUNT = sizeof levels / sizeof *levels };

static bool
is_list(enum option_type type)
{
	return type == OPTION_LISTEN || type == OPTION_HOSTS || type == OPTION_PREFIXES;
}

static char **
string_at(const struct config *config, const struct option *option)
{
	return (char **)((uintptr_t)config + option->offset);
}

static long *
number_at(const struct config *config, const struct option *option)
{
	return (long *)((uintptr_t)config + option->offset);
}

static struct config_list *
list_at(const struct config *config, const struct option *option)
{
	return (struct config_list *)((uintptr_t)config + option->offset);
}

int
config_log_priority(const struct config *config)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, config->log_level) == 0)
			return levels[i].priority;
	return LOG_INFO;
}

/* libconfuse's own complaints, and ours through cfg_error. */
static void __attribute__((format(printf, 2, 0)))
report(cfg_t *cfg, const char *format, va_list arguments)
{
	char message[1024];
	vsnprintf(message, sizeof message, format, arguments);
	if (cfg != NULL && cfg->filename != NULL)
		log_error("%s:%d: %s", cfg->filename, cfg->line, message);
	else
		log_error("%s", message);
}

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

static int
check_number(cfg_t *cfg, const struct option *option, long value)
{
	if (value >= option->least && value <= option->most)
		return 0;
	cfg_error(cfg, "%s = %ld: must be from %ld to %ld", option->name, value, option->least,
		  option->most);
	return -1;
}

static int
check_title(cfg_t *cfg, const char *name, const char *value)
{
	for (const char *at = value; *at != '\0'; at++) {
		if ((unsigned char)*at >= 0x20 && *at != 0x7f && *at != '"' && *at != '\\')
			continue;
		cfg_error(cfg,
			  "%s: double quotes, backslashes and control characters cannot be "
			  "in it",
			  name);
		return -1;
	}
	return 0;
}

static int
check_level(cfg_t *cfg, const char *value)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, value) == 0)
			return 0;
	cfg_error(cfg, "log-level = '%s': must be error, warning, notice, info or debug", value);
	return -1;
}

static int
check_header(cfg_t *cfg, const char *value)
{
	if (strcmp(value, PROXY_HEADER_USUAL) == 0 || strcmp(value, PROXY_HEADER_STANDARD) == 0)
		return 0;
	cfg_error(cfg, "forwarded-header = '%s': must be %s or %s", value, PROXY_HEADER_USUAL,
		  PROXY_HEADER_STANDARD);
	return -1;
}

static int
check_listen(cfg_t *cfg, const char *name, const char *value)
{
	struct listen_address address;
	if (listen_address_parse(value, &address) == DDNS_OK)
		return 0;
	cfg_error(cfg, "%s: '%s' is no ADDRESS:PORT, such as 192.0.2.1:80, *:80 or [::]:80", name,
		  value);
	return -1;
}

static int
check_host(cfg_t *cfg, const char *name, const char *value)
{
	struct host host;
	size_t length = strlen(value);
	bool has_port = value[0] == '[' ? value[length - 1] != ']' : strchr(value, ':') != NULL;
	if (!has_port && host_parse(value, &host) == DDNS_OK)
		return 0;
	cfg_error(cfg, "%s: '%s' is no host, such as ddns.example.org, 192.0.2.1 or [2001:db8::1]",
		  name, value);
	return -1;
}

static int
check_prefix(cfg_t *cfg, const char *name, const char *value)
{
	struct proxy_prefix prefix;
	if (proxy_prefix_parse(value, &prefix) == DDNS_OK)
		return 0;
	cfg_error(cfg,
		  "%s: '%s' is no address or prefix, such as 192.0.2.1, 10.0.0.0/8 or "
		  "2001:db8::/32",
		  name, value);
	return -1;
}

/* Called by libconfuse for each value that the file sets, when its line is known. */
static int
validate(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct option *option = find_option(opt->name);
	unsigned last = cfg_opt_size(opt) - 1;
	switch (option->type) {
	case OPTION_STRING:
		return 0;
	case OPTION_TITLE:
		return check_title(cfg, option->name, cfg_opt_getnstr(opt, last));
	case OPTION_NUMBER:
		return check_number(cfg, option, cfg_opt_getnint(opt, last));
	case OPTION_HEADER:
		return check_header(cfg, cfg_opt_getnstr(opt, last));
	case OPTION_LEVEL:
		return check_level(cfg, cfg_opt_getnstr(opt, last));
	case OPTION_LISTEN:
		return check_listen(cfg, option->name, cfg_opt_getnstr(opt, last));
	case OPTION_HOSTS:
		return check_host(cfg, option->name, cfg_opt_getnstr(opt, last));
	case OPTION_PREFIXES:
		return check_prefix(cfg, option->name, cfg_opt_getnstr(opt, last));
	}
	return -1;
}

/* The default of a list, in libconfuse's notation: {"a", "b"}. */
static void
list_default(const char *text, char *out, size_t size)
{
	size_t length = (size_t)snprintf(out, size, "{");
	while (*text != '\0') {
		size_t item = strcspn(text, " ");
		length += (size_t)snprintf(out + length, size - length, "%s\"%.*s\"",
					   length > 1 ? ", " : "", (int)item, text);
		text += item + strspn(text + item, " ");
	}
	snprintf(out + length, size - length, "}");
}

/* libconfuse's table, made from ours.  defaults must stay until cfg_init has copied them. */
static void
describe(cfg_opt_t opts[OPTION_COUNT + 1], char defaults[OPTION_COUNT][256])
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			opts[i] = (cfg_opt_t)CFG_STR(option->name, option->text, CFGF_NONE);
			break;
		case OPTION_NUMBER:
			opts[i] = (cfg_opt_t)CFG_INT(option->name, option->number, CFGF_NONE);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			list_default(option->text, defaults[i], sizeof defaults[i]);
			opts[i] = (cfg_opt_t)CFG_STR_LIST(option->name, defaults[i], CFGF_NONE);
			break;
		}
	}
	opts[OPTION_COUNT] = (cfg_opt_t)CFG_END();
}

static enum ddns_result
copy_list(cfg_t *cfg, const char *name, struct config_list *list)
{
	unsigned count = cfg_size(cfg, name);
	list->items = calloc(count + 1, sizeof *list->items);
	if (list->items == NULL)
		return DDNS_NO_MEMORY;
	for (; list->count < count; list->count++) {
		list->items[list->count] = strdup(cfg_getnstr(cfg, name, (unsigned)list->count));
		if (list->items[list->count] == NULL)
			return DDNS_NO_MEMORY;
	}
	return DDNS_OK;
}

static enum ddns_result
copy_values(cfg_t *cfg, struct config *config)
{
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < OPTION_COUNT && result == DDNS_OK; i++) {
		const struct option *option = &options[i];
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			*string_at(config, option) = strdup(cfg_getstr(cfg, option->name));
			if (*string_at(config, option) == NULL)
				result = DDNS_NO_MEMORY;
			break;
		case OPTION_NUMBER:
			*number_at(config, option) = cfg_getint(cfg, option->name);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			result = copy_list(cfg, option->name, list_at(config, option));
			break;
		}
	}
	return result;
}

/* What can be wrong although each value is right. */
static enum ddns_result
check_together(const char *path, const struct config *config)
{
	if (config->https_listen.count == 0 ||
	    (config->tls_certificate[0] != '\0' && config->tls_key[0] != '\0'))
		return DDNS_OK;
	log_error("%s: https-listen needs the files of a certificate and its key: set "
		  "tls-certificate and tls-key, too",
		  path);
	return DDNS_BAD_INPUT;
}

enum ddns_result
config_load(const char *path, struct config **configp)
{
	cfg_opt_t opts[OPTION_COUNT + 1];
	char defaults[OPTION_COUNT][256];
	struct config *config = NULL;
	enum ddns_result result = DDNS_NO_MEMORY;

	describe(opts, defaults);
	cfg_t *cfg = cfg_init(opts, CFGF_NONE);
	if (cfg == NULL)
		goto cleanup;
	cfg_set_error_function(cfg, report);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		cfg_set_validate_func(cfg, options[i].name, validate);
	switch (cfg_parse(cfg, path)) {
	case CFG_SUCCESS:
		break;
	case CFG_FILE_ERROR:
		log_error("cannot read the configuration '%s': %s", path, strerror(errno));
		result = DDNS_NOT_FOUND;
		goto cleanup;
	default:
		result = DDNS_BAD_INPUT;
		goto cleanup;
	}
	config = calloc(1, sizeof *config);
	if (config == NULL)
		goto cleanup;
	CHECK(copy_values(cfg, config));
	CHECK(check_together(path, config));
	*configp = config;
	config = NULL;

cleanup:
	config_free(config);
	if (cfg != NULL)
		cfg_free(cfg);
	return result;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (is_list(options[i].type)) {
			struct config_list *list = list_at(config, &options[i]);
			for (size_t item = 0; item < list->count; item++)
				free(list->items[item]);
			free(list->items);
		} else if (options[i].type != OPTION_NUMBER) {
			free(*string_at(config, &options[i]));
		}
	}
	free(config);
}

static bool
is_same_list(const struct config_list *a, const struct config_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

void
config_warn_fixed(const struct config *now, const struct config *next)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		bool is_same = false;
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			is_same = strcmp(*string_at(now, option), *string_at(next, option)) == 0;
			break;
		case OPTION_NUMBER:
			is_same = *number_at(now, option) == *number_at(next, option);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			is_same = is_same_list(list_at(now, option), list_at(next, option));
			break;
		}
		if (!is_same && !option->is_live)
			log_warning("the new value of '%s' counts after a restart only",
				    option->name);
	}
}

static void
print_help(FILE *out, const char *help)
{
	while (*help != '\0') {
		size_t length = strcspn(help, "\n");
		fprintf(out, "# %.*s\n", (int)length, help);
		help += length + (help[length] == '\n');
	}
}

void
config_print_options(FILE *out)
{
	fputs("# Configuration of ddns-gateway.  What begins with # is a comment; the values below "
	      "are the\n"
	      "# defaults.  `ddns-gateway -n` checks the file, SIGHUP has it read again.\n\n",
	      out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option *option = &options[i];
		char text[256];
		print_help(out, option->help);
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			fprintf(out, "#%s = \"%s\"\n\n", option->name, option->text);
			break;
		case OPTION_NUMBER:
			fprintf(out, "# From %ld to %ld.\n#%s = %ld\n\n", option->least,
				option->most, option->name, option->number);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			list_default(option->text, text, sizeof text);
			fprintf(out, "#%s = %s\n\n", option->name, text);
			break;
		}
	}
}
