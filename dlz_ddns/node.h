// SPDX-License-Identifier: GPL-3.0-or-later
// A name of a zone with all its records, in one allocation.
#ifndef DLZ_DDNS_NODE_H
#define DLZ_DDNS_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlz_ddns/trie.h"
#include "sql/client/result.h"

/*
 * Key and records lie behind each other in `data`: the owner relative to the zone and its NUL; then
 * for each record one octet of type and flags, four of TTL, the type's name where the type has no
 * number of ours, and the rdata as named's putrr wants it, each with its NUL.
 *
 * A node is open, and the writer's alone, until its edit is published.  After that only `children`
 * changes, which no reader looks at, and the flag that named has refused a record.
 */
struct node {
	struct trie_leaf leaf;
	uint32_t
		children; // names one label longer, those included that exist only by what is below
	uint32_t size;	  // of data, in use
	uint16_t rr_count; // 0: the name exists by what is below it
	bool is_open;
	char data[];
};

/* A record in a node; valid as long as the node is. */
struct node_rr {
	const char *type;
	const char *rdata;
	uint32_t ttl;
	unsigned type_number; // of rr.h
	bool is_fallback;     // only in open nodes
	bool is_refused;      // named would not take it: no longer served
	char *tag;
};

/* Memory that node_settle works in, kept from call to call.  Zero-initialised is empty. */
struct node_scratch {
	struct node_rr *rrs;
	char *data;
	size_t rr_size, data_size;
};

/* Where rows go that are left out, with the reason. */
typedef void node_drop_function(void *context, const struct node *node, const struct node_rr *rr,
				const char *reason);

static inline struct node *
node_of(struct trie_leaf *leaf)
{
	return (struct node *)leaf;
}

static inline const char *
node_owner(const struct node *node)
{
	return node->data;
}

/* An open node without records.  NULL: no memory. */
struct node *node_create(const char *owner, size_t length, uint32_t hash);

/* An open node of the same name and children, without the records. */
struct node *node_blank(const struct node *node);

/*
 * Adds a record to an open node, which may move.  DDNS_NO_MEMORY; DDNS_BAD_INPUT where the name has
 * more records than it can hold.
 */
enum ddns_result node_append(struct node **nodep, unsigned type_number, const char *type,
			     uint32_t ttl, bool is_fallback, const char *rdata);

/* Reads the record at *at (0: the first) and moves it on; false after the last. */
bool node_next(const struct node *node, size_t *at, struct node_rr *rr);

bool node_has_type(const struct node *node, unsigned type_number);

/*
 * Makes an open node ready to be served, and closes it: applies the fallback rule, drops
 * duplicates, gives each RRset its lowest TTL (RFC 2181 section 5.2), leaves nothing beside a CNAME
 * and no CNAME at the apex (RFC 1034 section 3.6.2).  The scratch must have been reserved.
 */
void node_settle(struct node *node, struct node_scratch *scratch, node_drop_function *drop,
		 void *context);

/* Marks a record of a closed node as refused by named; says whether this is news.  Any thread. */
bool node_refuse(const struct node_rr *rr);

/* Room for nodes of so many records and octets of data.  False: no memory, and the scratch is
 * empty. */
bool node_scratch_reserve(struct node_scratch *scratch, size_t rr_count, size_t size);
void node_scratch_free(struct node_scratch *scratch);

#endif
