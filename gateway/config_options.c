// SPDX-License-Identifier: GPL-3.0-or-later
// One table says all there is to say about each option of the gateway's configuration file.
#include "gateway/config_options.h"

#include <stdio.h>
#include <string.h>

#include "gateway/config.h"
#include "gateway/http/proxy.h"

const struct option config_options[] = {
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
	 "TCP connections for DNS open at once from one IPv4 address or IPv6 /64; more are\n"
	 "closed.  0 is no limit."},
	{"dns-key-rate", OPTION_NUMBER, true, NULL, 50, 0, 1000000, AT(dns_key_rate),
	 "Signed requests of one key a second, in the long run; more are refused.  Ten\n"
	 "prerequisites and changes of an UPDATE count as one more request.  0 is no limit."},
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
const size_t config_option_count = sizeof config_options / sizeof *config_options;

const struct option *
config_option_find(const char *name)
{
	for (size_t i = 0; i < config_option_count; i++)
		if (strcmp(config_options[i].name, name) == 0)
			return &config_options[i];
	return NULL;
}

void
config_list_default(const struct option *option, char out[CONFIG_DEFAULT_SIZE])
{
	const size_t size = CONFIG_DEFAULT_SIZE;
	const char *text = option->text;
	size_t length = (size_t)snprintf(out, size, "{");
	while (*text != '\0') {
		size_t item = strcspn(text, " ");
		length += (size_t)snprintf(out + length, size - length, "%s\"%.*s\"",
					   length > 1 ? ", " : "", (int)item, text);
		text += item + strspn(text + item, " ");
	}
	snprintf(out + length, size - length, "}");
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
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];
		char text[CONFIG_DEFAULT_SIZE];
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
			config_list_default(option, text);
			fprintf(out, "#%s = %s\n\n", option->name, text);
			break;
		}
	}
}
