// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/dns/message.c, change.c, rr.c and answer.c: RFC 2136 by table, without a
// database.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/dns/answer.h"
#include "gateway/dns/change.h"
#include "gateway/dns/message.h"
#include "tests/unit/tsig_client.h"

/* A message under construction; the zone is example.org. */
struct draft {
	uint8_t wire[70000];
	size_t length;
};

enum { PREREQUISITE = 7, UPDATE = 9, ADDITIONAL = 11 }; // low octets of the counts

static void
draft_begin(struct draft *draft, int opcode, uint16_t type, uint16_t class)
{
	uint8_t *at = client_number(draft->wire, 0x1234, 2);
	at = client_number(at, (uint64_t)opcode << 11, 2);
	at = client_number(at, 1, 2);
	at = client_number(at, 0, 6);
	at = client_put(at,
			"\x07"
			"EXAMPLE\x03org",
			13);
	at = client_number(at, type, 2);
	at = client_number(at, class, 2);
	draft->length = (size_t)(at - draft->wire);
}

/* `label` below the zone, "" the apex, or a whole name with its final NUL where size is given. */
static void
draft_rr(struct draft *draft, int count, const char *label, const uint16_t type_class[2],
	 uint32_t ttl, const void *data, size_t size)
{
	uint8_t *at = draft->wire + draft->length;
	if (strcmp(label, "outside") == 0) {
		at = client_put(at,
				"\x07"
				"outside\x03net",
				13);
	} else {
		if (*label != '\0') {
			*at++ = (uint8_t)strlen(label);
			at = client_put(at, label, strlen(label));
		}
		at = client_number(at, 0xc00c, 2);
	}
	at = client_number(at, type_class[0], 2);
	at = client_number(at, type_class[1], 2);
	at = client_number(at, ttl, 4);
	at = client_number(at, size, 2);
	at = client_put(at, size > 0 ? data : "", size);
	draft->length = (size_t)(at - draft->wire);
	draft->wire[count]++;
}

#define TC(type, class) ((const uint16_t[2]){type, class})
enum {
	A = 1,
	NS = 2,
	CNAME = 5,
	SOA = 6,
	MX = 15,
	TXT = 16,
	RRSIG = 46,
	NSEC = 47,
	NSEC3 = 50,
	DHCID = 49,
	IXFR = 251,
	AXFR = 252,
	MAILB = 253,
	MAILA = 254,
	ANY = 255,
	OPAQUE = 65280
};
enum { IN = 1, CH = 3, NONE = 254 };

static enum message_verdict
read_draft(struct draft *draft, struct message *message, uint8_t **copyp, uint16_t *rcodep)
{
	*copyp = malloc(draft->length + 1); // its end is the allocation's, but for an empty draft
	memcpy(*copyp, draft->wire, draft->length);
	*rcodep = 99;
	return message_read(message, *copyp, draft->length, rcodep);
}

/* The rcode of an UPDATE by its sections alone; 0 leaves the list to the caller. */
static uint16_t
judge(struct draft *draft, struct change_list **listp)
{
	struct message message;
	uint8_t *copy;
	uint16_t rcode;
	enum message_verdict verdict = read_draft(draft, &message, &copy, &rcode);

	*listp = NULL;
	if (verdict == MESSAGE_READ)
		assert_int_equal(change_list_read(&message, listp, &rcode), DDNS_OK);
	message_free(&message);
	free(copy);
	return rcode;
}

static uint16_t
judge_only(struct draft *draft)
{
	struct change_list *list;
	uint16_t rcode = judge(draft, &list);
	change_list_free(list);
	return rcode;
}

static void
test_header(void **state)
{
	(void)state;
	struct draft draft;
	struct message message;
	uint8_t *copy;
	uint16_t rcode;
	static const struct {
		int at, value, verdict, rcode;
	} cases[] = {
		{2, 0xa8, MESSAGE_DROPPED, 99}, // QR
		{2, 0x20, MESSAGE_REFUSED, 4},	// NOTIFY
		{2, 0x78, MESSAGE_REFUSED, 4},	// opcode 15
		{5, 0, MESSAGE_REFUSED, 1},	// ZOCOUNT 0
		{5, 2, MESSAGE_REFUSED, 1},	// ZOCOUNT 2
		{7, 1, MESSAGE_REFUSED, 1},	// a section that is not there
		{6, 5, MESSAGE_REFUSED, 5},	// 1280 RRs
		{2, 0x29, MESSAGE_READ, 99},	// RD
		{3, 0x30, MESSAGE_READ, 99},	// AD, CD
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		draft_begin(&draft, 5, SOA, IN);
		draft.wire[cases[i].at] = (uint8_t)cases[i].value;
		assert_int_equal(read_draft(&draft, &message, &copy, &rcode), cases[i].verdict);
		assert_int_equal(rcode, cases[i].rcode);
		message_free(&message);
		free(copy);
	}
	for (size_t cut = 0; cut < draft.length; cut++) {
		draft_begin(&draft, 5, SOA, IN);
		draft.length = cut;
		assert_int_equal(read_draft(&draft, &message, &copy, &rcode),
				 cut < 12 ? MESSAGE_DROPPED : MESSAGE_REFUSED);
		message_free(&message);
		free(copy);
	}
	draft_begin(&draft, 5, SOA, IN);
	draft.length = client_put(draft.wire + draft.length, "trailing", 8) - draft.wire;
	assert_int_equal(judge_only(&draft), 0);
}

static void
test_zone_section(void **state)
{
	(void)state;
	struct draft draft;
	struct change_list *list;

	draft_begin(&draft, 5, SOA, IN);
	assert_int_equal(judge(&draft, &list), 0);
	assert_string_equal(list->zone, "example.org");
	assert_int_equal(list->change_count + list->prerequisite_count, 0);
	change_list_free(list);
	draft_begin(&draft, 5, A, IN);
	assert_int_equal(judge_only(&draft), 1);
	draft_begin(&draft, 5, SOA, CH);
	assert_int_equal(judge_only(&draft), 9);
	draft_begin(&draft, 5, SOA, ANY);
	assert_int_equal(judge_only(&draft), 9);
	draft_begin(&draft, 5, SOA, NONE);
	assert_int_equal(judge_only(&draft), 9);
	draft_begin(&draft, 5, SOA, IN);
	draft.wire[12] = 0; // the root
	memmove(draft.wire + 13, draft.wire + 25, 4);
	draft.length = 17;
	assert_int_equal(judge_only(&draft), 9);
}

/* RFC 2136 section 3.2: what a prerequisite asks for, or the rcode of one that is wrong. */
static void
test_prerequisites(void **state)
{
	(void)state;
	static const uint8_t address[] = {192, 0, 2, 1};
	static const struct {
		const char *owner;
		uint16_t type, class;
		uint32_t ttl;
		size_t size;
		int kind, rcode;
	} cases[] = {
		{"a", ANY, ANY, 0, 0, PREREQUISITE_NAME_IN_USE, 0},
		{"a", A, ANY, 0, 0, PREREQUISITE_RRSET_EXISTS, 0},
		{"a", ANY, NONE, 0, 0, PREREQUISITE_NAME_FREE, 0},
		{"a", A, NONE, 0, 0, PREREQUISITE_RRSET_ABSENT, 0},
		{"a", A, IN, 0, 4, PREREQUISITE_RR, 0},
		{"", SOA, ANY, 0, 0, PREREQUISITE_RRSET_EXISTS, 0},
		{"a", ANY, ANY, 1, 0, PREREQUISITE_WRONG, 1},
		{"a", A, IN, 60, 4, PREREQUISITE_WRONG, 1},
		{"outside", ANY, ANY, 0, 0, PREREQUISITE_WRONG, 10},
		{"outside", ANY, ANY, 1, 0, PREREQUISITE_WRONG, 1},
		{"a", A, CH, 0, 4, PREREQUISITE_WRONG, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct draft draft;
		struct change_list *list;

		draft_begin(&draft, 5, SOA, IN);
		draft_rr(&draft, PREREQUISITE, "A", TC(cases[i].type, cases[i].class), 0, NULL, 0);
		draft_begin(&draft, 5, SOA, IN);
		draft_rr(&draft, PREREQUISITE, cases[i].owner, TC(cases[i].type, cases[i].class),
			 cases[i].ttl, address, cases[i].size);
		assert_int_equal(judge(&draft, &list), 0);
		assert_int_equal(list->prerequisite_count, 1);
		assert_int_equal(list->prerequisites[0].kind, cases[i].kind);
		assert_int_equal(list->prerequisites[0].rcode, cases[i].rcode);
		change_list_free(list);
	}
}

/* Those before a wrong one are kept, those after it are not looked at. */
static void
test_prerequisites_end_at_a_wrong_one(void **state)
{
	(void)state;
	struct draft draft;
	struct change_list *list;
	char *json;

	draft_begin(&draft, 5, SOA, IN);
	draft_rr(&draft, PREREQUISITE, "A", TC(ANY, NONE), 0, NULL, 0);
	draft_rr(&draft, PREREQUISITE, "outside", TC(ANY, NONE), 0, NULL, 0);
	draft_rr(&draft, PREREQUISITE, "b", TC(ANY, NONE), 0, NULL, 0);
	assert_int_equal(judge(&draft, &list), 0);
	assert_int_equal(change_list_json(list, &json), DDNS_OK);
	assert_string_equal(json, "{\"prerequisites\":[[\"free\",\"a\",null,null,0],"
				  "[\"wrong\",null,null,null,10]],\"changes\":[]}");
	free(json);
	change_list_free(list);
}

/* RFC 2136 section 3.4.1. */
static void
test_prescan(void **state)
{
	(void)state;
	static const uint8_t address[] = {192, 0, 2, 1, 9};
	static const struct {
		const char *owner;
		uint16_t type, class;
		uint32_t ttl;
		size_t size;
		int rcode;
	} cases[] = {
		{"a", A, IN, 60, 4, 0},	       {"a", A, NONE, 0, 4, 0},
		{"a", A, ANY, 0, 0, 0},	       {"a", ANY, ANY, 0, 0, 0},
		{"*", A, IN, 60, 4, 0},	       {"a", OPAQUE, IN, 60, 5, 0},
		{"a", OPAQUE, IN, 60, 0, 0},   {"a", DHCID, IN, 60, 4, 0},
		{"outside", A, IN, 60, 4, 10}, {"outside", ANY, ANY, 0, 0, 10},
		{"a", ANY, IN, 60, 0, 1},      {"a", AXFR, IN, 60, 4, 1},
		{"a", IXFR, IN, 60, 4, 1},     {"a", MAILA, IN, 60, 4, 1},
		{"a", MAILB, IN, 60, 4, 1},    {"a", A, IN, 60, 0, 1},
		{"a", A, IN, 60, 3, 1},	       {"a", A, IN, 60, 5, 1},
		{"a", TXT, IN, 60, 0, 1},      {"a", A, ANY, 1, 0, 1},
		{"a", A, ANY, 0, 4, 1},	       {"a", AXFR, ANY, 0, 0, 1},
		{"a", A, NONE, 1, 4, 1},       {"a", ANY, NONE, 0, 0, 1},
		{"a", AXFR, NONE, 0, 4, 1},    {"a", A, CH, 60, 4, 1},
		{"a", A, 0, 60, 4, 1},	       {"a", NSEC, ANY, 0, 0, 5},
		{"a", NSEC3, ANY, 0, 0, 5},    {"a", RRSIG, ANY, 0, 0, 5},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct draft draft;

		draft_begin(&draft, 5, SOA, IN);
		draft_rr(&draft, UPDATE, "ok", TC(A, IN), 60, address, 4);
		draft_rr(&draft, UPDATE, cases[i].owner, TC(cases[i].type, cases[i].class),
			 cases[i].ttl, address, cases[i].size);
		assert_int_equal(judge_only(&draft), cases[i].rcode);
	}
}

static void
test_changes_as_values(void **state)
{
	(void)state;
	struct draft draft;
	struct change_list *list;
	char *json;

	draft_begin(&draft, 5, SOA, IN);
	draft_rr(&draft, PREREQUISITE, "H", TC(A, IN), 0, "\xc0\x00\x02\x01", 4);
	draft_rr(&draft, UPDATE, "H", TC(ANY, ANY), 0, NULL, 0);
	draft_rr(&draft, UPDATE, "h", TC(A, ANY), 0, NULL, 0);
	draft_rr(&draft, UPDATE, "h", TC(A, NONE), 0, "\xc0\x00\x02\x01", 4);
	draft_rr(&draft, UPDATE, "h", TC(A, IN), 2147483647, "\xc0\x00\x02\x02", 4);
	draft_rr(&draft, UPDATE, "h", TC(A, IN), 2147483648, "\xc0\x00\x02\x03", 4);
	draft_rr(&draft, UPDATE, "", TC(MX, IN), 60, "\x00\x0a\x04Mail\xc0\x0c", 9);
	draft_rr(&draft, UPDATE, "t", TC(TXT, IN), 60,
		 "\x03"
		 "a\"b\x02\\\xff\x00",
		 8);
	draft_rr(&draft, UPDATE, "u", TC(OPAQUE, IN), 60, "\xab\xcd", 2);
	draft_rr(&draft, UPDATE, "u", TC(OPAQUE, IN), 60, "", 0);
	draft_rr(&draft, UPDATE, "a.b;", TC(CNAME, IN), 60, "\xc0\x0c", 2);
	assert_int_equal(judge(&draft, &list), 0);
	assert_int_equal(change_list_json(list, &json), DDNS_OK);
	assert_string_equal(
		json, "{\"prerequisites\":[[\"rr\",\"h\",\"A\",\"192.0.2.1\",0]],\"changes\":["
		      "[\"delete_name\",\"h\",null,0,null],"
		      "[\"delete_rrset\",\"h\",\"A\",0,null],"
		      "[\"delete\",\"h\",\"A\",0,\"192.0.2.1\"],"
		      "[\"add\",\"h\",\"A\",2147483647,\"192.0.2.2\"],"
		      "[\"add\",\"h\",\"A\",0,\"192.0.2.3\"],"
		      "[\"add\",\"@\",\"MX\",60,\"10 mail.example.org.\"],"
		      "[\"add\",\"t\",\"TXT\",60,\"\\\"a\\\\\\\"b\\\" \\\"\\\\\\\\\\\\255\\\" "
		      "\\\"\\\"\"],"
		      "[\"add\",\"u\",\"TYPE65280\",60,\"\\\\# 2 ABCD\"],"
		      "[\"add\",\"u\",\"TYPE65280\",60,\"\\\\# 0\"],"
		      "[\"add\",\"a\\\\.b\\\\;\",\"CNAME\",60,\"example.org.\"]]}");
	free(json);
	change_list_free(list);
}

static void
test_limits(void **state)
{
	(void)state;
	static uint8_t large[RR_RDATA_MAX + 1];
	struct draft draft;

	draft_begin(&draft, 5, SOA, IN);
	for (int i = 0; i < CHANGE_CHANGES_MAX; i++)
		draft_rr(&draft, UPDATE, "a", TC(A, ANY), 0, NULL, 0);
	assert_int_equal(judge_only(&draft), 0);
	draft_rr(&draft, UPDATE, "a", TC(A, ANY), 0, NULL, 0);
	assert_int_equal(judge_only(&draft), 5);

	draft_begin(&draft, 5, SOA, IN);
	for (int i = 0; i < CHANGE_PREREQUISITES_MAX; i++)
		draft_rr(&draft, PREREQUISITE, "a", TC(A, ANY), 0, NULL, 0);
	assert_int_equal(judge_only(&draft), 0);
	draft_rr(&draft, PREREQUISITE, "a", TC(A, ANY), 0, NULL, 0);
	assert_int_equal(judge_only(&draft), 5);

	draft_begin(&draft, 5, SOA, IN);
	draft_rr(&draft, UPDATE, "a", TC(OPAQUE, IN), 60, large, sizeof(large) - 1);
	assert_int_equal(judge_only(&draft), 0);
	draft_begin(&draft, 5, SOA, IN);
	draft_rr(&draft, UPDATE, "a", TC(OPAQUE, IN), 60, large, sizeof(large));
	assert_int_equal(judge_only(&draft), 5);
}

/* A compression pointer that leads forward or to itself, and a label that is none. */
static void
test_names_that_loop(void **state)
{
	(void)state;
	static const uint16_t pointers[] = {0xc01d, 0xc01e, 0xffff, 0x8000, 0x4000};
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		struct draft draft;
		draft_begin(&draft, 5, SOA, IN);
		size_t at = draft.length;
		draft_rr(&draft, UPDATE, "", TC(A, ANY), 0, NULL, 0);
		client_number(draft.wire + at, pointers[i], 2);
		assert_int_equal(judge_only(&draft), 1);
	}
}

static void
test_questions(void **state)
{
	(void)state;
	static const struct {
		uint16_t type, class;
		int rcode;
	} cases[] = {
		{SOA, IN, 0}, {ANY, IN, 0}, {AXFR, IN, 0}, {249, IN, 4},   {SOA, CH, 5},
		{250, IN, 1}, {41, IN, 1},  {0, IN, 1},	   {MAILA, IN, 4}, {SOA, ANY, 5},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct draft draft;
		struct message message;
		uint8_t *copy;
		uint16_t rcode;

		draft_begin(&draft, 0, cases[i].type, cases[i].class);
		assert_int_equal(read_draft(&draft, &message, &copy, &rcode), MESSAGE_READ);
		assert_int_equal(message_check_question(&message), cases[i].rcode);
		message_free(&message);
		free(copy);
	}
}

static void
test_answer_echoes_the_question(void **state)
{
	(void)state;
	for (int is_update = 0; is_update < 2; is_update++) {
		for (int has_edns = 0; has_edns < 2; has_edns++) {
			struct draft draft;
			struct message message;
			struct answer answer;
			uint8_t *copy, out[512];
			uint16_t rcode;
			size_t length;

			draft_begin(&draft, is_update ? 5 : 0, SOA, IN);
			draft.wire[2] |= 1; // RD
			if (has_edns) {
				memcpy(draft.wire + draft.length,
				       "\0\0\x29\x10\0\0\0\0\0\0\x04\0\x0a\0\0", 15);
				draft.length += 15;
				draft.wire[ADDITIONAL]++;
			}
			assert_int_equal(read_draft(&draft, &message, &copy, &rcode), MESSAGE_READ);
			assert_int_equal(answer_begin(&answer, &message, NULL, 0, out, 512),
					 DDNS_OK);
			assert_int_equal(answer_end(&answer, 0, &length), DDNS_OK);
			assert_int_equal(length, 29 + (has_edns ? 11 : 0));
			assert_memory_equal(out,
					    is_update ? "\x12\x34\xa8\x00\0\1\0\0\0\0\0"
						      : "\x12\x34\x85\x00\0\1\0\0\0\0\0",
					    11);
			assert_memory_equal(out + 12, draft.wire + 12, 17);
			assert_int_equal(out[11], has_edns);
			answer_free(&answer);
			message_free(&message);
			free(copy);
		}
	}
}

static void
test_answer_holds_records_or_is_truncated(void **state)
{
	(void)state;
	struct draft draft;
	struct message message;
	struct answer answer;
	struct rr_reader *reader;
	uint8_t *copy, out[512];
	uint16_t rcode;
	size_t length;
	int put = 0;

	draft_begin(&draft, 0, TXT, IN);
	assert_int_equal(rr_reader_create(&reader), DDNS_OK);
	assert_int_equal(read_draft(&draft, &message, &copy, &rcode), MESSAGE_READ);
	assert_int_equal(message_answer_max(&message, false), 512);
	assert_int_equal(message_answer_max(&message, true), 65535);
	assert_int_equal(answer_begin(&answer, &message, NULL, 0, out, sizeof(out)), DDNS_OK);
	enum ddns_result result = DDNS_OK;
	while (result == DDNS_OK && put < 100) {
		knot_rrset_t rr;
		const struct rr_text text = {(const uint8_t *)"\x07"
							      "example\x03org",
					     "TXT", 60, "\"0123456789 0123456789 0123456789\""};
		assert_int_equal(rr_reader_read(reader, &text, &rr), DDNS_OK);
		result = answer_put(&answer, KNOT_ANSWER, &rr);
		put += result == DDNS_OK;
	}
	assert_int_equal(result, DDNS_CONFLICT);
	assert_int_equal(put, (512 - 29) / (2 + 10 + 33));
	answer_truncate(&answer);
	assert_int_equal(answer_end(&answer, 0, &length), DDNS_OK);
	assert_int_equal(length, 29);
	assert_int_equal(out[2] & 2, 2);
	assert_int_equal(out[7], 0);
	answer_free(&answer);

	knot_rrset_t rr;
	static const struct rr_text bad[] = {
		{(const uint8_t *)"", "A", 60, "192.0.2.1\n. A 192.0.2.2"},
		{(const uint8_t *)"", "A", 60, "nonsense"},
		{(const uint8_t *)"", "A A", 60, "192.0.2.1"},
		{(const uint8_t *)"", "TXT", 60, "( \"open\""},
		{(const uint8_t *)"", "TXT", 60, ""},
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rr_reader_read(reader, &bad[i], &rr), DDNS_BAD_INPUT);
	rr_reader_free(reader);
	message_free(&message);
	free(copy);
}

static void
test_bare_and_unverified_answers(void **state)
{
	(void)state;
	struct draft draft;
	struct message message;
	uint8_t *copy, out[512];
	uint16_t rcode;
	size_t length;
	struct tsig_client how = {TSIG_CLIENT_NAME("\x02k1"),
				  TSIG_CLIENT_ALGORITHM("\x0bhmac-sha256", EVP_sha256()),
				  .secret = (const uint8_t *)"x", .secret_size = 1, .mac_size = -1};

	draft_begin(&draft, 5, SOA, IN);
	answer_bare(draft.wire, KNOT_RCODE_FORMERR, out);
	assert_memory_equal(out, "\x12\x34\xa8\x01\0\0\0\0\0\0\0\0", 12);

	client_sign(&how, draft.wire, &draft.length, NULL);
	assert_int_equal(read_draft(&draft, &message, &copy, &rcode), MESSAGE_READ);
	assert_true(message.has_tsig);
	assert_int_equal(answer_unverified(&message, TSIG_BAD_SIGNATURE, out, sizeof(out), &length),
			 DDNS_OK);
	assert_int_equal(length, draft.length - 32);
	assert_int_equal(out[3] & 15, KNOT_RCODE_NOTAUTH);
	assert_int_equal(out[11], 1);
	message_free(&message);
	free(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_zone_section),
		cmocka_unit_test(test_prerequisites),
		cmocka_unit_test(test_prerequisites_end_at_a_wrong_one),
		cmocka_unit_test(test_prescan),
		cmocka_unit_test(test_changes_as_values),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_names_that_loop),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_answer_echoes_the_question),
		cmocka_unit_test(test_answer_holds_records_or_is_truncated),
		cmocka_unit_test(test_bare_and_unverified_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
