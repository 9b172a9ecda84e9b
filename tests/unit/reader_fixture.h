// SPDX-License-Identifier: GPL-3.0-or-later
// A reader with a shadow as its sink, beside a connection that changes the database.
#ifndef DDNS_TESTS_UNIT_READER_FIXTURE_H
#define DDNS_TESTS_UNIT_READER_FIXTURE_H

#include <libpq-fe.h>

#include "tests/unit/shadow.h"

extern const char *conninfo; // DDNS_TEST_CONNINFO
extern PGconn *admin;

struct fixture {
	struct shadow shadow;
	struct ddns_reader *reader;
	pthread_t thread;
};

/* Connects `admin`; says on stderr why it cannot. */
bool reader_fixture_connect(void);
void reader_fixture_disconnect(void);

/* For cmocka: three zones (a.test, b.test, c.test), no reader yet; stops it if one was started. */
int set_up(void **state);
int tear_down(void **state);
#define READER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

void execute(const char *sql); // by admin; the test fails if it does

/* Starts a reader; conninfo, application and sink are filled in. */
void start_with(struct fixture *fixture, struct ddns_reader_options options);
/* One of zones, and waits until it is ready. */
void start_zones(struct fixture *fixture);
struct ddns_reader_status status_of(const struct fixture *fixture);

bool is_equal(struct shadow *shadow); // to what the database says
void await_equal(struct shadow *shadow);
/* Until a counter of the shadow's reaches a value. */
void await_count(struct shadow *shadow, const int *counter, int least);

#endif
