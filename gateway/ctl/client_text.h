// SPDX-License-Identifier: GPL-3.0-or-later
// Configurations of the programs that keep a domain up to date.
#ifndef GATEWAY_CTL_CLIENT_TEXT_H
#define GATEWAY_CTL_CLIENT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/* What goes into a configuration.  Texts are of characters that need no quoting anywhere, the URL
 * apart: that is client_url's. */
struct client_text {
	const char *name;		  // the domain
	const char *key, *algorithm;	  // the key's name; hmac-sha256, ...
	const char *secret;		  // base64, or a placeholder
	const char *server;		  // where DNS UPDATE goes
	const char *port;		  // of it; "53"
	const char *scheme, *host, *base; // of the gateway: http or https, HOST[:PORT], "" or /PATH
};

/* A program, or a router's page: what it is called on the command line, and how it is written. */
struct client_program {
	const char *name;
	bool is_dns; // it speaks DNS UPDATE: it wants a server, and no URL
	void (*write)(FILE *stream, const struct client_text *text);
};

extern const struct client_program client_programs[];
extern const size_t client_program_count;

#endif
