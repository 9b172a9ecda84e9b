// SPDX-License-Identifier: GPL-3.0-or-later
// What named.conf says, as named-checkconf reads it.
#ifndef GATEWAY_CTL_DOCTOR_NAMED_CONF_H
#define GATEWAY_CTL_DOCTOR_NAMED_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/address.h"
#include "sql/client/result.h"

enum { NAMED_CONF_DLZ_MAX = 8 };

/* One `database "dlopen FILE WORDS"`. */
struct named_dlz {
	char *module;	// the file
	char *conninfo; // its words for libpq
};

struct named_conf {
	bool is_read; // what follows is known
	struct named_dlz dlz[NAMED_CONF_DLZ_MAX];
	size_t dlz_count; // those whose file is a dlz_ddns.so
	bool says_recursion_no, says_minimal_responses, says_allow_transfer, allows_all_transfers;
	char listen_address[ADDRESS_TEXT_SIZE]; // the first of listen-on; "" where there is none
	unsigned listen_port;
};

/*
 * Reads a configuration with its includes by `named-checkconf -px FILE`.
 *
 * DDNS_OK	 read; named_conf_free frees
 * DDNS_NOT_FOUND  there is no such file
 * DDNS_DENIED	 it may not be read by us
 * DDNS_BAD_INPUT  named would not take it: error has named-checkconf's words
 * DDNS_UNAVAILABLE  there is no named-checkconf
 */
enum ddns_result named_conf_read(const char *path, struct named_conf *conf, char *error,
				 size_t size);

/* The same from named-checkconf's output. */
enum ddns_result named_conf_parse(char *text, struct named_conf *conf);
void named_conf_free(struct named_conf *conf);

#endif
