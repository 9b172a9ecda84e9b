// SPDX-License-Identifier: GPL-3.0-or-later
// Transaction signatures (TSIG, RFC 8945).
#include "gateway/dns/tsig.h"

#include <string.h>

#include <openssl/crypto.h>

#include "gateway/dns/tsig_hmac.h"

/* RFC 8945 section 4.2: what follows the algorithm's name, less MAC and other data. */
enum {
	TSIG_FIXED = 6 + 2 + 2 + 2 + 2 + 2,
	TSIG_VARIABLES_MAX = 2 * TSIG_NAME_MAX + 2 + 4 + 6 + 2 + 2 + 2,
	TSIG_MINIMUM = 10, // octets of the shortest truncated MAC
};

/* Writes numbers and octets one after the other; the caller knows that they fit. */
static uint8_t *
put(uint8_t *at, const void *data, size_t length)
{
	if (length > 0)
		memcpy(at, data, length);
	return at + length;
}

static uint8_t *
put_u16(uint8_t *at, uint16_t value)
{
	knot_wire_write_u16(at, value);
	return at + 2;
}

static uint8_t *
put_u32(uint8_t *at, uint32_t value)
{
	knot_wire_write_u32(at, value);
	return at + 4;
}

static uint8_t *
put_u48(uint8_t *at, uint64_t value)
{
	knot_wire_write_u48(at, value);
	return at + 6;
}

/* RFC 8945 section 4.3.3: the variables, without the other data that ends them. */
static size_t
variables_put(const struct tsig_record *record, uint8_t out[TSIG_VARIABLES_MAX])
{
	uint8_t *at = put(out, record->name, record->name_length);
	at = put_u16(at, KNOT_CLASS_ANY);
	at = put_u32(at, 0);
	at = put(at, record->algorithm, record->algorithm_length);
	at = put_u48(at, record->time_signed);
	at = put_u16(at, record->fudge);
	at = put_u16(at, record->error);
	at = put_u16(at, (uint16_t)record->other_length);
	return (size_t)(at - out);
}

/* Copies a name in lower case: libknot made sure that it is one. */
static size_t
name_copy(uint8_t out[TSIG_NAME_MAX], const knot_dname_t *name)
{
	size_t length = knot_dname_size(name);

	memcpy(out, name, length);
	knot_dname_to_lower(out);
	return length;
}

enum ddns_result
tsig_find(const knot_pkt_t *packet, struct tsig_record *record)
{
	const knot_pktsection_t *last = knot_pkt_section(packet, KNOT_ADDITIONAL);
	size_t count = 0;

	for (size_t i = 0; i < packet->rrset_count; i++)
		count += packet->rr[i].type == KNOT_RRTYPE_TSIG ? 1 : 0;
	if (count == 0)
		return DDNS_NOT_FOUND;

	const knot_rrset_t *rr = packet->tsig_rr;
	if (count > 1 || rr == NULL || last->count == 0 ||
	    rr != knot_pkt_rr(last, (uint16_t)(last->count - 1)) || rr->rclass != KNOT_CLASS_ANY ||
	    rr->ttl != 0 || packet->tsig_wire.pos == NULL || !knot_tsig_rdata_is_ok(rr))
		return DDNS_BAD_INPUT;

	*record = (struct tsig_record){
		.time_signed = knot_tsig_rdata_time_signed(rr),
		.fudge = knot_tsig_rdata_fudge(rr),
		.original_id = knot_tsig_rdata_orig_id(rr),
		.error = knot_tsig_rdata_error(rr),
		.mac_length = knot_tsig_rdata_mac_length(rr),
		.other = knot_tsig_rdata_other_data(rr),
		.other_length = knot_tsig_rdata_other_data_length(rr),
		.offset = (size_t)(packet->tsig_wire.pos - packet->wire),
	};
	record->name_length = name_copy(record->name, rr->owner);
	record->algorithm_length = name_copy(record->algorithm, knot_tsig_rdata_alg_name(rr));
	size_t kept = record->mac_length < TSIG_MAC_MAX ? record->mac_length : TSIG_MAC_MAX;
	if (kept > 0)
		memcpy(record->mac, knot_tsig_rdata_mac(rr), kept);
	return DDNS_OK;
}

/* What precedes an answer in its digest: the MAC of the request (RFC 8945 section 4.3.1). */
struct prior {
	const uint8_t *mac;
	size_t length; // 0: a request
};

/* RFC 8945 section 4.3.2: the message as it was before the TSIG RR was added; libknot has taken
 * that out of the counts already. */
static enum ddns_result
received_mac(const struct tsig_record *record, const struct tsig_key *key,
	     const struct prior *prior, const uint8_t *message, uint8_t mac[TSIG_MAC_MAX])
{
	uint8_t header[KNOT_WIRE_HEADER_SIZE];
	uint8_t variables[TSIG_VARIABLES_MAX];
	uint8_t prior_length[2];

	memcpy(header, message, sizeof(header));
	knot_wire_set_id(header, record->original_id);
	put_u16(prior_length, (uint16_t)prior->length);

	const struct tsig_piece pieces[] = {
		{prior_length, prior->length > 0 ? sizeof(prior_length) : 0},
		{prior->mac, prior->length},
		{header, sizeof(header)},
		{message + sizeof(header), record->offset - sizeof(header)},
		{variables, variables_put(record, variables)},
		{record->other, record->other_length},
	};
	return tsig_hmac_compute(key, pieces, sizeof(pieces) / sizeof(pieces[0]), mac);
}

static bool
algorithm_is(const struct tsig_record *record, enum tsig_algorithm algorithm)
{
	const struct tsig_hmac *hmac = tsig_hmac_of(algorithm);

	return record->algorithm_length == hmac->wire_length &&
	       memcmp(record->algorithm, hmac->wire, hmac->wire_length) == 0;
}

/* Whether the request is too far from our clock; its own fudge counts only up to ours. */
static bool
is_out_of_time(const struct tsig_record *record, uint64_t now)
{
	uint64_t distance =
		now > record->time_signed ? now - record->time_signed : record->time_signed - now;
	uint16_t fudge = record->fudge < TSIG_FUDGE ? record->fudge : TSIG_FUDGE;

	return distance > fudge;
}

static enum ddns_result
verify(const struct tsig_record *record, const struct tsig_key *key, const struct prior *prior,
       const uint8_t *message, uint64_t now, enum tsig_verdict *verdictp)
{
	/* Nobody has it: an unknown key takes as long to refuse as a wrong MAC. */
	static const uint8_t nobody[32] = {0};
	static const struct tsig_key dummy = {
		.algorithm = TSIG_HMAC_SHA256, .secret = nobody, .secret_length = sizeof(nobody)};
	bool is_known = key != NULL && algorithm_is(record, key->algorithm);
	const struct tsig_key *used = is_known ? key : &dummy;
	size_t full = tsig_hmac_of(used->algorithm)->mac_size;
	size_t minimum = full / 2 > TSIG_MINIMUM ? full / 2 : TSIG_MINIMUM;
	uint8_t mac[TSIG_MAC_MAX] = {0};

	enum ddns_result result = received_mac(record, used, prior, message, mac);
	if (result != DDNS_OK)
		return result;
	if (!is_known)
		*verdictp = TSIG_BAD_KEY;
	else if (record->mac_length == 0)
		*verdictp = TSIG_BAD_SIGNATURE;
	else if (record->mac_length > full || record->mac_length < minimum)
		*verdictp = TSIG_MALFORMED;
	else if (CRYPTO_memcmp(mac, record->mac, record->mac_length) != 0)
		*verdictp = TSIG_BAD_SIGNATURE;
	else if (is_out_of_time(record, now))
		*verdictp = TSIG_BAD_TIME;
	else if (record->mac_length < full && !key->may_truncate)
		*verdictp = TSIG_BAD_TRUNCATION;
	else
		*verdictp = TSIG_VERIFIED;
	OPENSSL_cleanse(mac, sizeof(mac));
	return DDNS_OK;
}

enum ddns_result
tsig_verify(const struct tsig_record *record, const struct tsig_key *key, const uint8_t *message,
	    uint64_t now, enum tsig_verdict *verdictp)
{
	return verify(record, key, &(struct prior){NULL, 0}, message, now, verdictp);
}

enum ddns_result
tsig_verify_answer(const struct tsig_signer *signer, const struct tsig_record *record,
		   const uint8_t *message, uint64_t now, enum tsig_verdict *verdictp)
{
	const struct tsig_key *key = signer->key;
	bool is_same = record->name_length == key->name_length &&
		       memcmp(record->name, key->name, key->name_length) == 0;

	return verify(record, is_same ? key : NULL,
		      &(struct prior){signer->prior, signer->prior_length}, message, now, verdictp);
}

void
tsig_signer_init_request(struct tsig_signer *signer, const struct tsig_key *key)
{
	*signer = (struct tsig_signer){.key = key};
}

void
tsig_signer_init(struct tsig_signer *signer, const struct tsig_key *key,
		 const struct tsig_record *record, enum tsig_verdict verdict)
{
	*signer = (struct tsig_signer){
		.key = key,
		.prior_length = record->mac_length,
		.error = verdict == TSIG_BAD_TIME	  ? KNOT_RCODE_BADTIME
			 : verdict == TSIG_BAD_TRUNCATION ? KNOT_RCODE_BADTRUNC
							  : 0,
		.request_time = record->time_signed,
		.request_fudge = record->fudge,
	};
	memcpy(signer->prior, record->mac, record->mac_length);
}

/* Octets of the RR that would carry the record. */
static size_t
record_size(const struct tsig_record *record)
{
	return record->name_length + 10 + record->algorithm_length + TSIG_FIXED +
	       record->mac_length + record->other_length;
}

/* Appends the RR and counts it in; the caller knows that it fits. */
static void
record_append(const struct tsig_record *record, uint8_t *message, size_t *lengthp)
{
	size_t rdata_length =
		record->algorithm_length + TSIG_FIXED + record->mac_length + record->other_length;
	uint8_t *at = put(message + *lengthp, record->name, record->name_length);

	at = put_u16(at, KNOT_RRTYPE_TSIG);
	at = put_u16(at, KNOT_CLASS_ANY);
	at = put_u32(at, 0);
	at = put_u16(at, (uint16_t)rdata_length);
	at = put(at, record->algorithm, record->algorithm_length);
	at = put_u48(at, record->time_signed);
	at = put_u16(at, record->fudge);
	at = put_u16(at, (uint16_t)record->mac_length);
	at = put(at, record->mac, record->mac_length);
	at = put_u16(at, record->original_id);
	at = put_u16(at, record->error);
	at = put_u16(at, (uint16_t)record->other_length);
	at = put(at, record->other, record->other_length);
	*lengthp = (size_t)(at - message);
	knot_wire_add_arcount(message, 1);
}

/* RFC 8945 sections 4.3.2, 5.3 and 5.3.1: the digest of a request, of an answer, first or later. */
static enum ddns_result
sent_mac(const struct tsig_signer *signer, const struct tsig_record *record, const uint8_t *message,
	 size_t length, uint8_t mac[TSIG_MAC_MAX])
{
	uint8_t prior_length[2];
	uint8_t variables[TSIG_VARIABLES_MAX];
	size_t variables_length;

	put_u16(prior_length, (uint16_t)signer->prior_length);
	if (signer->is_continuing)
		variables_length =
			(size_t)(put_u16(put_u48(variables, record->time_signed), record->fudge) -
				 variables);
	else
		variables_length = variables_put(record, variables);

	const struct tsig_piece pieces[] = {
		{prior_length, signer->prior_length > 0 ? sizeof(prior_length) : 0},
		{signer->prior, signer->prior_length},
		{message, length},
		{variables, variables_length},
		{record->other, signer->is_continuing ? 0 : record->other_length},
	};
	return tsig_hmac_compute(signer->key, pieces, sizeof(pieces) / sizeof(pieces[0]), mac);
}

enum ddns_result
tsig_sign(struct tsig_signer *signer, uint8_t *message, size_t *lengthp, size_t size, uint64_t now)
{
	const struct tsig_key *key = signer->key;
	const struct tsig_hmac *algorithm = tsig_hmac_of(key->algorithm);
	bool is_bad_time = signer->error == KNOT_RCODE_BADTIME;
	uint8_t our_time[6];

	/* The server's clock goes into the other data of BADTIME and nowhere else. */
	put_u48(our_time, now);
	struct tsig_record record = {
		.name_length = key->name_length,
		.algorithm_length = algorithm->wire_length,
		.time_signed = is_bad_time ? signer->request_time : now,
		.fudge = is_bad_time ? signer->request_fudge : TSIG_FUDGE,
		.original_id = knot_wire_get_id(message),
		.error = signer->error,
		.mac_length = algorithm->mac_size,
		.other = our_time,
		.other_length = is_bad_time ? sizeof(our_time) : 0,
	};
	memcpy(record.name, key->name, key->name_length);
	memcpy(record.algorithm, algorithm->wire, algorithm->wire_length);
	if (*lengthp + record_size(&record) > size)
		return DDNS_BAD_INPUT;

	enum ddns_result result = sent_mac(signer, &record, message, *lengthp, record.mac);
	if (result != DDNS_OK)
		return result;
	record_append(&record, message, lengthp);
	memcpy(signer->prior, record.mac, record.mac_length);
	signer->prior_length = record.mac_length;
	signer->is_continuing = true;
	return DDNS_OK;
}

size_t
tsig_signer_room(const struct tsig_signer *signer)
{
	const struct tsig_hmac *algorithm = tsig_hmac_of(signer->key->algorithm);

	return signer->key->name_length + 10 + algorithm->wire_length + TSIG_FIXED +
	       algorithm->mac_size + 6;
}

enum ddns_result
tsig_refuse(const struct tsig_record *record, enum tsig_verdict verdict, uint8_t *message,
	    size_t *lengthp, size_t size)
{
	struct tsig_record answer = *record;

	answer.original_id = knot_wire_get_id(message);
	answer.error = verdict == TSIG_BAD_KEY ? KNOT_RCODE_BADKEY : KNOT_RCODE_BADSIG;
	answer.mac_length = 0;
	answer.other_length = 0;
	if (*lengthp + record_size(&answer) > size)
		return DDNS_BAD_INPUT;
	record_append(&answer, message, lengthp);
	return DDNS_OK;
}
