// SPDX-License-Identifier: GPL-3.0-or-later
// What is answered to named's questions, by the rules of the DNS.
#ifndef DLZ_DDNS_LOOKUP_H
#define DLZ_DDNS_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "dlz_ddns/mirror.h"
#include "sql/client/result.h"

/*
 * named asks in steps: whether there is a zone of this name, for the query's name and then each
 * name above; then for the data of each name of that zone from the apex down to the query's.  What
 * it does not find it asks for again under '*', at every level: it knows neither empty
 * non-terminals nor the closest encloser (RFC 4592).  So the answers here tell it where to stop,
 * and some of them depend on what it asked just before, on the same thread.
 *
 * Nothing here takes a lock, makes a system call or allocates, but for a thread's very first call.
 */

/* Where records go.  `owner` is relative to the zone. */
struct lookup_sink {
	void *context;
	/* DDNS_BAD_INPUT: named cannot read it; DDNS_NO_MEMORY. */
	enum ddns_result (*put)(void *context, const char *owner, const char *type, uint32_t ttl,
				const char *rdata);
	/* A record that named refused, which is not served from now on.  Said once for each. */
	void (*refused)(void *context, const char *zone, const char *owner, const char *type,
			const char *rdata);
};

/* Who asks: one `dlz` statement.  Its address tells statements apart. */
struct lookup_instance {
	const struct mirror *mirror;
	bool is_only; // no other statement of its view comes after it
};

enum lookup_zone {
	LOOKUP_OURS,
	LOOKUP_NOT_OURS, // but a shorter name may be
	LOOKUP_NO_ZONE, // nor is any shorter name; only said to a query of an instance that is_only
};

/*
 * Whether there is a zone of exactly this name (full, lower case, no trailing dot).  Before the
 * first load, names of one label are taken for zones, so that what follows fails instead of not
 * existing, while named's own zones, which are longer, go on.  is_query: false when named loads a
 * zone that its configuration gives to us; then that is ours until we know better.
 */
enum lookup_zone lookup_zone(const struct lookup_instance *instance, const char *name,
			     bool is_query);

enum lookup_kind {
	LOOKUP_QUERY,  // a client's question
	LOOKUP_ORIGIN, // named's own, for the apex
	LOOKUP_EXACT,  // for an update's sake: what is there under this very name, nothing
		       // synthesised
};

enum lookup_answer {
	LOOKUP_FOUND,	  // records were put
	LOOKUP_EMPTY,	  // the name exists; nothing was put: it has none, or is only passed
	LOOKUP_EMPTY_END, // the same, for the very name of the query
	LOOKUP_NO_NAME,	  // neither the name nor anything below exists: no need to ask on
	LOOKUP_NOT_FOUND, // it does not exist; named may ask on
	LOOKUP_FAILED,	  // the answer is not known
};

/*
 * Puts what is served at `name` (relative, '@' at the apex) of `zone`.  may_end: LOOKUP_NO_NAME is
 * understood, else LOOKUP_NOT_FOUND stands for it.
 */
enum lookup_answer lookup_name(const struct lookup_instance *instance, const char *zone,
			       const char *name, enum lookup_kind kind, bool may_end,
			       const struct lookup_sink *sink);

enum lookup_transfer {
	LOOKUP_TRANSFER_YES,
	LOOKUP_TRANSFER_NO,
	LOOKUP_TRANSFER_NAMED, // as named's allow-transfer says
	LOOKUP_TRANSFER_NO_ZONE,
};

/* Whether a client (its address) may copy a zone. */
enum lookup_transfer lookup_may_transfer(const struct lookup_instance *instance, const char *zone,
					 const char *client);

/*
 * Puts a whole zone, SOA first and each name's records together, from one version of it: what
 * changes meanwhile is not in it.  named reads the SOA once more afterwards, by LOOKUP_ORIGIN: that
 * call, if it is the next on this thread, gets the SOA of this very version.
 */
enum ddns_result lookup_transfer(const struct lookup_instance *instance, const char *zone,
				 const struct lookup_sink *sink);

#endif
