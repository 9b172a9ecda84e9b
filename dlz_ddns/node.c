// SPDX-License-Identifier: GPL-3.0-or-later
// A name of a zone: packing its records, and settling which of them are served.
#include <stdlib.h>
#include <string.h>

#include "dlz_ddns/node.h"
#include "sql/client/rr.h"

enum {
	TAG_TYPE = 0x3f,
	TAG_FALLBACK = 0x40,
	TAG_REFUSED = 0x80,
	HEAD = 1 + sizeof(uint32_t), // tag and TTL
	RR_COUNT_MAX = UINT16_MAX,
	SIZE_MAX_OCTETS = 1 << 28, // far above what fits a DNS message
};

struct node *
node_create(const char *owner, size_t length, uint32_t hash)
{
	struct node *node = malloc(sizeof(*node) + length + 1);
	if (node == NULL)
		return NULL;
	*node = (struct node){
		.leaf = {hash, (uint16_t)length, offsetof(struct node, data)},
		.size = (uint32_t)length + 1,
		.is_open = true,
	};
	memcpy(node->data, owner, length);
	node->data[length] = '\0';
	return node;
}

struct node *
node_blank(const struct node *node)
{
	struct node *blank = node_create(node_owner(node), node->leaf.length, node->leaf.hash);
	if (blank != NULL)
		blank->children = node->children;
	return blank;
}

/* Writes a record; returns the end. */
static char *
write_rr(char *out, char tag, uint32_t ttl, const char *type, const char *rdata, size_t length)
{
	*out++ = tag;
	memcpy(out, &ttl, sizeof(ttl));
	out += sizeof(ttl);
	if ((tag & TAG_TYPE) == RR_GENERIC)
		out = stpcpy(out, type) + 1;
	memcpy(out, rdata, length + 1);
	return out + length + 1;
}

enum ddns_result
node_append(struct node **nodep, unsigned type_number, const char *type, uint32_t ttl,
	    bool is_fallback, const char *rdata)
{
	struct node *node = *nodep;
	size_t length = strlen(rdata);
	size_t size = node->size + HEAD + length + 1;
	if (type_number == RR_GENERIC)
		size += strlen(type) + 1;
	if (node->rr_count == RR_COUNT_MAX || length > SIZE_MAX_OCTETS || size > SIZE_MAX_OCTETS)
		return DDNS_BAD_INPUT;

	node = realloc(node, sizeof(*node) + size);
	if (node == NULL)
		return DDNS_NO_MEMORY;
	char tag = (char)(type_number | (is_fallback ? TAG_FALLBACK : 0));
	write_rr(node->data + node->size, tag, ttl, type, rdata, length);
	node->size = (uint32_t)size;
	node->rr_count++;
	*nodep = node;
	return DDNS_OK;
}

bool
node_next(const struct node *node, size_t *at, struct node_rr *rr)
{
	if (*at == 0)
		*at = node->leaf.length + 1;
	if (*at >= node->size)
		return false;

	char *tag = (char *)(uintptr_t)&node->data[*at];
	unsigned bits = (unsigned char)__atomic_load_n(tag, __ATOMIC_RELAXED);
	const char *text = tag + HEAD;
	rr->tag = tag;
	rr->type_number = bits & TAG_TYPE;
	rr->is_fallback = (bits & TAG_FALLBACK) != 0;
	rr->is_refused = (bits & TAG_REFUSED) != 0;
	memcpy(&rr->ttl, tag + 1, sizeof(rr->ttl));
	rr->type = ddns_rr_type_name(rr->type_number);
	if (rr->type == NULL) {
		rr->type = text;
		text += strlen(text) + 1;
	}
	rr->rdata = text;
	*at = (size_t)(text - node->data) + strlen(text) + 1;
	return true;
}

bool
node_has_type(const struct node *node, unsigned type_number)
{
	struct node_rr rr;
	for (size_t at = 0; node_next(node, &at, &rr);)
		if (rr.type_number == type_number)
			return true;
	return false;
}

bool
node_refuse(const struct node_rr *rr)
{
	return (__atomic_fetch_or((unsigned char *)rr->tag, TAG_REFUSED, __ATOMIC_RELAXED) &
		TAG_REFUSED) == 0;
}

static bool
is_same_rrset(const struct node_rr *a, const struct node_rr *b)
{
	return a->type_number == b->type_number && strcmp(a->type, b->type) == 0;
}

static bool
is_address(const struct node_rr *rr)
{
	return rr->type_number == RR_A || rr->type_number == RR_AAAA;
}

/* RRsets together, their records in order, what is no fallback first. */
static int
compare(const void *left, const void *right)
{
	const struct node_rr *a = left;
	const struct node_rr *b = right;
	if (a->type_number != b->type_number)
		return a->type_number < b->type_number ? -1 : 1;
	int order = strcmp(a->type, b->type);
	if (order == 0)
		order = strcmp(a->rdata, b->rdata);
	return order != 0 ? order : a->is_fallback - b->is_fallback;
}

/* What decides over the records of a name. */
struct verdict {
	bool has_address; // A or AAAA that is no fallback
	bool has_cname;	  // that is no fallback
	bool is_apex;
	const struct node_rr *alone; // the CNAME that stands for the whole name
};

/* Defaults yield: addresses to any address or CNAME, others to their own type and to a CNAME. */
static void
apply_fallback(struct node_rr *rrs, size_t count, const struct verdict *verdict)
{
	for (size_t i = 0, end; i < count; i = end) {
		bool is_taken = verdict->has_cname;
		for (end = i; end < count && is_same_rrset(&rrs[i], &rrs[end]); end++)
			is_taken |= !rrs[end].is_fallback;
		is_taken |= is_address(&rrs[i]) && verdict->has_address;
		for (size_t k = i; k < end; k++)
			if (rrs[k].is_fallback && is_taken)
				rrs[k].tag = NULL; // it is not served
	}
}

/* Why a record is not served; "" where nobody needs to be told, NULL where it is served. */
static const char *
why_not(const struct node_rr *rr, const struct node_rr *kept, const struct verdict *verdict)
{
	if (rr->tag == NULL)
		return "";
	if (rr->type_number == RR_CNAME && verdict->is_apex)
		return "a CNAME cannot stand at the apex";
	if (kept != NULL && is_same_rrset(kept, rr)) {
		if (strcmp(kept->rdata, rr->rdata) == 0)
			return "";
		if (rr->type_number == RR_CNAME || rr->type_number == RR_DNAME)
			return "there is another one";
	}
	if (verdict->alone != NULL && rr != verdict->alone)
		return "it stands beside a CNAME";
	return NULL;
}

static uint32_t
lowest_ttl(const struct node_rr *rrs, size_t count, const struct node_rr *of)
{
	uint32_t ttl = of->ttl;
	for (size_t i = 0; i < count && is_same_rrset(&rrs[i], of); i++)
		if (rrs[i].tag != NULL && rrs[i].ttl < ttl)
			ttl = rrs[i].ttl;
	return ttl;
}

/* Writes what is served into scratch->data; returns its size. */
static size_t
write_served(struct node *node, struct node_scratch *scratch, const struct verdict *verdict,
	     node_drop_function *drop, void *context)
{
	const struct node_rr *rrs = scratch->rrs;
	const struct node_rr *kept = NULL;
	size_t count = node->rr_count;
	char *out = scratch->data;
	uint32_t ttl = 0;

	node->rr_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct node_rr *rr = &rrs[i];
		if (i == 0 || !is_same_rrset(&rrs[i - 1], rr))
			ttl = lowest_ttl(rr, count - i,
					 &(struct node_rr){.type = rr->type,
							   .type_number = rr->type_number,
							   .ttl = RR_TTL_MAX});
		const char *reason = why_not(rr, kept, verdict);
		if (reason != NULL) {
			if (*reason != '\0')
				drop(context, node, rr, reason);
			continue;
		}
		out = write_rr(out, (char)rr->type_number, ttl, rr->type, rr->rdata,
			       strlen(rr->rdata));
		node->rr_count++;
		kept = rr;
	}
	return (size_t)(out - scratch->data);
}

bool
node_scratch_reserve(struct node_scratch *scratch, size_t rr_count, size_t size)
{
	if (scratch->rrs == NULL || scratch->rr_size < rr_count) {
		free(scratch->rrs);
		scratch->rr_size = rr_count + 16;
		scratch->rrs = calloc(scratch->rr_size, sizeof(*scratch->rrs));
	}
	if (scratch->data == NULL || scratch->data_size < size) {
		free(scratch->data);
		scratch->data_size = size + 1024;
		scratch->data = malloc(scratch->data_size);
	}
	if (scratch->rrs != NULL && scratch->data != NULL)
		return true;
	node_scratch_free(scratch);
	return false;
}

/* Most names have one record, and nothing to decide. */
static bool
settle_one(struct node *node)
{
	char *tag = &node->data[node->leaf.length + 1];
	if (node->rr_count == 1) {
		if ((*tag & TAG_TYPE) == RR_CNAME && strcmp(node_owner(node), "@") == 0)
			return false;
		*tag &= (char)~TAG_FALLBACK;
	}
	node->is_open = false;
	return true;
}

void
node_settle(struct node *node, struct node_scratch *scratch, node_drop_function *drop,
	    void *context)
{
	if (node->rr_count <= 1 && settle_one(node))
		return;

	struct verdict verdict = {.is_apex = strcmp(node_owner(node), "@") == 0};
	size_t count = 0;
	for (size_t at = 0; node_next(node, &at, &scratch->rrs[count]); count++) {
		const struct node_rr *rr = &scratch->rrs[count];
		verdict.has_address |= !rr->is_fallback && is_address(rr);
		verdict.has_cname |= !rr->is_fallback && rr->type_number == RR_CNAME;
	}
	verdict.has_cname &= !verdict.is_apex;
	qsort(scratch->rrs, count, sizeof(*scratch->rrs), compare);
	apply_fallback(scratch->rrs, count, &verdict);
	for (size_t i = 0; i < count && verdict.alone == NULL && !verdict.is_apex; i++)
		if (scratch->rrs[i].type_number == RR_CNAME && scratch->rrs[i].tag != NULL)
			verdict.alone = &scratch->rrs[i];

	size_t size = write_served(node, scratch, &verdict, drop, context);
	memcpy(node->data + node->leaf.length + 1, scratch->data, size);
	node->size = (uint32_t)(node->leaf.length + 1 + size);
	node->is_open = false;
}

void
node_scratch_free(struct node_scratch *scratch)
{
	free(scratch->rrs);
	free(scratch->data);
	*scratch = (struct node_scratch){0};
}
