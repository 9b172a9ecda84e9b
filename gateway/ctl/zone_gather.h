// SPDX-License-Identifier: GPL-3.0-or-later
// Takes the records of a zone file to the database, where they wait for the zone to be changed.
#ifndef GATEWAY_CTL_ZONE_GATHER_H
#define GATEWAY_CTL_ZONE_GATHER_H

#include <jansson.h>

#include "gateway/ctl/progress.h"
#include "gateway/ctl/session.h"
#include "gateway/ctl/zone_remarks.h"
#include "sql/client/dname.h"

/*
 * Reads the file, judges what is in it, and leaves what can be stored with the database, in tables
 * of this session.  Remarks hold all that is to be said; with an error among them nothing may be
 * done with what was gathered.  *soap is the caller's, to be released by json_decref: the SOA as
 * columns of zones, and serial; NULL where there is none.
 */
enum ddns_result zone_gather(struct session *session, const char *origin, const char *path,
			     struct progress *progress, struct zone_remarks *remarks,
			     json_t **soap);

#endif
