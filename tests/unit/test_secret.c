// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/secret.c: key files, the stored form of secrets, generated secrets.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/secret.h"

#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define DIGITS_ID "4773d12e" // of the octets' SHA-256, by `xxd -r -p | sha256sum`

static char path[] = "/tmp/test_secret.XXXXXX";

static int
make_file(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int
remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void
fill_file(const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
load(struct secret_key *key)
{
	char error[256] = "";
	fill_file(DIGITS "\n");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(secret_key_load(path, key, error, sizeof error), DDNS_OK);
	assert_string_equal(error, "");
}

static void
test_key_file_is_read_with_its_id(void **state)
{
	(void)state;
	struct secret_key key;
	load(&key);
	assert_int_equal(key.bytes[0], 0x00);
	assert_int_equal(key.bytes[1], 0x11);
	assert_int_equal(key.bytes[31], 0xff);
	assert_string_equal(key.id, DIGITS_ID);

	secret_key_clear(&key);
	for (size_t i = 0; i < sizeof key.bytes; i++)
		assert_int_equal(key.bytes[i], 0);
}

static void
test_key_file_without_newline(void **state)
{
	(void)state;
	struct secret_key key;
	char error[256];
	fill_file(DIGITS);
	assert_int_equal(secret_key_load(path, &key, error, sizeof error), DDNS_OK);
}

static void
test_key_files_refused(void **state)
{
	(void)state;
	static const char *const contents[] = {
		"",
		"\n",
		"00112233",
		DIGITS "0\n",
		DIGITS "\n\n",
		DIGITS " ",
		"g0112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF\n",
		DIGITS "\n" DIGITS "\n",
	};
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		struct secret_key key;
		char error[256] = "";
		fill_file(contents[i]);
		assert_int_equal(secret_key_load(path, &key, error, sizeof error), DDNS_BAD_INPUT);
		assert_non_null(strstr(error, path));
		assert_null(strstr(error, "0011")); // what it holds is never told
	}
}

static void
test_key_file_missing_directory_or_open_to_all(void **state)
{
	(void)state;
	struct secret_key key;
	char error[256] = "";
	assert_int_equal(secret_key_load("/nonexistent/key", &key, error, sizeof error),
			 DDNS_NOT_FOUND);
	assert_non_null(strstr(error, "/nonexistent/key"));
	assert_int_equal(secret_key_load("/tmp", &key, error, sizeof error), DDNS_BAD_INPUT);

	fill_file(DIGITS "\n");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(secret_key_load(path, &key, error, sizeof error), DDNS_DENIED);
	assert_non_null(strstr(error, "0644"));
	assert_int_equal(chmod(path, 0600), 0);
}

static void
test_encrypted_opens_again(void **state)
{
	(void)state;
	static const size_t lengths[] = {1, 16, 33, SECRET_MAX};
	struct secret_key key;
	uint8_t secret[SECRET_MAX], blob[SECRET_MAX + SECRET_OVERHEAD], out[SECRET_MAX];
	load(&key);
	for (size_t i = 0; i < sizeof secret; i++)
		secret[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t blob_length, length;
		assert_int_equal(secret_encrypt(&key, "k.example", "hmac-sha256", secret,
						lengths[i], blob, &blob_length),
				 DDNS_OK);
		assert_int_equal(blob_length, lengths[i] + SECRET_OVERHEAD);
		assert_int_equal(blob[0], 1);
		assert_int_equal(secret_decrypt(&key, "k.example", "hmac-sha256", blob, blob_length,
						out, &length),
				 DDNS_OK);
		assert_int_equal(length, lengths[i]);
		assert_memory_equal(out, secret, length);
	}
}

static void
test_nonces_differ(void **state)
{
	(void)state;
	struct secret_key key;
	uint8_t one[16 + SECRET_OVERHEAD], two[16 + SECRET_OVERHEAD];
	size_t length;
	load(&key);
	assert_int_equal(secret_encrypt(&key, "k", "hmac-sha256",
					(const uint8_t *)"0123456789abcdef", 16, one, &length),
			 DDNS_OK);
	assert_int_equal(secret_encrypt(&key, "k", "hmac-sha256",
					(const uint8_t *)"0123456789abcdef", 16, two, &length),
			 DDNS_OK);
	assert_memory_not_equal(one + 1, two + 1, 12);
	assert_memory_not_equal(one + 13, two + 13, 16);
}

static void
test_lengths_refused(void **state)
{
	(void)state;
	struct secret_key key;
	uint8_t secret[SECRET_MAX + 1] = {0}, blob[sizeof secret + SECRET_OVERHEAD] = {1};
	size_t length = 77;
	load(&key);
	assert_int_equal(secret_encrypt(&key, "k", "a", secret, 0, blob, &length), DDNS_BAD_INPUT);
	assert_int_equal(secret_encrypt(&key, "k", "a", secret, sizeof secret, blob, &length),
			 DDNS_BAD_INPUT);
	assert_int_equal(secret_decrypt(&key, "k", "a", blob, 0, secret, &length), DDNS_BAD_INPUT);
	assert_int_equal(secret_decrypt(&key, "k", "a", blob, SECRET_OVERHEAD, secret, &length),
			 DDNS_BAD_INPUT);
	assert_int_equal(secret_decrypt(&key, "k", "a", blob, sizeof blob, secret, &length),
			 DDNS_BAD_INPUT);
	assert_int_equal(length, 77);
}

static void
test_nothing_else_opens_it(void **state)
{
	(void)state;
	struct secret_key key, other;
	uint8_t blob[33 + SECRET_OVERHEAD], out[SECRET_MAX],
		secret[33] = "thirty-three octets of a secret!";
	size_t blob_length, length = 77;
	load(&key);
	assert_int_equal(secret_encrypt(&key, "k.example", "hmac-sha256", secret, sizeof secret,
					blob, &blob_length),
			 DDNS_OK);
	// a bit of any octet but the version
	for (size_t i = 1; i < blob_length; i++) {
		blob[i] ^= 0x10;
		assert_int_equal(secret_decrypt(&key, "k.example", "hmac-sha256", blob, blob_length,
						out, &length),
				 DDNS_DENIED);
		blob[i] ^= 0x10;
	}
	// another key's name, another algorithm, the same characters cut elsewhere, a shorter blob
	assert_int_equal(
		secret_decrypt(&key, "l.example", "hmac-sha256", blob, blob_length, out, &length),
		DDNS_DENIED);
	assert_int_equal(
		secret_decrypt(&key, "k.example", "hmac-sha1", blob, blob_length, out, &length),
		DDNS_DENIED);
	assert_int_equal(
		secret_decrypt(&key, "k.exampleh", "mac-sha256", blob, blob_length, out, &length),
		DDNS_DENIED);
	assert_int_equal(secret_decrypt(&key, "k.example", "hmac-sha256", blob, blob_length - 1,
					out, &length),
			 DDNS_DENIED);
	// another key file
	other = key;
	other.bytes[31] ^= 1;
	assert_int_equal(
		secret_decrypt(&other, "k.example", "hmac-sha256", blob, blob_length, out, &length),
		DDNS_DENIED);
	// another version of the form
	blob[0] = 2;
	assert_int_equal(
		secret_decrypt(&key, "k.example", "hmac-sha256", blob, blob_length, out, &length),
		DDNS_BAD_INPUT);
	assert_int_equal(length, 77); // nothing was written on failure
}

static void
test_generated_is_letters_and_digits(void **state)
{
	(void)state;
	char last[SECRET_TEXT_LENGTH + 1] = "";
	for (int i = 0; i < 200; i++) {
		uint8_t secret[SECRET_GENERATED_SIZE];
		char text[SECRET_TEXT_LENGTH + 1];
		assert_int_equal(secret_generate(secret, text), DDNS_OK);
		assert_int_equal(strlen(text), SECRET_TEXT_LENGTH);
		assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					      "0123456789"),
				 SECRET_TEXT_LENGTH);
		assert_string_not_equal(text, last);
		memcpy(last, text, sizeof last);
	}
}

static void
test_hash_is_sha256_of_the_text(void **state)
{
	(void)state;
	// FIPS 180-2, appendix B.1
	static const uint8_t abc[SECRET_HASH_SIZE] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	uint8_t hash[SECRET_HASH_SIZE];
	assert_int_equal(secret_hash("abc", hash), DDNS_OK);
	assert_memory_equal(hash, abc, sizeof hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_file_is_read_with_its_id),
		cmocka_unit_test(test_key_file_without_newline),
		cmocka_unit_test(test_key_files_refused),
		cmocka_unit_test(test_key_file_missing_directory_or_open_to_all),
		cmocka_unit_test(test_encrypted_opens_again),
		cmocka_unit_test(test_nonces_differ),
		cmocka_unit_test(test_lengths_refused),
		cmocka_unit_test(test_nothing_else_opens_it),
		cmocka_unit_test(test_generated_is_letters_and_digits),
		cmocka_unit_test(test_hash_is_sha256_of_the_text),
	};
	return cmocka_run_group_tests_name("secret", tests, make_file, remove_file);
}
