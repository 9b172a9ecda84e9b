// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's configuration file.
#ifndef GATEWAY_CONFIG_H
#define GATEWAY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sql/client/result.h"

/* A list of strings. */
struct config_list {
	size_t count;
	char **items;
};

/*
 * The values of one file, defaults filled in, each within its range.  What each one means is told
 * by the table in config_options.c, which the manual and --help are made from.
 */
struct config {
	char *database;
	char *user;
	char *secret_key_file;
	char *log_level;
	struct config_list http_listen;
	struct config_list https_listen;
	char *tls_certificate;
	char *tls_key;
	struct config_list status_listen;
	char *http_realm;
	long http_threads;
	long http_connections;
	long http_connections_per_address;
	long http_request_timeout;
	long login_failures_per_network;
	long login_failures_per_user;
	struct config_list dns_listen;
	long dns_connections;
	long dns_connections_per_address;
	long dns_key_rate;
	long dns_query_rate;
	long dns_refusal_rate;
	struct config_list host_names;
	struct config_list redirect_listen;
	struct config_list trusted_proxies;
	char *forwarded_header;
	struct config_list name_servers;
	struct config_list notify_source;
};

/*
 * Reads a file whole.  Each mistake is logged with file, line and value.
 * DDNS_NOT_FOUND: it cannot be opened.  DDNS_BAD_INPUT: it holds mistakes.  DDNS_NO_MEMORY.
 */
enum ddns_result config_load(const char *path, struct config **configp);
void config_free(struct config *config); // takes NULL

/* The syslog priority that log-level names. */
int config_log_priority(const struct config *config);

/*
 * Logs a warning for each option that differs between the two but is read at the start only: such a
 * change needs a restart.
 */
void config_warn_fixed(const struct config *now, const struct config *next);

/* Prints every option with its default, range and meaning, in the form of a configuration file. */
void config_print_options(FILE *out);

#endif
