// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the TSIG RR of a message, verified by a key of each algorithm, and the answer to it.
#include <stdlib.h>
#include <string.h>

#include "gateway/dns/message.h"
#include "gateway/dns/tsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
verify(const struct message *message, enum tsig_algorithm algorithm)
{
	static const uint8_t secret[] = "corpus";
	const struct tsig_key key = {
		.name = "\x02k1",
		.name_length = 4,
		.algorithm = algorithm,
		.secret = secret,
		.secret_length = sizeof(secret) - 1,
		.may_truncate = true,
	};
	enum tsig_verdict verdict;
	struct tsig_signer signer;
	uint8_t out[2048] = {0};
	size_t length = KNOT_WIRE_HEADER_SIZE;

	if (tsig_verify(&message->tsig, &key, message->wire, 1700000000, &verdict) != DDNS_OK)
		abort();
	if (verdict == TSIG_BAD_KEY || verdict == TSIG_BAD_SIGNATURE) {
		if (tsig_refuse(&message->tsig, verdict, out, &length, sizeof(out)) != DDNS_OK)
			abort();
	} else if (verdict != TSIG_MALFORMED) {
		tsig_signer_init(&signer, &key, &message->tsig, verdict);
		if (tsig_sign(&signer, out, &length, sizeof(out), 1700000000) != DDNS_OK)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message;
	uint16_t rcode;
	uint8_t *wire = malloc(size + 1);

	if (wire == NULL || size > MESSAGE_SIZE_MAX)
		goto cleanup;
	memcpy(wire, data, size);
	if (message_read(&message, wire, size, &rcode) == MESSAGE_READ && message.has_tsig)
		for (int algorithm = TSIG_HMAC_MD5; algorithm <= TSIG_HMAC_SHA512; algorithm++)
			verify(&message, (enum tsig_algorithm)algorithm);
	message_free(&message);
cleanup:
	free(wire);
	return 0;
}
