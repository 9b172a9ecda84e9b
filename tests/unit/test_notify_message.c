// SPDX-License-Identifier: GPL-3.0-or-later
// The messages of NOTIFY: what is sent, and which answers count.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libknot/libknot.h>
#include <string.h>

#include "gateway/dns/tsig.h"
#include "gateway/jobs/notify_message.h"
#include "tests/unit/guard_page.h"

enum { NOW = 1700000000 };

static struct notify_message
make(const char *origin, bool is_notify)
{
	struct notify_message message;
	assert_int_equal(notify_message_make(origin, is_notify, &message), DDNS_OK);
	return message;
}

/* The answer that a server gives which has nothing to add. */
static struct notify_message
answer_to(const struct notify_message *message)
{
	struct notify_message answer = *message;
	knot_wire_set_qr(answer.wire);
	return answer;
}

static bool
is_answer(const struct notify_message *message, const struct notify_message *answer)
{
	const char *copy = guard_page_copy(answer->wire, answer->length);
	return notify_message_is_answer(message, (const uint8_t *)copy, answer->length);
}

/* RFC 1996 section 3.7: opcode NOTIFY, AA, one question for the SOA. */
static void
test_notify(void **state)
{
	struct notify_message message = make("dyn.example.org", true);
	const uint8_t *wire = message.wire;
	static const uint8_t question[] = "\x03"
					  "dyn\x07"
					  "example\x03"
					  "org\0\0\x06\0\x01";
	(void)state;
	assert_int_equal(knot_wire_get_opcode(wire), KNOT_OPCODE_NOTIFY);
	assert_true(knot_wire_get_aa(wire));
	assert_false(knot_wire_get_qr(wire));
	assert_int_equal(knot_wire_get_qdcount(wire), 1);
	assert_int_equal(knot_wire_get_ancount(wire), 0);
	assert_int_equal(message.length, KNOT_WIRE_HEADER_SIZE + sizeof question - 1);
	assert_memory_equal(wire + KNOT_WIRE_HEADER_SIZE, question, sizeof question - 1);
	assert_int_equal(knot_wire_get_opcode(make("a", false).wire), KNOT_OPCODE_QUERY);
	assert_int_equal(notify_message_make("no..name", true, &message), DDNS_BAD_INPUT);
}

static void
test_ids_differ(void **state)
{
	unsigned same = 0;
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct notify_message one = make("a", true), other = make("a", true);
		same += memcmp(one.wire, other.wire, 2) == 0;
	}
	assert_true(same < 3);
}

/* RFC 1996 section 4.8: the same id, opcode and question. */
static void
test_answers(void **state)
{
	struct notify_message message = make("dyn.example.org", true), answer;
	(void)state;
	answer = answer_to(&message);
	assert_true(is_answer(&message, &answer));
	knot_wire_set_rcode(answer.wire, KNOT_RCODE_REFUSED);
	assert_true(is_answer(&message, &answer));
	answer.wire[KNOT_WIRE_HEADER_SIZE + 1] ^= 0x20; // case
	assert_true(is_answer(&message, &answer));

	assert_false(is_answer(&message, &message)); // a question
	answer = answer_to(&message);
	answer.wire[1] ^= 1; // id
	assert_false(is_answer(&message, &answer));
	answer = answer_to(&message);
	knot_wire_set_opcode(answer.wire, KNOT_OPCODE_QUERY);
	assert_false(is_answer(&message, &answer));
	answer = answer_to(&message);
	answer.wire[KNOT_WIRE_HEADER_SIZE + 1] = 'x'; // name
	assert_false(is_answer(&message, &answer));
	answer = answer_to(&message);
	answer.wire[answer.length - 3] = KNOT_RRTYPE_NS; // type
	assert_false(is_answer(&message, &answer));
	answer = answer_to(&message);
	knot_wire_set_qdcount(answer.wire, 0);
	assert_false(is_answer(&message, &answer));
	for (size_t length = 0; length < message.length; length++) {
		answer = answer_to(&message);
		answer.length = length;
		assert_false(is_answer(&message, &answer));
	}
}

static void
test_serials(void **state)
{
	static const uint8_t soa[] = "\xc0\x0c\0\x06\0\x01\0\0\0\x3c\0\x16\0\0"
				     "\x89\xab\xcd\xef\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01";
	struct notify_message answer = make("example.org", false);
	uint32_t serial = 0;
	(void)state;
	assert_false(notify_message_serial(answer.wire, answer.length, &serial));
	knot_wire_set_qr(answer.wire);
	knot_wire_set_ancount(answer.wire, 1);
	memcpy(answer.wire + answer.length, soa, sizeof soa - 1);
	for (size_t length = answer.length; length < answer.length + sizeof soa - 1; length++)
		assert_false(notify_message_serial(answer.wire, length, &serial));
	answer.length += sizeof soa - 1;
	answer.wire[answer.length - sizeof soa + 1 + 11] =
		0; // a SOA without data, and more behind it
	assert_false(notify_message_serial(answer.wire, answer.length - 22, &serial));
	answer.wire[answer.length - sizeof soa + 1 + 11] = 22;
	assert_true(notify_message_serial(answer.wire, answer.length, &serial));
	assert_int_equal(serial, 0x89abcdef);
}

/* RFC 8945 sections 4.3 and 5.3: what is signed as a request is verified as one, and its answer. */
static void
test_signed(void **state)
{
	static const uint8_t secret[] = "a secret of a test";
	const struct tsig_key key = {.name = "\x04xfer",
				     .name_length = 6,
				     .algorithm = TSIG_HMAC_SHA256,
				     .secret = secret,
				     .secret_length = sizeof secret - 1};
	struct tsig_key other = key;
	struct notify_message message = make("dyn.example.org", true), answer = answer_to(&message);
	struct tsig_signer ours, theirs;
	struct tsig_record record;
	enum tsig_verdict verdict;
	(void)state;
	tsig_signer_init_request(&ours, &key);
	assert_int_equal(tsig_sign(&ours, message.wire, &message.length, sizeof message.wire, NOW),
			 DDNS_OK);
	knot_pkt_t *packet = knot_pkt_new(message.wire, (uint16_t)message.length, NULL);
	assert_int_equal(knot_pkt_parse(packet, 0), KNOT_EOK);
	assert_int_equal(tsig_find(packet, &record), DDNS_OK);
	assert_int_equal(tsig_verify(&record, &key, message.wire, NOW, &verdict), DDNS_OK);
	assert_int_equal(verdict, TSIG_VERIFIED);
	knot_pkt_free(packet);

	tsig_signer_init(&theirs, &key, &record, TSIG_VERIFIED);
	assert_int_equal(tsig_sign(&theirs, answer.wire, &answer.length, sizeof answer.wire, NOW),
			 DDNS_OK);
	packet = knot_pkt_new(answer.wire, (uint16_t)answer.length, NULL);
	assert_int_equal(knot_pkt_parse(packet, 0), KNOT_EOK);
	assert_int_equal(tsig_find(packet, &record), DDNS_OK);
	assert_int_equal(tsig_verify_answer(&ours, &record, answer.wire, NOW, &verdict), DDNS_OK);
	assert_int_equal(verdict, TSIG_VERIFIED);
	// an answer is no request, and belongs to its request only
	assert_int_equal(tsig_verify(&record, &key, answer.wire, NOW, &verdict), DDNS_OK);
	assert_int_equal(verdict, TSIG_BAD_SIGNATURE);
	ours.prior[0] ^= 1;
	assert_int_equal(tsig_verify_answer(&ours, &record, answer.wire, NOW, &verdict), DDNS_OK);
	assert_int_equal(verdict, TSIG_BAD_SIGNATURE);
	ours.prior[0] ^= 1;
	other.name[1] = 'y';
	ours.key = &other;
	assert_int_equal(tsig_verify_answer(&ours, &record, answer.wire, NOW, &verdict), DDNS_OK);
	assert_int_equal(verdict, TSIG_BAD_KEY);
	knot_pkt_free(packet);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notify),	cmocka_unit_test(test_ids_differ),
		cmocka_unit_test(test_answers), cmocka_unit_test(test_serials),
		cmocka_unit_test(test_signed),
	};
	return cmocka_run_group_tests_name("notify_message", tests, NULL, NULL);
}
