// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/dns/tsig.c: RFC 8945 by table, and messages that another implementation signed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/dns/tsig.h"
#include "tests/unit/tsig_client.h"

static const uint8_t secret[] = "a secret that is long enough for anybody";
static const uint8_t other_secret[] = "another";
enum { NOW = 1700000000 };

static const struct {
	const char *name;
	const char *wire;
	size_t wire_size;
	const EVP_MD *(*digest)(void);
	int full, minimum;
} algorithms[] = {
	{"hmac-md5", "\x08hmac-md5\x07sig-alg\x03reg\x03int", 26, EVP_md5, 16, 10},
	{"hmac-sha1", "\x09hmac-sha1", 11, EVP_sha1, 20, 10},
	{"hmac-sha224", "\x0bhmac-sha224", 13, EVP_sha224, 28, 14},
	{"hmac-sha256", "\x0bhmac-sha256", 13, EVP_sha256, 32, 16},
	{"hmac-sha384", "\x0bhmac-sha384", 13, EVP_sha384, 48, 24},
	{"hmac-sha512", "\x0bhmac-sha512", 13, EVP_sha512, 64, 32},
};
enum { ALGORITHM_COUNT = sizeof(algorithms) / sizeof(algorithms[0]) };

static struct tsig_key
key_make(int algorithm)
{
	struct tsig_key key = {.name = "\x02k1",
			       .name_length = 4,
			       .secret = secret,
			       .secret_length = sizeof(secret)};
	assert_int_equal(tsig_algorithm_by_name(algorithms[algorithm].name, &key.algorithm),
			 DDNS_OK);
	assert_int_equal(tsig_mac_size(key.algorithm), algorithms[algorithm].full);
	return key;
}

static struct tsig_client
client_make(int algorithm)
{
	return (struct tsig_client){
		TSIG_CLIENT_NAME("\x02K1"), // names are digested in lower case: see sign()
		.algorithm = algorithms[algorithm].wire,
		.algorithm_size = algorithms[algorithm].wire_size,
		.digest = algorithms[algorithm].digest(),
		.secret = secret,
		.secret_size = sizeof(secret),
		.time = NOW,
		.fudge = 300,
		.mac_size = -1,
	};
}

/* An UPDATE of example.org without changes. */
static size_t
request_make(uint8_t *wire)
{
	static const uint8_t update[] = "\x12\x34\x28\x00\x00\x01\x00\x00\x00\x00\x00\x00"
					"\x07"
					"example\x03org\x00\x00\x06\x00\x01";
	memcpy(wire, update, sizeof(update) - 1);
	return sizeof(update) - 1;
}

/* Signs with the lower-case name in the digest and the one given on the wire. */
static void
sign(struct tsig_client how, uint8_t *wire, size_t *length)
{
	size_t at = *length;
	const char *given = how.name;
	char lower[64];
	for (size_t i = 0; i < how.name_size; i++)
		lower[i] = given[i] >= 'A' && given[i] <= 'Z' ? (char)(given[i] + 32) : given[i];
	how.name = lower;
	client_sign(&how, wire, length, NULL);
	memcpy(wire + at, given, how.name_size);
}

/* The wire is copied before an exact allocation's end, so that a read too far is a fault. */
static enum ddns_result
find(const uint8_t *wire, size_t length, struct tsig_record *record, uint8_t **copyp,
     knot_pkt_t **packetp)
{
	uint8_t *copy = malloc(length);
	memcpy(copy, wire, length);
	knot_pkt_t *packet = knot_pkt_new(copy, (uint16_t)length, NULL);
	int code = knot_pkt_parse(packet, 0);
	*copyp = copy;
	*packetp = packet;
	return code == KNOT_EOK ? tsig_find(packet, record) : DDNS_BAD_INPUT;
}

enum { FORMERR = 100 };

/* The verdict on a wire, or FORMERR where the RR could not be read. */
static int
judge(const uint8_t *wire, size_t length, const struct tsig_key *key)
{
	struct tsig_record record;
	enum tsig_verdict verdict = TSIG_BAD_KEY;
	uint8_t *copy;
	knot_pkt_t *packet;
	enum ddns_result result = find(wire, length, &record, &copy, &packet);

	if (result == DDNS_OK)
		result = tsig_verify(&record, key, copy, NOW, &verdict);
	knot_pkt_free(packet);
	free(copy);
	return result == DDNS_OK ? (int)verdict : FORMERR;
}

static void
test_lengths_macs_and_times(void **state)
{
	(void)state;
	static const struct {
		int64_t offset;
		uint16_t fudge;
		bool is_right;
	} times[] = {
		{-301, 300, false}, {-300, 300, true},	 {0, 300, true},     {300, 300, true},
		{301, 300, false},  {0, 0, true},	 {1, 0, false},	     {-1, 0, false},
		{300, 65535, true}, {301, 65535, false}, {-NOW, 300, false},
	};
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		const int sizes[] = {-1,
				     algorithms[a].minimum,
				     algorithms[a].minimum - 1,
				     algorithms[a].full + 1,
				     80,
				     1,
				     0};
		for (int s = 0; s < 7; s++) {
			for (int wrong = 0; wrong < 3; wrong++) {
				for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
					struct tsig_key key = key_make(a);
					struct tsig_client how = client_make(a);
					uint8_t wire[512];
					size_t length = request_make(wire);
					how.mac_size = sizes[s];
					how.time = (uint64_t)(NOW + times[t].offset);
					how.fudge = times[t].fudge;
					how.is_wrong = wrong == 1;
					if (wrong == 2) {
						how.secret = other_secret;
						how.secret_size = sizeof(other_secret);
					}
					sign(how, wire, &length);
					int expected = s == 6		    ? TSIG_BAD_SIGNATURE
						       : s >= 2		    ? TSIG_MALFORMED
						       : wrong != 0	    ? TSIG_BAD_SIGNATURE
						       : !times[t].is_right ? TSIG_BAD_TIME
						       : s == 1		    ? TSIG_BAD_TRUNCATION
									    : TSIG_VERIFIED;
					assert_int_equal(judge(wire, length, &key), expected);
					key.may_truncate = true;
					if (expected == TSIG_BAD_TRUNCATION)
						expected = TSIG_VERIFIED;
					assert_int_equal(judge(wire, length, &key), expected);
				}
			}
		}
	}
}

static void
test_algorithm_must_be_the_keys(void **state)
{
	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		for (int b = 0; b < ALGORITHM_COUNT; b++) {
			struct tsig_key key = key_make(a);
			struct tsig_client how = client_make(b);
			uint8_t wire[512];
			size_t length = request_make(wire);
			sign(how, wire, &length);
			assert_int_equal(judge(wire, length, &key),
					 a == b ? TSIG_VERIFIED : TSIG_BAD_KEY);
			assert_int_equal(judge(wire, length, NULL), TSIG_BAD_KEY);
			/* A MAC of the key's algorithm, cut to the length of the one that is named.
			 */
			how.digest = algorithms[a].digest();
			how.mac_size =
				algorithms[b].full < algorithms[a].full ? algorithms[b].full : -1;
			length = request_make(wire);
			sign(how, wire, &length);
			if (a != b)
				assert_int_equal(judge(wire, length, &key), TSIG_BAD_KEY);
		}
	}
}

static void
test_place_class_and_ttl(void **state)
{
	(void)state;
	struct tsig_key key = key_make(3);
	struct tsig_client how = client_make(3);
	uint8_t wire[512];
	size_t length = request_make(wire);

	sign(how, wire, &length); // two of them
	sign(how, wire, &length);
	assert_int_equal(judge(wire, length, &key), FORMERR);

	static const uint8_t a[] = "\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x7f\x00\x00\x01";
	length = request_make(wire);
	sign(how, wire, &length); // not the last
	memcpy(wire + length, a, sizeof(a) - 1);
	wire[11]++;
	assert_int_equal(judge(wire, length + sizeof(a) - 1, &key), FORMERR);

	length = request_make(wire);
	sign(how, wire, &length); // in the update section
	wire[11]--;
	wire[9]++;
	assert_int_equal(judge(wire, length, &key), FORMERR);

	how.class = 1;
	length = request_make(wire);
	sign(how, wire, &length);
	assert_int_equal(judge(wire, length, &key), FORMERR);

	how.class = 0;
	how.ttl = 1;
	length = request_make(wire);
	sign(how, wire, &length);
	assert_int_equal(judge(wire, length, &key), FORMERR);

	struct tsig_record record;
	uint8_t *copy;
	knot_pkt_t *packet;
	length = request_make(wire);
	assert_int_equal(find(wire, length, &record, &copy, &packet), DDNS_NOT_FOUND);
	knot_pkt_free(packet);
	free(copy);
}

static void
test_original_id_is_digested(void **state)
{
	(void)state;
	struct tsig_key key = key_make(3);
	uint8_t wire[512];
	size_t length = request_make(wire);

	sign(client_make(3), wire, &length);
	wire[0] ^= 0xff; // a forwarder's ID
	assert_int_equal(judge(wire, length, &key), TSIG_VERIFIED);
	wire[12] ^= 0x20; // the zone's name
	assert_int_equal(judge(wire, length, &key), FORMERR);
	wire[12] ^= 0x20;
	wire[13] ^= 0x01;
	assert_int_equal(judge(wire, length, &key), TSIG_BAD_SIGNATURE);
}

/* Each cut of a right message is malformed or unsigned, and never read beyond its end. */
static void
test_every_truncation(void **state)
{
	(void)state;
	struct tsig_key key = key_make(3);
	uint8_t wire[512];
	size_t length = request_make(wire);

	sign(client_make(3), wire, &length);
	for (size_t cut = 12; cut < length; cut++)
		assert_int_equal(judge(wire, cut, &key), FORMERR);
}

/* RFC 8945 sections 5.3 and 5.3.1: what the client computes over our answers is what we wrote. */
static void
test_answers_are_signed(void **state)
{
	(void)state;
	struct tsig_key key = key_make(3);
	struct tsig_record record;
	struct tsig_signer signer;
	uint8_t wire[512], *copy;
	knot_pkt_t *packet;
	size_t length = request_make(wire);

	sign(client_make(3), wire, &length);
	assert_int_equal(find(wire, length, &record, &copy, &packet), DDNS_OK);
	tsig_signer_init(&signer, &key, &record, TSIG_VERIFIED);
	knot_pkt_free(packet);
	free(copy);

	uint8_t prior[32];
	memcpy(prior, record.mac, sizeof(prior));
	for (int round = 0; round < 3; round++) {
		uint8_t answer[512], digested[1024], mac[64];
		unsigned mac_size;
		size_t plain = request_make(answer), signed_length = plain;

		answer[2] |= 0x80;
		assert_true(tsig_signer_room(&signer) >= 4 + 10 + 13 + 16 + 32);
		assert_int_equal(
			tsig_sign(&signer, answer, &signed_length, sizeof(answer), NOW + 7),
			DDNS_OK);
		assert_int_equal(signed_length, plain + 4 + 10 + 13 + 16 + 32);
		assert_int_equal(answer[11], 1);

		uint8_t *at = client_number(digested, 32, 2);
		at = client_put(at, prior, 32);
		answer[11] = 0;
		at = client_put(at, answer, plain);
		if (round == 0) {
			at = client_put(at, "\x02k1", 4);
			at = client_number(at, 255, 2);
			at = client_number(at, 0, 4);
			at = client_put(at, "\x0bhmac-sha256", 13);
		}
		at = client_number(at, NOW + 7, 6);
		at = client_number(at, 300, 2);
		if (round == 0)
			at = client_number(at, 0, 4);
		HMAC(EVP_sha256(), secret, sizeof(secret), digested, (size_t)(at - digested), mac,
		     &mac_size);
		assert_memory_equal(mac, answer + plain + 4 + 10 + 13 + 10, 32);
		memcpy(prior, mac, sizeof(prior));
	}
}

static void
test_bad_time_tells_our_time(void **state)
{
	(void)state;
	struct tsig_key key = key_make(3);
	struct tsig_client how = client_make(3);
	struct tsig_record record, said;
	struct tsig_signer signer;
	uint8_t wire[512], answer[512], *copy;
	knot_pkt_t *packet;
	size_t length = request_make(wire), answer_length = request_make(answer);

	how.time = 42;
	how.fudge = 77;
	sign(how, wire, &length);
	assert_int_equal(find(wire, length, &record, &copy, &packet), DDNS_OK);
	tsig_signer_init(&signer, &key, &record, TSIG_BAD_TIME);
	knot_pkt_free(packet);
	free(copy);

	assert_int_equal(tsig_sign(&signer, answer, &answer_length, sizeof(answer), NOW), DDNS_OK);
	assert_int_equal(find(answer, answer_length, &said, &copy, &packet), DDNS_OK);
	assert_int_equal(said.error, 18);
	assert_int_equal(said.time_signed, 42);
	assert_int_equal(said.fudge, 77);
	assert_int_equal(said.mac_length, 32);
	assert_int_equal(said.other_length, 6);
	uint8_t our_time[6];
	client_number(our_time, NOW, 6);
	assert_memory_equal(said.other, our_time, 6);
	knot_pkt_free(packet);
	free(copy);
}

static void
test_refusals_are_unsigned(void **state)
{
	(void)state;
	struct tsig_client how = client_make(3);
	struct tsig_record record, said;
	uint8_t wire[512], answer[512], *copy;
	knot_pkt_t *packet;
	size_t length = request_make(wire), answer_length = request_make(answer);

	sign(how, wire, &length);
	assert_int_equal(find(wire, length, &record, &copy, &packet), DDNS_OK);
	size_t tight = answer_length + 4 + 10 + 13 + 16;
	size_t too_small = answer_length;
	assert_int_equal(tsig_refuse(&record, TSIG_BAD_KEY, answer, &too_small, tight - 1),
			 DDNS_BAD_INPUT);
	assert_int_equal(tsig_refuse(&record, TSIG_BAD_KEY, answer, &answer_length, tight),
			 DDNS_OK);
	assert_int_equal(answer_length, tight);
	knot_pkt_free(packet);
	free(copy);

	assert_int_equal(find(answer, answer_length, &said, &copy, &packet), DDNS_OK);
	assert_int_equal(said.error, 17);
	assert_int_equal(said.mac_length, 0);
	assert_int_equal(said.time_signed, NOW);
	assert_int_equal(said.fudge, 300);
	assert_memory_equal(said.name, "\x02k1", 4);
	knot_pkt_free(packet);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths_macs_and_times),
		cmocka_unit_test(test_algorithm_must_be_the_keys),
		cmocka_unit_test(test_place_class_and_ttl),
		cmocka_unit_test(test_original_id_is_digested),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_answers_are_signed),
		cmocka_unit_test(test_bad_time_tells_our_time),
		cmocka_unit_test(test_refusals_are_unsigned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
