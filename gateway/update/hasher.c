// SPDX-License-Identifier: GPL-3.0-or-later
// Verifying account passwords: few threads, a short queue, and a memory of what was right.
#include "gateway/update/hasher.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "gateway/password.h"
#include "gateway/update/remembered.h"
#include "sql/client/db.h"

enum {
	OWNER_TIMEOUT_MS = 1000, // for the account of a host name
	NICENESS = 10,		 // updates go before passwords when processors are short
};

/* One password in the queue; it lies on the stack of the thread that waits for it. */
struct job {
	const char *user, *password;
	struct update_credential found;
	uint64_t generation;
	enum ddns_result result;
	bool is_done;
	struct job *next;
};

struct hasher {
	struct credentials *credentials;
	struct metrics *metrics;
	char *database;
	struct remembered *remembered;
	pthread_mutex_t mutex;
	pthread_cond_t has_work, is_done;
	struct job *head, **tail;
	unsigned waiting; // in the queue, not yet at a thread
	bool is_stopped;
	unsigned thread_count;
	pthread_t threads[HASHER_THREADS];
};

/* The login of the account that holds a host; each thread has a connection of its own. */
static enum ddns_result
find_owner(struct ddns_db *db, const char *host, char login[UPDATE_LOGIN_MAX + 1])
{
	struct ddns_rows *rows = NULL;
	enum ddns_result result = DDNS_OK;
	if (!ddns_db_is_open(db))
		CHECK(ddns_db_open(db, OWNER_TIMEOUT_MS));
	CHECK(ddns_db_query(db, DDNS_STATEMENT_GATEWAY_OWNER, &host, 1, OWNER_TIMEOUT_MS, &rows));
	result = DDNS_NOT_FOUND;
	if (ddns_rows_count(rows) == 1 && strlen(ddns_rows_text(rows, 0, 0)) <= UPDATE_LOGIN_MAX) {
		strcpy(login, ddns_rows_text(rows, 0, 0));
		result = DDNS_OK;
	}

cleanup:
	ddns_rows_free(rows);
	return result;
}

/* The account that the user name means; DDNS_NOT_FOUND: none. */
static enum ddns_result
find_account(struct hasher *hasher, struct ddns_db *db, struct job *job,
	     struct account_view *account)
{
	struct update_credential *found = &job->found;
	enum ddns_result result = DDNS_NOT_FOUND;
	if (strlen(job->user) <= UPDATE_LOGIN_MAX) {
		strcpy(found->login, job->user);
		result = credentials_find_account(hasher->credentials, found->login, account);
	}
	if (result != DDNS_NOT_FOUND || strchr(job->user, '.') == NULL ||
	    strlen(job->user) > DDNS_DNAME_TEXT_MAX)
		return result;
	CHECK(find_owner(db, job->user, found->login));
	strcpy(found->host, job->user);
	result = credentials_find_account(hasher->credentials, found->login, account);

cleanup:
	return result;
}

static void
work(struct hasher *hasher, struct ddns_db *db, struct job *job)
{
	struct account_view account = {0};
	enum ddns_result found = find_account(hasher, db, job, &account);
	if (found == DDNS_UNAVAILABLE) {
		job->result = found;
		return;
	}
	// whoever does not exist is hashed all the same
	metrics_add(&hasher->metrics->password_checks);
	enum ddns_result verified =
		password_verify(job->password, found == DDNS_OK ? account.password_hash : NULL);
	if (found != DDNS_OK && found != DDNS_NOT_FOUND) {
		job->result = found;
	} else if (verified == DDNS_OK && account.is_active) {
		job->found.account_id = account.id;
		job->generation = account.generation;
		job->result = DDNS_OK;
	} else {
		job->result = verified == DDNS_OK ? DDNS_DENIED : verified;
	}
	OPENSSL_cleanse(&account, sizeof account);
}

static void *
run(void *context)
{
	struct hasher *hasher = context;
	const struct ddns_db_options options = {
		.conninfo = hasher->database,
		.application = "ddns-gateway passwords",
		.statements = DDNS_STATEMENTS_GATEWAY,
		.wake_fd = -1,
		.plans_anew = true,
	};
	struct ddns_db *db;
	if (ddns_db_create(&options, &db) != DDNS_OK)
		return NULL;
	// on Linux both are of this thread
	setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICENESS);
	pthread_mutex_lock(&hasher->mutex);
	for (;;) {
		while (hasher->head == NULL && !hasher->is_stopped)
			pthread_cond_wait(&hasher->has_work, &hasher->mutex);
		struct job *job = hasher->head;
		if (job == NULL)
			break;
		hasher->head = job->next;
		if (hasher->head == NULL)
			hasher->tail = &hasher->head;
		hasher->waiting--;
		pthread_mutex_unlock(&hasher->mutex);
		work(hasher, db, job);
		pthread_mutex_lock(&hasher->mutex);
		job->is_done = true;
		pthread_cond_broadcast(&hasher->is_done);
	}
	pthread_mutex_unlock(&hasher->mutex);
	ddns_db_free(db);
	return NULL;
}

/* Whether the password is known to be right, for an account that has not changed since. */
static bool
is_remembered(struct hasher *hasher, const struct remembered_mark *mark, const char *user,
	      struct update_credential *found)
{
	int64_t account_id;
	uint64_t generation;
	struct account_view account;
	if (!remembered_find(hasher->remembered, mark, &account_id, &generation) ||
	    credentials_find_account_id(hasher->credentials, account_id, &account) != DDNS_OK)
		return false;
	bool is_same = account.generation == generation && account.is_active;
	if (is_same) {
		*found = (struct update_credential){.account_id = account_id};
		strcpy(found->login, account.login);
		if (strcmp(user, account.login) != 0) // a host; the database knows whose it is now
			strcpy(found->host, user);
	}
	OPENSSL_cleanse(&account, sizeof account);
	return is_same;
}

bool
hasher_recall(struct hasher *hasher, const char *user, const char *password,
	      struct update_credential *found)
{
	struct remembered_mark mark;
	return remembered_mark(hasher->remembered, user, password, &mark) == DDNS_OK &&
	       is_remembered(hasher, &mark, user, found);
}

/* Queues the job and waits for it.  False: the queue is full. */
static bool
hand_over(struct hasher *hasher, struct job *job)
{
	pthread_mutex_lock(&hasher->mutex);
	bool has_room = hasher->waiting < HASHER_QUEUE && !hasher->is_stopped;
	if (has_room) {
		*hasher->tail = job;
		hasher->tail = &job->next;
		hasher->waiting++;
		pthread_cond_signal(&hasher->has_work);
		while (!job->is_done)
			pthread_cond_wait(&hasher->is_done, &hasher->mutex);
	}
	pthread_mutex_unlock(&hasher->mutex);
	return has_room;
}

enum ddns_result
hasher_check(struct hasher *hasher, const char *user, const char *password,
	     struct update_credential *found)
{
	struct remembered_mark mark;
	enum ddns_result result;
	CHECK(remembered_mark(hasher->remembered, user, password, &mark));
	struct job job = {.user = user, .password = password};
	if (!hand_over(hasher, &job)) {
		metrics_add(&hasher->metrics->password_overflows);
		return DDNS_UNAVAILABLE;
	}
	CHECK(job.result);
	*found = job.found;
	remembered_add(hasher->remembered, &mark, found->account_id, job.generation);

cleanup:
	return result;
}

static enum ddns_result
start_threads(struct hasher *hasher)
{
	for (; hasher->thread_count < HASHER_THREADS; hasher->thread_count++)
		if (pthread_create(&hasher->threads[hasher->thread_count], NULL, run, hasher) != 0)
			return DDNS_INTERNAL;
	return DDNS_OK;
}

enum ddns_result
hasher_create(const struct hasher_options *options, struct hasher **hasherp)
{
	struct hasher *hasher = calloc(1, sizeof *hasher);
	enum ddns_result result = DDNS_NO_MEMORY;
	if (hasher == NULL)
		return result;
	pthread_mutex_init(&hasher->mutex, NULL);
	pthread_cond_init(&hasher->has_work, NULL);
	pthread_cond_init(&hasher->is_done, NULL);
	hasher->tail = &hasher->head;
	hasher->credentials = options->credentials;
	hasher->metrics = options->metrics;
	hasher->database = strdup(options->database);
	if (hasher->database == NULL)
		goto cleanup;
	CHECK(remembered_create(HASHER_REMEMBERED, &hasher->remembered));
	CHECK(start_threads(hasher));
	*hasherp = hasher;
	hasher = NULL;

cleanup:
	hasher_free(hasher);
	return result;
}

void
hasher_free(struct hasher *hasher)
{
	if (hasher == NULL)
		return;
	pthread_mutex_lock(&hasher->mutex);
	hasher->is_stopped = true;
	pthread_cond_broadcast(&hasher->has_work);
	pthread_mutex_unlock(&hasher->mutex);
	for (unsigned i = 0; i < hasher->thread_count; i++)
		pthread_join(hasher->threads[i], NULL);
	remembered_free(hasher->remembered);
	pthread_cond_destroy(&hasher->is_done);
	pthread_cond_destroy(&hasher->has_work);
	pthread_mutex_destroy(&hasher->mutex);
	free(hasher->database);
	free(hasher);
}
