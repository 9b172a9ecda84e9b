// SPDX-License-Identifier: GPL-3.0-or-later
// How many logins may fail, by where they come from and whose they try to be.
#include "gateway/update/failures.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/bucket.h"
#include "sql/client/db.h"

enum {
	SECRET_SIZE = 16,
	KNOWN_COUNT = 16384, // pairs of user and network that are kept
};

struct failures {
	pthread_mutex_t mutex; // of limits and buckets
	struct bucket_limit per_network, per_user;
	struct bucket_table *networks, *users;
	uint8_t secret[SECRET_SIZE]; // so that nobody can choose where his pairs lie
	_Atomic(uint64_t) known[KNOWN_COUNT];
};

/* A number for a user, and a network where there is one.  0 where OpenSSL fails. */
static uint64_t
number_of(const struct failures *failures, const char *user, const struct address *peer)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	uint64_t number = 0;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_done = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
		       EVP_DigestUpdate(context, failures->secret, SECRET_SIZE) == 1 &&
		       EVP_DigestUpdate(context, user, strlen(user) + 1) == 1;
	if (is_done && peer != NULL)
		is_done = EVP_DigestUpdate(context, &peer->family, sizeof peer->family) == 1 &&
			  EVP_DigestUpdate(context, peer->bytes, peer->family == AF_INET ? 3 : 7) ==
				  1;
	if (is_done && EVP_DigestFinal_ex(context, digest, NULL) == 1)
		memcpy(&number, digest, sizeof number);
	EVP_MD_CTX_free(context);
	return number;
}

/* Takes one.  *wait_s becomes that of the bucket where nothing is left, if it is longer. */
static bool
take(struct bucket *bucket, const struct bucket_limit *limit, unsigned *wait_s)
{
	bool is_taken = bucket_take(bucket, limit, ddns_clock_ms());
	unsigned bucket_s = bucket_wait_s(bucket, limit);
	if (bucket_s > *wait_s)
		*wait_s = bucket_s;
	return is_taken;
}

/* Both give one, or neither does. */
static enum failures_answer
take_both(struct failures *failures, struct bucket *network, struct bucket *user, unsigned *wait_s)
{
	*wait_s = 0;
	if (!take(network, &failures->per_network, wait_s))
		return FAILURES_LIMITED;
	if (user != NULL && !take(user, &failures->per_user, wait_s)) {
		bucket_give(network, &failures->per_network);
		return FAILURES_LIMITED;
	}
	return *wait_s > 0 ? FAILURES_LAST : FAILURES_ALLOWED;
}

/* Under the mutex: the bucket of the attempt's user, or NULL where it does not count. */
static struct bucket *
user_bucket(struct failures *failures, const struct failures_try *attempt)
{
	if (attempt->user[0] == '\0' || attempt->is_home)
		return NULL;
	return bucket_table_number(failures->users, number_of(failures, attempt->user, NULL));
}

enum failures_answer
failures_begin(struct failures *failures, struct failures_try *attempt, unsigned *wait_s)
{
	uint64_t pair = number_of(failures, attempt->user, attempt->peer);
	attempt->is_home = pair != 0 && attempt->user[0] != '\0' &&
			   atomic_load(&failures->known[pair % KNOWN_COUNT]) == pair;
	pthread_mutex_lock(&failures->mutex);
	struct bucket *network = bucket_table_network(failures->networks, attempt->peer);
	struct bucket *user = user_bucket(failures, attempt);
	enum failures_answer answer = take_both(failures, network, user, wait_s);
	pthread_mutex_unlock(&failures->mutex);
	return answer;
}

void
failures_take_back(struct failures *failures, const struct failures_try *attempt)
{
	pthread_mutex_lock(&failures->mutex);
	struct bucket *user = user_bucket(failures, attempt);
	bucket_give(bucket_table_network(failures->networks, attempt->peer),
		    &failures->per_network);
	if (user != NULL)
		bucket_give(user, &failures->per_user);
	pthread_mutex_unlock(&failures->mutex);
}

void
failures_know(struct failures *failures, const struct address *peer, const char *user)
{
	uint64_t pair = number_of(failures, user, peer);
	atomic_store(&failures->known[pair % KNOWN_COUNT], pair);
}

static struct bucket_limit
limit_of(unsigned failures)
{
	return (struct bucket_limit){(double)failures / FAILURES_PERIOD_S, failures};
}

void
failures_set_limits(struct failures *failures, const struct failures_limits *limits)
{
	pthread_mutex_lock(&failures->mutex);
	failures->per_network = limit_of(limits->per_network);
	failures->per_user = limit_of(limits->per_user);
	pthread_mutex_unlock(&failures->mutex);
}

enum ddns_result
failures_create(const struct failures_limits *limits, struct failures **failuresp)
{
	struct failures *failures = calloc(1, sizeof *failures);
	enum ddns_result result;
	if (failures == NULL)
		return DDNS_NO_MEMORY;
	pthread_mutex_init(&failures->mutex, NULL);
	failures_set_limits(failures, limits);
	CHECK(bucket_table_create(&failures->networks));
	CHECK(bucket_table_create(&failures->users));
	result = RAND_bytes(failures->secret, SECRET_SIZE) == 1 ? DDNS_OK : DDNS_INTERNAL;
	if (result == DDNS_OK) {
		*failuresp = failures;
		failures = NULL;
	}

cleanup:
	failures_free(failures);
	return result;
}

void
failures_free(struct failures *failures)
{
	if (failures == NULL)
		return;
	bucket_table_free(failures->users);
	bucket_table_free(failures->networks);
	pthread_mutex_destroy(&failures->mutex);
	free(failures);
}
