// SPDX-License-Identifier: GPL-3.0-or-later
// Transaction signatures (TSIG, RFC 8945): verifies requests and signs what answers them.
#ifndef DDNS_GATEWAY_DNS_TSIG_H
#define DDNS_GATEWAY_DNS_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libknot/libknot.h>

#include "sql/client/result.h"

enum {
	TSIG_NAME_MAX = 255, // octets of a name on the wire
	TSIG_MAC_MAX = 64,   // octets of the longest MAC, hmac-sha512's
	TSIG_FUDGE = 300,    // seconds: what answers say, and the most that a request may claim
};

enum tsig_algorithm {
	TSIG_HMAC_MD5, // for old clients only: RFC 8945 section 6
	TSIG_HMAC_SHA1,
	TSIG_HMAC_SHA224,
	TSIG_HMAC_SHA256,
	TSIG_HMAC_SHA384,
	TSIG_HMAC_SHA512,
};

/* By the name that the database uses, such as "hmac-sha256".  DDNS_NOT_FOUND: no such algorithm. */
enum ddns_result tsig_algorithm_by_name(const char *name, enum tsig_algorithm *algorithmp);

/* Octets of the algorithm's full MAC. */
size_t tsig_mac_size(enum tsig_algorithm algorithm);

/* A shared secret.  Whoever makes one keeps it alive for as long as it is used. */
struct tsig_key {
	uint8_t name[TSIG_NAME_MAX]; // wire form, lower case
	size_t name_length;
	enum tsig_algorithm algorithm;
	const uint8_t *secret;
	size_t secret_length;
	bool may_truncate; // shorter MACs are taken, down to RFC 8945 section 5.2.2.1's minimum
};

/* The TSIG RR of a message as it came: nothing in it is proven. */
struct tsig_record {
	uint8_t name[TSIG_NAME_MAX]; // of the key; wire form, lower case
	size_t name_length;
	uint8_t algorithm[TSIG_NAME_MAX]; // wire form, lower case
	size_t algorithm_length;
	uint64_t time_signed;	   // seconds since 1970
	uint16_t fudge;		   // seconds
	uint16_t original_id;	   // of the message, before forwarders
	uint16_t error;		   // 0 in a request
	uint8_t mac[TSIG_MAC_MAX]; // its first octets where mac_length says more
	size_t mac_length;
	const uint8_t *other; // into the packet
	size_t other_length;
	size_t offset; // where the RR begins in the message
};

/*
 * Finds the TSIG RR of a parsed packet.  Parsing has taken it out of the header's count of RRs.
 *
 * DDNS_NOT_FOUND  the message has none
 * DDNS_BAD_INPUT  it has more than one, one elsewhere than at the end, or one that is malformed
 *                 (RFC 8945 section 5.2: FORMERR, and the answer is unsigned)
 */
enum ddns_result tsig_find(const knot_pkt_t *packet, struct tsig_record *record);

enum tsig_verdict {
	TSIG_VERIFIED,
	TSIG_MALFORMED,	     // the MAC's length cannot be right: FORMERR, unsigned
	TSIG_BAD_KEY,	     // NOTAUTH + BADKEY, unsigned
	TSIG_BAD_SIGNATURE,  // NOTAUTH + BADSIG, unsigned
	TSIG_BAD_TIME,	     // NOTAUTH + BADTIME, signed: the MAC is right
	TSIG_BAD_TRUNCATION, // NOTAUTH + BADTRUNC, signed: the MAC is right, but shorter than
			     // allowed
};

/*
 * Verifies a message of which `record` was found; `key` is the one of that name, or NULL where
 * there is none: then the same work is done with a key that nobody has.  `now` in seconds since
 * 1970. The message is not changed.  The order of the checks is RFC 8945 section 5.2's.
 * DDNS_INTERNAL (OpenSSL failed) writes no verdict.
 */
enum ddns_result tsig_verify(const struct tsig_record *record, const struct tsig_key *key,
			     const uint8_t *message, uint64_t now, enum tsig_verdict *verdictp);

/* Signs the one message, or the many of a transfer, that answer a verified request; or a request of
 * our own. */
struct tsig_signer {
	const struct tsig_key *key;
	uint8_t prior[TSIG_MAC_MAX]; // MAC of the request, then of the last message signed; none
				     // before a request of our own
	size_t prior_length;
	uint16_t error;
	uint64_t request_time;
	uint16_t request_fudge;
	bool is_continuing; // a message was signed: the next ones digest timers only
};

/* Begins with the request's MAC; the verdict must not be an unsigned one. */
void tsig_signer_init(struct tsig_signer *signer, const struct tsig_key *key,
		      const struct tsig_record *record, enum tsig_verdict verdict);

/* Begins a request of our own. */
void tsig_signer_init_request(struct tsig_signer *signer, const struct tsig_key *key);

/*
 * Verifies the answer to the request that was signed: what tsig_verify says of requests counts
 * here, too (RFC 8945 section 5.3).
 */
enum ddns_result tsig_verify_answer(const struct tsig_signer *signer,
				    const struct tsig_record *record, const uint8_t *message,
				    uint64_t now, enum tsig_verdict *verdictp);

/*
 * Appends the TSIG RR to a message of *lengthp octets in a buffer of `size`, and counts it in.
 * DDNS_BAD_INPUT: it does not fit.  DDNS_INTERNAL: OpenSSL failed.
 */
enum ddns_result tsig_sign(struct tsig_signer *signer, uint8_t *message, size_t *lengthp,
			   size_t size, uint64_t now);

/* Octets that tsig_sign will append at most. */
size_t tsig_signer_room(const struct tsig_signer *signer);

/*
 * Appends a TSIG RR without a MAC that tells why a request was not verified: BADKEY or BADSIG.
 * Names, time and fudge are the request's.  DDNS_BAD_INPUT: it does not fit.
 */
enum ddns_result tsig_refuse(const struct tsig_record *record, enum tsig_verdict verdict,
			     uint8_t *message, size_t *lengthp, size_t size);

#endif
