// SPDX-License-Identifier: GPL-3.0-or-later
// How far the name servers of zones are behind the database.
#ifndef GATEWAY_CTL_STATUS_SERVERS_H
#define GATEWAY_CTL_STATUS_SERVERS_H

#include <jansson.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/session.h"

/*
 * Asks the servers of each zone of the array (what status_zones() gives), or those that the option
 * --named says, for its SOA.  Each gets state (current, behind, silent, not served, no address)
 * and, where it shows one, serial and behind: by how many.  *serversp gathers that by server, and
 * is the caller's.
 */
enum ddns_result status_servers_ask(struct session *session, const struct arguments *arguments,
				    json_t *zones, json_t **serversp);

#endif
