// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/password.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "gateway/password.h"

static void
test_a_hash_is_verified(void **state)
{
	(void)state;
	char hash[PASSWORD_HASH_MAX], other[PASSWORD_HASH_MAX];
	assert_int_equal(password_hash("correct horse", hash), DDNS_OK);
	assert_memory_equal(hash, "$y$", 3); // yescrypt
	assert_int_equal(password_verify("correct horse", hash), DDNS_OK);
	assert_int_equal(password_verify("correct horsf", hash), DDNS_DENIED);
	assert_int_equal(password_verify("correct hors", hash), DDNS_DENIED);
	assert_int_equal(password_verify("", hash), DDNS_DENIED);
	assert_int_equal(password_hash("correct horse", other), DDNS_OK);
	assert_string_not_equal(hash, other); // a salt of its own
}

static void
test_lengths(void **state)
{
	(void)state;
	char hash[PASSWORD_HASH_MAX], longest[PASSWORD_MAX + 2];
	memset(longest, 'x', sizeof longest);
	longest[PASSWORD_MAX + 1] = '\0';
	assert_int_equal(password_hash(longest, hash), DDNS_BAD_INPUT);
	assert_int_equal(password_hash("", hash), DDNS_BAD_INPUT);
	longest[PASSWORD_MAX] = '\0';
	assert_int_equal(password_hash(longest, hash), DDNS_OK);
	assert_int_equal(password_verify(longest, hash), DDNS_OK);
	longest[PASSWORD_MAX - 1] = '\0'; // the last octet counts
	assert_int_equal(password_verify(longest, hash), DDNS_DENIED);
	memset(longest, 'x', sizeof longest);
	longest[PASSWORD_MAX + 1] = '\0';
	assert_int_equal(password_verify(longest, hash), DDNS_DENIED);
}

static void
test_hashes_of_other_methods_are_read(void **state)
{
	(void)state;
	// from `openssl passwd -6 -salt abcdefgh secret`
	assert_int_equal(
		password_verify("secret",
				"$6$abcdefgh$ltjgWl6579NluT/Vi1nwEvcil.G5Nbc4NiXZaNGStk8PSwGfQv72N"
				"2CKPPrVACtLtip/cZ/1GM/O6IND4WQhG."),
		DDNS_OK);
}

static void
test_hashes_that_are_none(void **state)
{
	(void)state;
	assert_int_equal(password_verify("secret", "*0"), DDNS_INTERNAL);
	assert_int_equal(password_verify("secret", "$nonsense$"), DDNS_INTERNAL);
}

static double
seconds_of(const char *hash)
{
	struct timespec begin, end;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	assert_int_equal(password_verify("wrong", hash), DDNS_DENIED);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

static double
least(double a, double b)
{
	return a < b ? a : b;
}

/* Whether an account exists must not be told by the time that a refusal takes. */
static void
test_no_account_costs_the_same(void **state)
{
	(void)state;
	char hash[PASSWORD_HASH_MAX];
	double with = 1e9, without = 1e9;
	assert_int_equal(password_hash("correct horse", hash), DDNS_OK);
	for (int i = 0; i < 5; i++) {
		with = least(with, seconds_of(hash));
		without = least(without, least(seconds_of(NULL), seconds_of("")));
	}
	assert_true(without > with / 2 && without < with * 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hash_is_verified),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_hashes_of_other_methods_are_read),
		cmocka_unit_test(test_hashes_that_are_none),
		cmocka_unit_test(test_no_account_costs_the_same),
	};
	return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
