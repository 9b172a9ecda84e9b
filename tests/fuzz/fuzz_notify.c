// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: what secondaries answer to NOTIFY and name servers to a question for a SOA, signed
// or not.
#include <stdlib.h>
#include <string.h>

#include "gateway/dns/tsig.h"
#include "gateway/jobs/notify_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
verify(uint8_t *wire, size_t length)
{
	static const uint8_t secret[] = "corpus";
	const struct tsig_key key = {
		.name = "\x02k1",
		.name_length = 4,
		.algorithm = TSIG_HMAC_SHA256,
		.secret = secret,
		.secret_length = sizeof(secret) - 1,
	};
	struct tsig_signer signer;
	struct tsig_record record;
	enum tsig_verdict verdict;
	knot_pkt_t *packet = knot_pkt_new(wire, (uint16_t)length, NULL);

	if (packet == NULL)
		return;
	tsig_signer_init_request(&signer, &key);
	if (knot_pkt_parse(packet, 0) == KNOT_EOK && tsig_find(packet, &record) == DDNS_OK &&
	    tsig_verify_answer(&signer, &record, wire, 1700000000, &verdict) != DDNS_OK)
		abort();
	knot_pkt_free(packet);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct notify_message message;
	uint32_t serial;
	uint8_t *wire = malloc(size + 1);

	if (wire == NULL || size > NOTIFY_MESSAGE_MAX || size < 2)
		goto cleanup;
	memcpy(wire, data, size);
	for (int is_notify = 0; is_notify <= 1; is_notify++) {
		if (notify_message_make("example.org", is_notify != 0, &message) != DDNS_OK)
			abort();
		memcpy(message.wire, wire, 2); // the id that was drawn
		(void)notify_message_is_answer(&message, wire, size);
	}
	(void)notify_message_serial(wire, size, &serial);
	verify(wire, size);
cleanup:
	free(wire);
	return 0;
}
