// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/ctl/key_file.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/ctl/key_file.h"
#include "tests/unit/guard_page.h"

#define CLAUSE(body) "key \"k\" { " body " };\n"
#define SHA256 "algorithm hmac-sha256; "
#define SECRET "secret \"c2VjcmV0IHNlY3JldCE=\"; "
#define PRIVATE \
	"Private-key-format: v1.3\nAlgorithm: 165 (HMAC_SHA512)\nKey: c2VjcmV0\nBits: AAA=\n"

/* Input right before memory that cannot be touched. */
static enum ddns_result
parse(const char *text, const char *companion, struct key_file *file, char *error, size_t size)
{
	size_t length = strlen(text);
	return key_file_parse(guard_page_copy(text, length), length, companion, file, error, size);
}

static void
test_taken(void **state)
{
	(void)state;
	static const struct {
		const char *text, *companion, *name, *algorithm;
		size_t bytes;
	} cases[] = {
		{CLAUSE(SHA256 SECRET), NULL, "k", "hmac-sha256", 14},
		{CLAUSE(SECRET SHA256), NULL, "k", "hmac-sha256", 14},
		{"key Joe.Example. {algorithm HMAC-SHA512;secret c2VjcmV0;};", NULL, "joe.example",
		 "hmac-sha512", 6},
		{"# a\n// b\n/* c\nd */ key k{algorithm \"hmac-md5.sig-alg.reg.int.\";secret "
		 "AA==;};",
		 NULL, "k", "hmac-md5", 1},
		{"options { directory \"/x\"; also { y; }; };\n" CLAUSE(
			 SHA256 SECRET) "controls { inet 127.0.0.1 allow { any; } keys { \"k\"; }; "
					"};",
		 NULL, "k", "hmac-sha256", 14},
		{CLAUSE(SHA256 "secret \"c2Vj cmV0\";"), NULL, "k", "hmac-sha256", 6},
		{PRIVATE, "; This is a key\nJoe. IN KEY 512 3 165 c2VjcmV0\n", "joe", "hmac-sha512",
		 6},
		{"Private-key-format: v1.3\nAlgorithm: 157 (HMAC_MD5)\nKey: AA==", "k 3600 IN KEY ",
		 "k", "hmac-md5", 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct key_file file;
		char error[512] = "";
		enum ddns_result result =
			parse(cases[i].text, cases[i].companion, &file, error, sizeof error);
		assert_string_equal(error, "");
		assert_int_equal(result, DDNS_OK);
		assert_int_equal(file.count, 1);
		assert_string_equal(file.keys[0].name, cases[i].name);
		assert_string_equal(file.keys[0].algorithm, cases[i].algorithm);
		assert_int_equal(file.keys[0].secret_length, cases[i].bytes);
		key_file_free(&file);
	}
}

static void
test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *companion, *error;
	} cases[] = {
		{"", NULL, "there is no key in it"},
		{"zone x { type primary; };", NULL, "there is no key in it"},
		{"\nkey \"k\" {", NULL, "line 2: a key has an algorithm and a secret"},
		{"key \"k\" { algorithm hmac-sha256", NULL, "';' is missing"},
		{CLAUSE(SHA256), NULL, "the key 'k' has no secret"},
		{CLAUSE(SECRET), NULL, "the key 'k' has no algorithm"},
		{CLAUSE(SHA256 "secret \"c2V\";"), NULL, "not base64"},
		{CLAUSE(SHA256 "secret \"c2=V\";"), NULL, "not base64"},
		{CLAUSE(SHA256 "secret \"\";"), NULL, "not base64"},
		{CLAUSE("algorithm rsa;"), NULL, "'rsa' is no algorithm"},
		{CLAUSE("algorithm hmac-sha256-128;"), NULL, "cuts signatures short"},
		{CLAUSE(SHA256 SECRET "port 1;"), NULL, "and nothing else"},
		{CLAUSE(SHA256 SECRET) CLAUSE(SHA256 SECRET), NULL,
		 "line 2: there is a key 'k' above"},
		{"key \"\" { " SHA256 SECRET "};", NULL, "line 1: "},
		{"key \"a..b\" { " SHA256 SECRET "};", NULL, "'a..b' is no domain name"},
		{"key \"k { " SHA256 "};\n", NULL, "line 1: "},
		{"/* key", NULL, "a comment is not closed"},
		{"options { ", NULL, "the statement of line 1 is not ended"},
		{"};", NULL, "a '}' without its '{'"},
		{PRIVATE, NULL, "K*.key"},
		{PRIVATE, "; nothing\n", "no record in the K*.key"},
		{"Private-key-format: v1.3\nAlgorithm: 13 (ECDSA)\n", "k", "line 2: algorithm 13"},
		{"Private-key-format: v1.3\nAlgorithm: 163\n", "k", "there is no Key"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct key_file file;
		char error[512] = "";
		enum ddns_result result =
			parse(cases[i].text, cases[i].companion, &file, error, sizeof error);
		assert_int_not_equal(result, DDNS_OK);
		if (strstr(error, cases[i].error) == NULL)
			assert_string_equal(error, cases[i].error);
		key_file_free(&file);
	}
}

/* An octet 0 ends nothing. */
static void
test_octet_zero(void **state)
{
	(void)state;
	static const char *const texts[] = {"\0key", "key \0 k", "key \"\0\"",
					    "Private-key-format:\0"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct key_file file;
		char error[512] = "";
		assert_int_not_equal(key_file_parse(guard_page_copy(texts[i], 8), 8, NULL, &file,
						    error, sizeof error),
				     DDNS_OK);
		key_file_free(&file);
	}
}

static void
test_longest(void **state)
{
	(void)state;
	struct key_file file;
	char text[2048], base64[KEY_FILE_TEXT_MAX + 1], error[512];
	uint8_t secret[SECRET_MAX];
	memset(secret, 0xff, sizeof secret);
	key_file_encode(secret, sizeof secret, base64);
	for (int more = 0; more < 2; more++) {
		snprintf(text, sizeof text, "key k { algorithm hmac-sha512; secret \"%s%s\"; };",
			 more ? "AAAA" : "", base64);
		assert_int_equal(parse(text, NULL, &file, error, sizeof error),
				 more ? DDNS_BAD_INPUT : DDNS_OK);
		if (!more)
			assert_memory_equal(file.keys[0].secret, secret, sizeof secret);
		key_file_free(&file);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_octet_zero),
		cmocka_unit_test(test_longest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
