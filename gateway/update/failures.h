// SPDX-License-Identifier: GPL-3.0-or-later
// How many logins may fail, by where they come from and whose they try to be.
#ifndef GATEWAY_UPDATE_FAILURES_H
#define GATEWAY_UPDATE_FAILURES_H

#include <stdbool.h>

#include "gateway/address.h"
#include "sql/client/result.h"

enum { FAILURES_PERIOD_S = 900 };

/* Failures within FAILURES_PERIOD_S: at once, and then as fast as they are forgotten.  0: any. */
struct failures_limits {
	unsigned per_network; // of an IPv4 /24 or an IPv6 /56
	unsigned per_user;    // of a user name
};

/*
 * The limit of a user name does not count for networks from which its account was seen to log in:
 * a stranger's failures keep nobody out of his own home.  All in tables of fixed size.  Any thread
 * may call.
 */
struct failures;
enum ddns_result failures_create(const struct failures_limits *limits, struct failures **failuresp);
void failures_free(struct failures *failures); // takes NULL
void failures_set_limits(struct failures *failures, const struct failures_limits *limits);

/* A login whose outcome is open. */
struct failures_try {
	const struct address *peer;
	const char *user; // as it was shown; "": none
	bool is_home;	  // the answer's: the user's account logged in from that network before
};

enum failures_answer {
	FAILURES_ALLOWED,
	FAILURES_LAST, // allowed; but if it fails, no more for a while
	FAILURES_LIMITED,
};

/*
 * Counts it as failed until failures_take_back.  *wait_s: seconds until one is allowed again, where
 * it is FAILURES_LAST or FAILURES_LIMITED.
 */
enum failures_answer failures_begin(struct failures *failures, struct failures_try *attempt,
				    unsigned *wait_s);

/* It did not fail, or that cannot be told. */
void failures_take_back(struct failures *failures, const struct failures_try *attempt);

/* Somebody is right: from now on that network is known for that user name. */
void failures_know(struct failures *failures, const struct address *peer, const char *user);

#endif
