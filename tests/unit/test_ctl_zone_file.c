// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/ctl/zone_file.c, zone_generate.c and zone_text.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libknot/libknot.h>

#include "gateway/ctl/rdata.h"
#include "gateway/ctl/zone_file.h"
#include "gateway/ctl/zone_generate.h"
#include "gateway/ctl/zone_text.h"
#include "tests/unit/guard_page.h"

/* What was read, a line each: "LINE OWNER TTL TYPE DATA", "LINE error" or "LINE warning". */
struct read {
	char text[4096];
	size_t length;
	size_t limit; // records after which the reading is to end; 0: none
};

static void __attribute__((format(printf, 2, 3))) note(struct read *read, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	read->length += (size_t)vsnprintf(read->text + read->length,
					  sizeof read->text - read->length, format, args);
	va_end(args);
}

static enum ddns_result
take_record(void *context, const struct zone_file_record *record)
{
	struct read *read = context;
	char owner[1024], type[16];
	char *rdata = rdata_text(record->type, record->rdata, record->rdata_length);
	assert_non_null(rdata);
	assert_non_null(knot_dname_to_str(owner, record->owner, sizeof owner));
	assert_true(knot_rrtype_to_string(record->type, type, sizeof type) > 0);
	note(read, "%d %s %u %s %s\n", (int)record->place.line, owner, record->ttl, type, rdata);
	free(rdata);
	return read->limit > 0 && --read->limit == 0 ? DDNS_CONFLICT : DDNS_OK;
}

static void
take_error(void *context, const struct zone_file_place *place, const char *message)
{
	assert_non_null(message);
	note(context, "%d error\n", (int)place->line);
}

static void
take_warning(void *context, const struct zone_file_place *place, const char *message)
{
	assert_non_null(message);
	note(context, "%d warning\n", (int)place->line);
}

static enum ddns_result
take_file(void *context, unsigned number, const char *path)
{
	(void)context;
	assert_int_equal(number, 0);
	assert_non_null(path);
	return DDNS_OK;
}

static enum ddns_result
parse(const char *text, struct read *read)
{
	const struct zone_file_handler handler = {take_record, take_error, take_warning, take_file,
						  read};
	size_t length = strlen(text);
	return zone_file_parse(guard_page_copy(text, length), length, "z.test", &handler);
}

static void
test_files(void **state)
{
	(void)state;
	static const struct {
		const char *text, *read;
	} cases[] = {
		{"", ""},
		{"\n; nothing\n", ""},
		{"a 60 A 192.0.2.1", "1 a.z.test. 60 A 192.0.2.1\n"},
		{"$TTL 5\na A 192.0.2.1\n A 192.0.2.2\n",
		 "2 a.z.test. 5 A 192.0.2.1\n3 a.z.test. 5 A 192.0.2.2\n"},
		// RFC 1035 section 5.1: the last TTL; and named's own, the SOA's minimum
		{"a 60 A 192.0.2.1\nb A 192.0.2.2\n",
		 "1 a.z.test. 60 A 192.0.2.1\n2 warning\n2 b.z.test. 60 A 192.0.2.2\n"},
		{"@ SOA m r 1 2 3 4 5\nb A 192.0.2.2\n",
		 "1 warning\n1 z.test. 5 SOA m.z.test. r.z.test. 1 2 3 4 5\n"
		 "2 b.z.test. 5 A 192.0.2.2\n"},
		{"a A 192.0.2.1\n", "1 error\n"},
		// lines of what spans several, and of what comes behind
		{"@ 5 SOA m r (\n1 2 3\n4 5 )\na 5 A 192.0.2.1\n",
		 "3 z.test. 5 SOA m.z.test. r.z.test. 1 2 3 4 5\n4 a.z.test. 5 A 192.0.2.1\n"},
		{"a 5 TXT \"( ; $\"\n$TTL 7\nb TXT x ; (\nc A 192.0.2.1\n",
		 "1 a.z.test. 5 TXT \"( ; $\"\n3 b.z.test. 7 TXT \"x\"\n4 c.z.test. 7 A "
		 "192.0.2.1\n"},
		// after each error the reading goes on
		{"a 5 A 1\nb 5 A 192.0.2.1\n$TTL x\nc 5 BAD x\n$NONE\nd 5 A 192.0.2.2\n",
		 "1 error\n2 b.z.test. 5 A 192.0.2.1\n3 error\n4 error\n5 error\n"
		 "6 d.z.test. 5 A 192.0.2.2\n"},
		{"a 5 A ( 1\n )\nb 5 A 192.0.2.1\n", "1 error\n3 b.z.test. 5 A 192.0.2.1\n"},
		{"$INCLUDE x\n", "1 error\n"},
		// relative origins
		{"$ORIGIN b\na 5 A 192.0.2.1\n$ORIGIN c.d.\n@ 5 A 192.0.2.2\n$ORIGIN .\ne 5 A "
		 "192.0.2.3\n"
		 "$ORIGIN f ; x\n@ 5 A 192.0.2.4\n",
		 "2 a.b.z.test. 5 A 192.0.2.1\n4 c.d. 5 A 192.0.2.2\n6 e. 5 A 192.0.2.3\n"
		 "8 f. 5 A 192.0.2.4\n"},
		// characters that are odd to the scanner alone
		{"a+b 5 CNAME #c\nd 5 HTTPS 1 e! alpn=h2\nf 5 TXT g=h ~i\n",
		 "1 a\\+b.z.test. 5 CNAME \\035c.z.test.\n2 d.z.test. 5 HTTPS 1 e!.z.test. "
		 "alpn=h2\n"
		 "3 f.z.test. 5 TXT \"g=h\" \"~i\"\n"},
		{"a+b 5 A 1\n", "1 error\n"},
		{"p 5 A 192.0.2.8\n$GENERATE 1-2 h$ 5 A 192.0.2.$\n 5 A 192.0.2.9\n$GENERATE 2-1 a "
		 "A b\n",
		 "1 p.z.test. 5 A 192.0.2.8\n2 h1.z.test. 5 A 192.0.2.1\n2 h2.z.test. 5 A "
		 "192.0.2.2\n"
		 "3 p.z.test. 5 A 192.0.2.9\n4 error\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct read read = {.length = 0};
		assert_int_equal(parse(cases[i].text, &read), DDNS_OK);
		assert_string_equal(read.text, cases[i].read);
	}
}

static void
test_a_handler_ends_it(void **state)
{
	(void)state;
	for (size_t limit = 1; limit <= 3; limit++) {
		struct read read = {.limit = limit};
		assert_int_equal(parse("a 5 A 192.0.2.1\n$TTL 5\nb+ A 192.0.2.2\n"
				       "$GENERATE 1-9 c A 192.0.2.3\n",
				       &read),
				 DDNS_CONFLICT);
	}
}

static void
test_generate(void **state)
{
	(void)state;
	static const struct {
		const char *directive;
		uint32_t number;
		const char *line; // NULL: refused
	} cases[] = {
		{" 1-2 a$ A 10.0.0.$", 1, "a1 A 10.0.0.1\n"},
		{" 0-9/3 $ 60 IN A x ; end", 9, "9 60 IN A x\n"},
		{" 1-1 a TXT \"x \\\" $\"", 1, "a TXT x \" 1\n"},
		{" 1-1 $$\\$\\\\$ A b", 1, "$\\$\\\\1 A b\n"},
		{" 1-1 ${5}${-1,3}${0,4,d} A b", 1, "60000001 A b\n"},
		{" 9-9 ${1,2,o}.${6,0,x}.${6,4,X} A b", 9, "12.f.000F A b\n"},
		{" 255-255 ${0,0,n} A ${0,7,N}", 255, "f.f A F.F.0.0\n"},
		{" 1-1 ${-3} A b", 1, "-2 A b\n"},
		{" 1-1 ${-3,0,x} A b", 1, NULL},
		{" 1-1 ${ A b", 1, NULL},
		{" 1-1 ${1,} A b", 1, NULL},
		{" 1-1 ${1,2,q} A b", 1, NULL},
		{" 1-1 ${1,256} A b", 1, NULL},
		{" 1-1 ${99999999999} A b", 1, NULL},
		{"", 0, NULL},
		{" 1-2 a A", 0, NULL},
		{" 1-2 a 1 2 3 4 b", 0, NULL},
		{" 1-2 a A \"b", 0, NULL},
		{" 2-1 a A b", 0, NULL},
		{" 1-2/0 a A b", 0, NULL},
		{" 1 a A b", 0, NULL},
		{" -1-2 a A b", 0, NULL},
		{" 1-2/1/1 a A b", 0, NULL},
		{" 0-2147483648 a A b", 0, NULL},
		{" 0-10000000 a A b", 0, NULL},
	};
	static struct zone_generate generate;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[ZONE_GENERATE_TEXT_MAX];
		const char *error = NULL;
		size_t length = strlen(cases[i].directive), line_length;
		enum ddns_result result = zone_generate_parse(
			guard_page_copy(cases[i].directive, length), length, &generate, &error);
		if (result == DDNS_OK)
			result = zone_generate_line(&generate, cases[i].number, line, &line_length,
						    &error);
		assert_int_equal(result, cases[i].line != NULL ? DDNS_OK : DDNS_BAD_INPUT);
		if (cases[i].line != NULL) {
			assert_string_equal(line, cases[i].line);
			assert_int_equal(line_length, strlen(line));
		} else {
			assert_non_null(error);
		}
	}
}

static void
test_absolute(void **state)
{
	(void)state;
	static const struct {
		const char *line, *made;
	} cases[] = {
		{"$ORIGIN a", "$ORIGIN a.z.test.\n"},
		{"$origin a\\. ; x", "$origin a\\..z.test.\n"},
		{"$ORIGIN a.", "$ORIGIN a.\n"},
		{"$ORIGIN @", "$ORIGIN z.test.\n"},
		{"$ORIGIN", "$ORIGIN\n"},
		{"$TTL 5", "$TTL 5\n"},
		{"$INCLUDE f", "$INCLUDE f\n"},
		{"$INCLUDE \"f f\" a", "$INCLUDE \"f f\" a.z.test.\n"},
		{"$INCLUDE f a.", "$INCLUDE f a.\n"},
		{"$INCLUDES f a", "$INCLUDES f a\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[64];
		size_t length = strlen(cases[i].line);
		const char *line = guard_page_copy(cases[i].line, length);
		assert_int_equal(zone_text_absolute(line, length, "z.test.", out, sizeof out),
				 strlen(cases[i].made));
		assert_string_equal(out, cases[i].made);
		assert_int_equal(zone_text_absolute(line, length, "z.test.", out, 4), 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_a_handler_ends_it),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_absolute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
