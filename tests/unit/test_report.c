// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of dlz_ddns/report.c and log.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlz_ddns/log.h"
#include "dlz_ddns/report.h"

static void
test_a_row_once_an_hour(void **state)
{
	(void)state;
	static struct report report;
	assert_true(report_is_due(&report, 7200, "z", "www", "A", "1.2.3"));
	assert_false(report_is_due(&report, 7201, "z", "www", "A", "1.2.3"));
	assert_true(report_is_due(&report, 7201, "z", "www", "A", "1.2.4"));
	assert_true(report_is_due(&report, 7201, "y", "www", "A", "1.2.3"));
	assert_true(report_is_due(&report, 7201, "z", "ww", "wA", "1.2.3"));
	assert_false(report_is_due(&report, 10799, "z", "www", "A", "1.2.3"));
	assert_true(report_is_due(&report, 10800, "z", "www", "A", "1.2.3"));
	assert_int_equal(report_take_silent(&report), 0);
}

static void
test_lines_of_a_minute(void **state)
{
	(void)state;
	static struct report report;
	unsigned due = 0;
	for (unsigned i = 0; i < REPORT_PER_MINUTE + 1000; i++) {
		char owner[16];
		snprintf(owner, sizeof(owner), "h%u", i);
		due += report_is_due(&report, 61, "z", owner, "A", "x");
	}
	assert_int_equal(due, REPORT_PER_MINUTE);
	assert_int_equal(report_take_silent(&report), 1000);
	assert_int_equal(report_take_silent(&report), 0);
	assert_true(report_is_due(&report, 120, "z", "another", "A", "x"));
}

static char written[1 << 18];
static unsigned lines;

static void
write_line(enum log_level level, const char *text)
{
	lines++;
	snprintf(written + strlen(written), sizeof(written) - strlen(written), "%d %s\n",
		 (int)level, text);
}

static void
begin_log(bool takes_any_thread)
{
	written[0] = '\0';
	lines = 0;
	log_open(write_line, takes_any_thread);
}

static void
test_lines_at_once(void **state)
{
	(void)state;
	begin_log(true);
	log_later(LOG_LEVEL_INFO, "%s", "a\nb\x7f");
	log_line(LOG_LEVEL_ERROR, "c");
	log_drain();
	assert_string_equal(written, "3 a?b?\n0 c\n");
	log_close();
	log_later(LOG_LEVEL_INFO, "d");
	assert_string_equal(written, "3 a?b?\n0 c\n");
}

static void
test_lines_that_wait(void **state)
{
	(void)state;
	begin_log(false);
	log_later(LOG_LEVEL_INFO, "a");
	log_later(LOG_LEVEL_NOTICE, "b");
	assert_string_equal(written, "");
	log_drain();
	assert_string_equal(written, "3 a\n2 b\n");
	log_drain();
	assert_int_equal(lines, 2);
	for (unsigned i = 0; i < 1000; i++)
		log_later(LOG_LEVEL_INFO, "%u", i);
	log_drain();
	assert_in_range(lines, 10, 200);
	assert_non_null(strstr(written, "lines were lost"));
	assert_non_null(strstr(written, "3 63\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_row_once_an_hour),
		cmocka_unit_test(test_lines_of_a_minute),
		cmocka_unit_test(test_lines_at_once),
		cmocka_unit_test(test_lines_that_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
