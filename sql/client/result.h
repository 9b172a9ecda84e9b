// SPDX-License-Identifier: GPL-3.0-or-later
// The one set of outcomes that all our functions speak in.
#ifndef DDNS_SQL_CLIENT_RESULT_H
#define DDNS_SQL_CLIENT_RESULT_H

// On an enum gcc knows only the C23 spelling, clang 14 with C17 only the other.
#ifdef __clang__
#define DDNS_NODISCARD __attribute__((warn_unused_result))
#else
#define DDNS_NODISCARD [[nodiscard]]
#endif

/*
 * What became of a call.  Outputs are written only on DDNS_OK.
 * The edges translate: SQLSTATE -> result (db_error.c), result -> isc_result_t (dlz_ddns/dlz.c),
 * result -> HTTP status and reply word (gateway/http/), result -> rcode (gateway/dns/).
 */
enum DDNS_NODISCARD ddns_result {
	DDNS_OK,
	DDNS_NOT_FOUND, // what was asked for does not exist
	DDNS_DENIED,	// it exists, and this caller may not
	DDNS_CONFLICT,	// it contradicts what is there (a duplicate, a CNAME beside data)
	DDNS_BAD_INPUT, // the value itself is wrong
	DDNS_RETRY, // a passing clash (deadlock, serialisation, lock): the same call may work now
	DDNS_UNAVAILABLE, // the database cannot be reached or cannot work now
	DDNS_NO_MEMORY,
	DDNS_INTERNAL, // our own mistake
};

/* A short lower-case name for logs and tests, such as "not found".  Never NULL. */
const char *ddns_result_text(enum ddns_result result);

/* Runs CALL, and on failure leaves by the function's one cleanup label with `result` set. */
#define CHECK(call)                    \
	do {                           \
		result = (call);       \
		if (result != DDNS_OK) \
			goto cleanup;  \
	} while (0)

#endif
