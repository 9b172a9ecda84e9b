// SPDX-License-Identifier: GPL-3.0-or-later
// An update: what every door builds, and the answer that it gets.
#ifndef GATEWAY_UPDATE_UPDATE_H
#define GATEWAY_UPDATE_UPDATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/address.h"
#include "gateway/update/addresses.h"
#include "sql/client/dname.h"
#include "sql/client/result.h"

enum {
	UPDATE_LOGIN_MAX = 255,	  // octets of an account's login
	UPDATE_REASON_SIZE = 256, // room for the reason of a verdict
	UPDATE_TIME_MS = 2000,	  // longest time between a request and its answer
};

/* Where an update came in. */
enum update_door { UPDATE_DOOR_HTTP, UPDATE_DOOR_DNS, UPDATE_DOOR_COUNT };
const char *update_door_name(enum update_door door);

/* CLOCK_MONOTONIC in microseconds. */
int64_t update_clock_us(void);

/* What became of an update. */
enum update_verdict {
	UPDATE_PENDING,		// not known (yet): at the end of the time it counts as unavailable
	UPDATE_CHANGED,		// committed, and something moved
	UPDATE_UNCHANGED,	// all was so already; the contact is noted
	UPDATE_UNKNOWN,		// this credential has no such host
	UPDATE_DENIED,		// it has, but may not do this to it
	UPDATE_REFUSED,		// the value is not acceptable there; the reason says why
	UPDATE_AMBIGUOUS,	// no name given, and the credential has not exactly one
	UPDATE_BUSY,		// somebody else held the host's locks for too long
	UPDATE_FAILED,		// the database refused this one member; the reason says why
	UPDATE_UNAVAILABLE,	// the database cannot be asked now
	UPDATE_MALFORMED,	// the door could not make sense of the request
	UPDATE_UNAUTHENTICATED, // no valid credential
	UPDATE_LIMITED,		// the same, after too many such
	UPDATE_VERDICT_COUNT
};
const char *update_verdict_name(enum update_verdict verdict);

/* Who asks. */
struct update_credential {
	int64_t key_id; // 0: the account's password was used
	int64_t account_id;
	char key[DDNS_DNAME_TEXT_MAX + 1]; // the key's name, "" without one
	char login[UPDATE_LOGIN_MAX + 1];
	char host[DDNS_DNAME_TEXT_MAX + 1]; // the host name that was given as user name, or "":
					    // nothing but that host may then be touched
};

/* One host of a request. */
struct update {
	char name[DDNS_DNAME_TEXT_MAX + 1]; // stored form; "": the credential's only host

	// the answer: stands when update_request_wait has returned
	enum update_verdict verdict;
	char found[DDNS_DNAME_TEXT_MAX + 1];	 // the host that was meant
	char zone[DDNS_DNAME_TEXT_MAX + 1];	 // "" where there is no such host
	char addresses[2 * ADDRESSES_TEXT_SIZE]; // now stored, joined by commas, IPv4 first
	char reason[UPDATE_REASON_SIZE];
	int64_t serial;

	// the writer's own
	struct update_request *request;
	struct update *next;
	uint64_t sequence;		    // in the order of arrival
	int64_t busy_since_ms, retry_at_ms; // 0: was not busy yet
	unsigned attempts;		    // that ended in a deadlock or its like
	bool may_have_changed;		    // by a commit whose answer was lost
};

/*
 * What one client asked for: hosts that all get the same.  The door fills it in between
 * update_request_create and writer_submit, waits, reads the answers and releases it.
 */
struct update_request {
	enum update_door door;
	struct update_credential credential;
	struct address peer;
	struct addresses addresses;
	bool is_offline; // put the hosts offline; else any update puts them online
	char *options;	 // a JSON object for the database function, or NULL; freed with the request

	int64_t begun_us, deadline_ms; // CLOCK_MONOTONIC
	// shared by the door and the writer
	pthread_mutex_t mutex;
	pthread_cond_t finished;
	size_t pending;
	unsigned references;
	bool is_abandoned; // the door waits no longer: answers are dropped

	size_t count;
	struct update updates[];
};

/* What update_finish puts into an update; strings may be NULL. */
struct update_outcome {
	enum update_verdict verdict;
	const char *found, *zone, *addresses, *reason;
	int64_t serial;
};

/* Room for `count` hosts, zeroed; the deadline runs from here.  NULL: no memory. */
struct update_request *update_request_create(size_t count);

/* Waits until all updates have their verdict or the deadline is over.  Then the answers stand. */
void update_request_wait(struct update_request *request);

/* The door's or the writer's share is given up; the last one frees. */
void update_request_release(struct update_request *request); // takes NULL

/* Seconds since the request was created. */
double update_request_seconds(const struct update_request *request);

/* The writer's word on one update; it must not touch the update any more. */
void update_finish(struct update *update, const struct update_outcome *outcome);

#endif
