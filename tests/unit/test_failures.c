// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/bucket.c and gateway/update/failures.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/bucket.h"
#include "gateway/update/failures.h"

static void
test_bucket(void **state)
{
	(void)state;
	const struct bucket_limit limit = {.rate = 0.5, .burst = 2}, none = {0};
	struct bucket bucket = {0};
	int64_t now = 1000000;
	assert_true(bucket_take(&bucket, &limit, now));
	assert_int_equal(bucket_wait_s(&bucket, &limit), 0);
	assert_true(bucket_take(&bucket, &limit, now));
	assert_false(bucket_take(&bucket, &limit, now));
	assert_int_equal(bucket_wait_s(&bucket, &limit), 3); // 2, and what is begun counts
	bucket_charge(&bucket, &limit, 1.5);
	assert_int_equal(bucket_wait_s(&bucket, &limit), 6); // what was owed is paid first
	bucket_charge(&bucket, &limit, -1.5);
	bucket_charge(&bucket, &none, 1.5);
	assert_false(bucket_take(&bucket, &limit, now + 1999));
	assert_int_equal(bucket_wait_s(&bucket, &limit), 1);
	assert_true(bucket_take(&bucket, &limit, now + 2001));
	bucket_give(&bucket, &limit);
	assert_true(bucket_take(&bucket, &limit, now + 2001));
	assert_false(bucket_take(&bucket, &limit, now)); // a clock that went back gives nothing
	// long after it is full, not more
	assert_true(bucket_take(&bucket, &limit, now + 1000000));
	assert_true(bucket_take(&bucket, &limit, now + 1000000));
	assert_false(bucket_take(&bucket, &limit, now + 1000000));
	for (int i = 0; i < 1000; i++)
		assert_true(bucket_take(&bucket, &none, now));
	assert_int_equal(bucket_wait_s(&bucket, &none), 0);
}

static struct address
address(const char *text)
{
	struct address parsed;
	assert_int_equal(address_parse(text, &parsed), DDNS_OK);
	return parsed;
}

static enum failures_answer
try_wrong(struct failures *failures, const char *peer, const char *user)
{
	struct address from = address(peer);
	struct failures_try attempt = {.peer = &from, .user = user};
	unsigned wait_s = 0;
	enum failures_answer answer = failures_begin(failures, &attempt, &wait_s);
	assert_true((answer == FAILURES_ALLOWED) == (wait_s == 0));
	assert_true(wait_s <= FAILURES_PERIOD_S + 1);
	return answer;
}

static void
try_right(struct failures *failures, const char *peer, const char *user)
{
	struct address from = address(peer);
	struct failures_try attempt = {.peer = &from, .user = user};
	unsigned wait_s;
	assert_int_not_equal(failures_begin(failures, &attempt, &wait_s), FAILURES_LIMITED);
	failures_take_back(failures, &attempt);
}

static struct failures *
create(unsigned per_network, unsigned per_user)
{
	const struct failures_limits limits = {per_network, per_user};
	struct failures *failures;
	assert_int_equal(failures_create(&limits, &failures), DDNS_OK);
	return failures;
}

static void
test_networks(void **state)
{
	(void)state;
	struct failures *failures = create(3, 0);
	assert_int_equal(try_wrong(failures, "192.0.2.1", "a"), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "192.0.2.2", "b"), FAILURES_ALLOWED);
	for (int i = 0; i < 10; i++) // those do not count
		try_right(failures, "192.0.2.3", "c");
	assert_int_equal(try_wrong(failures, "192.0.2.255", ""), FAILURES_LAST);
	assert_int_equal(try_wrong(failures, "192.0.2.1", "d"), FAILURES_LIMITED);
	assert_int_equal(try_wrong(failures, "192.0.3.1", "d"), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "2001:db8:0:100::1", "a"), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "2001:db8:0:1ff::2", "b"), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "2001:db8:0:1aa::3", "c"), FAILURES_LAST);
	assert_int_equal(try_wrong(failures, "2001:db8:0:101::4", "d"), FAILURES_LIMITED);
	assert_int_equal(try_wrong(failures, "2001:db8:0:200::1", "d"), FAILURES_ALLOWED);
	failures_free(failures);
}

static void
test_users(void **state)
{
	(void)state;
	struct failures *failures = create(0, 2);
	struct address home = address("192.0.2.1");
	failures_know(failures, &home, "joe");
	assert_int_equal(try_wrong(failures, "10.0.1.1", "joe"), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "10.0.2.1", "joe"), FAILURES_LAST);
	assert_int_equal(try_wrong(failures, "10.0.3.1", "joe"), FAILURES_LIMITED);
	assert_int_equal(try_wrong(failures, "10.0.3.1", "ann"), FAILURES_ALLOWED);
	// at home, and nowhere else; and only he
	for (int i = 0; i < 10; i++)
		assert_int_equal(try_wrong(failures, "192.0.2.99", "joe"), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "192.0.3.1", "joe"), FAILURES_LIMITED);
	assert_int_equal(try_wrong(failures, "192.0.2.1", "ann"), FAILURES_LAST);
	assert_int_equal(try_wrong(failures, "192.0.2.1", "ann"), FAILURES_LIMITED);
	// nobody has no limit of his own
	for (int i = 0; i < 10; i++)
		assert_int_equal(try_wrong(failures, "10.0.4.1", ""), FAILURES_ALLOWED);
	failures_free(failures);
}

static void
test_both(void **state)
{
	(void)state;
	struct failures *failures = create(3, 1);
	assert_int_equal(try_wrong(failures, "192.0.2.1", "joe"), FAILURES_LAST);
	for (int i = 0; i < 10; i++) // refused for the user's sake: the network is not charged
		assert_int_equal(try_wrong(failures, "192.0.2.1", "joe"), FAILURES_LIMITED);
	assert_int_equal(try_wrong(failures, "192.0.2.1", ""), FAILURES_ALLOWED);
	assert_int_equal(try_wrong(failures, "192.0.2.1", ""), FAILURES_LAST);
	assert_int_equal(try_wrong(failures, "192.0.2.1", ""), FAILURES_LIMITED);
	const struct failures_limits off = {0};
	failures_set_limits(failures, &off);
	for (int i = 0; i < 10; i++)
		assert_int_equal(try_wrong(failures, "192.0.2.1", "joe"), FAILURES_ALLOWED);
	failures_free(failures);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_both),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
