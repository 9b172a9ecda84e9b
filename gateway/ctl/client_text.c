// SPDX-License-Identifier: GPL-3.0-or-later
// Writes configurations of ddclient, inadyn, curl, nsupdate, and what routers ask for.
#include "gateway/ctl/client_text.h"

#include <string.h>

static void
write_ddclient(FILE *stream, const struct client_text *text)
{
	fprintf(stream,
		"# /etc/ddclient.conf, for ddclient 3.9 or newer: readable by its user only\n"
		"daemon=300\n"
		"ssl=%s\n"
		"use=web, web=%s://%s%s/myip\n"
		"protocol=dyndns2\n"
		"server=%s\n"
		"script=%s/nic/update\n"
		"login=%s\n"
		"password='%s'\n"
		"%s\n",
		strcmp(text->scheme, "https") == 0 ? "yes" : "no", text->scheme, text->host,
		text->base, text->host, text->base, text->key, text->secret, text->name);
}

static void
write_inadyn(FILE *stream, const struct client_text *text)
{
	const char *is_secure = strcmp(text->scheme, "https") == 0 ? "true" : "false";
	fprintf(stream,
		"# /etc/inadyn.conf, for inadyn 2.4 or newer: readable by its user only\n"
		"period = 300\n"
		"custom %s {\n"
		"    username        = \"%s\"\n"
		"    password        = \"%s\"\n"
		"    hostname        = \"%s\"\n"
		"    ssl             = %s\n"
		"    ddns-server     = \"%s\"\n"
		"    ddns-path       = \"%s/nic/update?hostname=%%h&myip=%%i\"\n"
		"    checkip-server  = \"%s\"\n"
		"    checkip-path    = \"%s/myip\"\n"
		"    checkip-ssl     = %s\n"
		"}\n",
		text->name, text->key, text->secret, text->name, is_secure, text->host, text->base,
		text->host, text->base, is_secure);
}

/* The secret is in a file, since a command line can be seen by others. */
static void
write_curl(FILE *stream, const struct client_text *text)
{
	fprintf(stream,
		"# save as %s.curl, readable by its user only; then, from cron or by hand:\n"
		"#     curl -K %s.curl\n"
		"url = \"%s://%s%s/nic/update?hostname=%s\"\n"
		"user = \"%s:%s\"\n"
		"silent\n"
		"show-error\n"
		"write-out = \"\\n\"\n",
		text->name, text->name, text->scheme, text->host, text->base, text->name, text->key,
		text->secret);
}

static void
write_nsupdate(FILE *stream, const struct client_text *text)
{
	fprintf(stream,
		"#!/bin/sh\n"
		"# save it readable by its user only; then: sh FILE ADDRESS\n"
		"case $1 in\n"
		"*:*) type=AAAA ;;\n"
		"*.*) type=A ;;\n"
		"*) echo \"usage: sh $0 ADDRESS\" >&2; exit 2 ;;\n"
		"esac\n"
		"nsupdate <<END\n"
		"server %s %s\n"
		"key %s:%s %s\n"
		"update delete %s. $type\n"
		"update add %s. 60 $type $1\n"
		"send\n"
		"END\n",
		text->server, text->port, text->algorithm, text->key, text->secret, text->name,
		text->name);
}

static void
write_router(FILE *stream, const struct client_text *text)
{
	fprintf(stream,
		"# A router's page for dynamic DNS: take \"user-defined\", \"custom\" or "
		"\"dyndns2\".\n"
		"Server      %s\n"
		"Update URL  %s://%s%s/nic/update?hostname=<domain>&myip=<ipaddr>\n"
		"Domain      %s\n"
		"User name   %s\n"
		"Password    %s\n"
		"# <domain> and <ipaddr> are what a FRITZ!Box puts in; others write %%h and %%i, "
		"or\n"
		"# want the update URL without what follows the question mark.\n",
		text->host, text->scheme, text->host, text->base, text->name, text->key,
		text->secret);
}

const struct client_program client_programs[] = {
	{"ddclient", false, write_ddclient}, {"inadyn", false, write_inadyn},
	{"curl", false, write_curl},	     {"nsupdate", true, write_nsupdate},
	{"router", false, write_router},
};
const size_t client_program_count = sizeof client_programs / sizeof *client_programs;
