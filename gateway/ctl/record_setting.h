// SPDX-License-Identifier: GPL-3.0-or-later
// The settings of a record that are options of the command line.
#ifndef GATEWAY_CTL_RECORD_SETTING_H
#define GATEWAY_CTL_RECORD_SETTING_H

#include <jansson.h>

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/session.h"

/*
 * Reads --ttl, --online, --offline and --interface-id into an object of the columns of records that
 * they set; empty where none is given.  *objectp is the caller's, to be released by json_decref.
 * DDNS_BAD_INPUT (noted): a value that cannot be; of others the database judges.
 */
enum ddns_result record_setting_read(struct session *session, const struct arguments *arguments,
				     json_t **objectp);

#endif
