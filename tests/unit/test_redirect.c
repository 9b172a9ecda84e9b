// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of gateway/redirect: hosts, targets, languages, pages and the table.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/redirect/host.h"
#include "gateway/redirect/language.h"
#include "gateway/redirect/page.h"
#include "gateway/redirect/table.h"
#include "gateway/redirect/target.h"
#include "gateway/web/template.h"
#include "tests/unit/guard_page.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

static void
test_hosts(void **state)
{
	(void)state;
	static const struct {
		const char *value, *name; // name NULL: refused
	} cases[] = {
		{"joe.example.org", "joe.example.org"},
		{"JOE.Example.ORG", "joe.example.org"},
		{"joe.example.org.", "joe.example.org"},
		{"joe.example.org:80", "joe.example.org"},
		{"joe.example.org.:8080", "joe.example.org"},
		{"joe.example.org:", "joe.example.org"},
		{"joe", "joe"},
		{"_x.joe-1.org", "_x.joe-1.org"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:80", "192.0.2.1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:80", "2001:db8::1"},
		{L63 ".org", L63 ".org"},
		{L63 "x.org", NULL},
		{L63 "." L63 "." L63 "." L63, NULL}, // 255
		{"", NULL},
		{".", NULL},
		{"..", NULL},
		{":80", NULL},
		{".joe.org", NULL},
		{"joe..org", NULL},
		{"joe.org..", NULL},
		{"joe.org:80:80", NULL},
		{"joe.org:x", NULL},
		{"joe.org:123456", NULL},
		{"joe.org:-1", NULL},
		{"joe.org:80 ", NULL},
		{" joe.org", NULL},
		{"joe.org,evil.org", NULL},
		{"joe.org, evil.org", NULL},
		{"joe.org evil.org", NULL},
		{"user@joe.org", NULL},
		{"joe.org/evil", NULL},
		{"joe.org\\evil", NULL},
		{"joe.org?x", NULL},
		{"joe.org#x", NULL},
		{"joe.org%00", NULL},
		{"joe%2eorg", NULL},
		{"*.joe.org", NULL},
		{"<b>.org", NULL},
		{"b\xc3\xbc"
		 "cher.example",
		 NULL},
		{"joe.org\r\nX: y", NULL},
		{"joe.org\t", NULL},
		{"http://joe.org", NULL},
		{"2001:db8::1", NULL},
		{"[2001:db8::1", NULL},
		{"[2001:db8::1]x", NULL},
		{"[192.0.2.1]", NULL},
		{"[joe.org]", NULL},
		{"[::1%25eth0]", NULL},
		{"[]", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct host host;
		char *value = guard_page_text(cases[i].value);
		enum ddns_result result = host_parse(value, &host);
		if ((result == DDNS_OK) != (cases[i].name != NULL))
			fail_msg("'%s' is %d", cases[i].value, result);
		if (result == DDNS_OK)
			assert_string_equal(host.name, cases[i].name);
	}
	struct host host;
	assert_int_equal(host_parse("192.0.2.1", &host), DDNS_OK);
	assert_true(host.is_address);
	assert_int_equal(host_parse("192.0.2.1.org", &host), DDNS_OK);
	assert_false(host.is_address);
}

static void
test_targets(void **state)
{
	(void)state;
	static const struct {
		const char *url, *checked; // NULL: refused
	} cases[] = {
		{"http://example.org", "http://example.org"},
		{"HTTPS://Example.ORG:8443/A?b=C#d", "https://example.org:8443/A?b=C#d"},
		{"http://192.0.2.1:8080", "http://192.0.2.1:8080"},
		{"http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080/"},
		{"http://example.org/b\xc3\xbc", "http://example.org/b%C3%BC"},
		{"http://example.org?q=http://x@y", "http://example.org?q=http://x@y"},
		{"http://example.org/a%20b", "http://example.org/a%20b"},
		{"http://example.org:1/", "http://example.org:1/"},
		{"http://example.org:65535/", "http://example.org:65535/"},
		{"", NULL},
		{"javascript:alert(1)", NULL},
		{"JavaScript:alert(1)", NULL},
		{"data:text/html,<script>alert(1)</script>", NULL},
		{"vbscript:x", NULL},
		{"file:///etc/passwd", NULL},
		{"ftp://example.org/", NULL},
		{"//evil.org", NULL},
		{"///evil.org", NULL},
		{"\\\\evil.org", NULL},
		{"/\\evil.org", NULL},
		{"\\evil.org", NULL},
		{"/evil", NULL},
		{"evil.org", NULL},
		{"http:evil.org", NULL},
		{"http:/evil.org", NULL},
		{"http:///evil.org", NULL},
		{"http://", NULL},
		{"http://?x", NULL},
		{"http://:80/", NULL},
		{"http:\\\\evil.org", NULL},
		{"http://example.org\\@evil.org/", NULL},
		{"http://example.org/\\evil", NULL},
		{"http://user@evil.org/", NULL},
		{"http://example.org:80@evil.org/", NULL},
		{"http://example.org%40evil.org/", NULL},
		{"http://example.org:0/", NULL},
		{"http://example.org:65536/", NULL},
		{"http://example.org:/", NULL},
		{"http://example.org:8x/", NULL},
		{"http://example.org/a b", NULL},
		{"http://example.org/\r\nSet-Cookie: a=b", NULL},
		{"http://example.org/%0d%0aSet-Cookie:a=b", NULL},
		{"http://example.org/%0D%0A", NULL},
		{"http://example.org/%00", NULL},
		{"http://example.org/%7F", NULL},
		{"http://example.org/\x7f", NULL},
		{"http://example.org/\t", NULL},
		{" http://example.org/", NULL},
		{"\nhttp://example.org/", NULL},
		{"http://b\xc3\xbc"
		 "cher.example/",
		 NULL},
		{"http://[2001:db8::1/", NULL},
		{"http://[evil.org]/", NULL},
		{"http://[192.0.2.1]/", NULL},
		{"http://*.org/", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char checked[TARGET_SIZE];
		char *url = guard_page_text(cases[i].url);
		enum ddns_result result = target_check(url, checked);
		if ((result == DDNS_OK) != (cases[i].checked != NULL))
			fail_msg("'%s' is %d", cases[i].url, result);
		if (result == DDNS_OK)
			assert_string_equal(checked, cases[i].checked);
	}
	char longest[TARGET_MAX + 2] = "http://example.org/", checked[TARGET_SIZE];
	memset(longest + strlen(longest), 0xfc, sizeof longest - strlen(longest));
	longest[TARGET_MAX] = '\0';
	assert_int_equal(target_check(longest, checked), DDNS_OK);
	longest[TARGET_MAX] = 'x';
	longest[TARGET_MAX + 1] = '\0';
	assert_int_equal(target_check(longest, checked), DDNS_BAD_INPUT);
}

static void
test_target_hosts(void **state)
{
	(void)state;
	char host[TARGET_HOST_SIZE];
	target_host("http://example.org", host);
	assert_string_equal(host, "example.org");
	target_host("https://example.org.:8443/x", host);
	assert_string_equal(host, "example.org");
	target_host("http://[2001:db8::1]/", host);
	assert_string_equal(host, "");
}

static void
test_paths(void **state)
{
	(void)state;
	static const char base[] = "http://joe.example.org:8080";
	static const struct {
		const char *path, *behind; // NULL: refused
	} cases[] = {
		{"/", "/"},
		{"/a?b=1", "/a?b=1"},
		{"/a%20b?c=%C3%BC&d=a+b", "/a%20b?c=%C3%BC&d=a+b"},
		{"//evil.org/", "//evil.org/"}, // behind the authority it is a path
		{"/\\evil.org", "/\\evil.org"},
		{"/?x=http://evil.org/", "/?x=http://evil.org/"},
		{"/../..", "/../.."},
		{"/%0d%0aSet-Cookie:a=b", "/%0d%0aSet-Cookie:a=b"}, // stays encoded
		{"/{a|b}\"<>^`", "/{a|b}\"<>^`"},
		{"/b\xc3\xbc", "/b%C3%BC"},
		{"", NULL},
		{"*", NULL},
		{"a", NULL},
		{"@evil.org/", NULL},
		{".evil.org/", NULL},
		{"0/", NULL},
		{"\\evil.org", NULL},
		{"/a b", NULL},
		{"/a\r\nSet-Cookie: a=b", NULL},
		{"/a\nb", NULL},
		{"/a\tb", NULL},
		{"/a\x7f", NULL},
		{"/a\x01", NULL},
		{"/a#b", NULL},
	};
	char location[LOCATION_SIZE], expected[256];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *path = guard_page_text(cases[i].path);
		enum ddns_result result = target_append(base, path, location);
		if (result != (cases[i].behind == NULL ? DDNS_BAD_INPUT : DDNS_OK))
			fail_msg("'%s' is %d", cases[i].path, result);
		if (result == DDNS_OK) {
			snprintf(expected, sizeof expected, "%s%s", base, cases[i].behind);
			assert_string_equal(location, expected);
		}
	}
	char path[TARGET_PATH_MAX + 2] = "/";
	memset(path + 1, 'x', TARGET_PATH_MAX - 1);
	assert_int_equal(target_append(base, path, location), DDNS_OK);
	path[TARGET_PATH_MAX] = 'x';
	assert_int_equal(target_append(base, path, location), DDNS_CONFLICT);
	memset(path + 1, 0xfc, TARGET_PATH_MAX);
	assert_int_equal(target_append(base, path, location), DDNS_CONFLICT);
}

static void
test_languages(void **state)
{
	(void)state;
	static const struct {
		const char *accept;
		enum language expected;
	} cases[] = {
		{"", LANGUAGE_ENGLISH},
		{"de", LANGUAGE_GERMAN},
		{"DE", LANGUAGE_GERMAN},
		{"de-AT", LANGUAGE_GERMAN},
		{"den", LANGUAGE_ENGLISH},
		{"de,en", LANGUAGE_GERMAN},
		{"en,de", LANGUAGE_ENGLISH},
		{"en;q=0.8, de;q=0.9", LANGUAGE_GERMAN},
		{"de;q=0.8, en;q=0.9", LANGUAGE_ENGLISH},
		{"de-CH,de;q=0.9,en;q=0.8", LANGUAGE_GERMAN},
		{"fr-FR,fr;q=0.9,de;q=0.5,en;q=0.4", LANGUAGE_GERMAN},
		{"fr", LANGUAGE_ENGLISH},
		{"de;q=0", LANGUAGE_ENGLISH},
		{"de;q=0,*", LANGUAGE_ENGLISH},
		{"en;q=0,*;q=0.1", LANGUAGE_GERMAN},
		{"*", LANGUAGE_ENGLISH},
		{"*;q=0.5, de;q=0.1", LANGUAGE_ENGLISH},
		{"en;q=0.5,*;q=0.9", LANGUAGE_GERMAN},
		{"de;q=0.001", LANGUAGE_GERMAN},
		{"de ; q=0.7 , en ; q=0.3", LANGUAGE_GERMAN},
		{"de;q=1.001,en;q=0.1", LANGUAGE_ENGLISH},
		{"de;q=2,en;q=0.1", LANGUAGE_ENGLISH},
		{"de;q=,en;q=0.1", LANGUAGE_ENGLISH},
		{"de;x=1,en;q=0.1", LANGUAGE_ENGLISH},
		{",,;,de", LANGUAGE_GERMAN},
		{"de;q=1.000", LANGUAGE_GERMAN},
		{";;;;", LANGUAGE_ENGLISH},
	};
	assert_int_equal(language_choose(NULL), LANGUAGE_ENGLISH);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *accept = guard_page_text(cases[i].accept);
		if (language_choose(accept) != cases[i].expected)
			fail_msg("'%s' is %s", cases[i].accept,
				 language_tag(language_choose(accept)));
	}
}

static void
test_page(void **state)
{
	(void)state;
	char *page, policy[TEMPLATE_POLICY_SIZE];
	assert_int_equal(page_make(LANGUAGE_GERMAN, "<b>'\"&.org", &page), DDNS_OK);
	assert_non_null(strstr(page, "<h1>&lt;b&gt;&#39;&quot;&amp;.org</h1>"));
	assert_non_null(strstr(page, "<html lang=\"de\">"));
	assert_non_null(strstr(page, "<style>:root"));
	assert_null(strstr(page, "{{"));
	assert_null(strstr(page, "<b>"));
	assert_null(strstr(page, "<script"));
	free(page);
	assert_int_equal(template_policy(policy), DDNS_OK);
	assert_non_null(strstr(policy, "default-src 'none'; style-src 'sha256-"));
}

/* What a table finds, as "kind target". */
static const char *
found(struct redirect_table *table, const char *name)
{
	static const char *const kinds[] = {
		[REDIRECT_PORT] = "port", [REDIRECT_URL] = "url", [REDIRECT_PAGE] = "page"};
	static char text[TARGET_SIZE + 8];
	struct redirect redirect;
	if (redirect_table_find(table, name, &redirect) != DDNS_OK)
		return "none";
	snprintf(text, sizeof text, "%s%s%s", kinds[redirect.kind],
		 redirect.target[0] == '\0' ? "" : " ", redirect.target);
	return text;
}

static void
put(struct redirect_table *table, int64_t id, const char *origin, const struct ddns_row *rows,
    size_t count)
{
	struct redirect_zone *zone;
	assert_int_equal(redirect_zone_create(id, origin, &zone), DDNS_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(redirect_zone_add(zone, &rows[i]), DDNS_OK);
	assert_int_equal(redirect_table_put(table, zone), DDNS_OK);
}

static const struct ddns_row rows[] = {
	{"joe", "page", 0, "", false},
	{"*.joe", "page", 0, "", true},
	{"*.joe", "url", 0, "http://x.org/", false}, // goes before the default
	{"nas.joe", "port", 0, "http://[::1]:81", false},
	{"nas.joe", "port", 0, "http://192.0.2.1:81", false}, // sorts first
	{"a.b.joe", "page", 0, "", false},
	{"www.ann", "port", 0, "http://ann.dyn.org:8080", true},
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static void
test_table(void **state)
{
	(void)state;
	struct redirect_table *table;
	assert_int_equal(redirect_table_create(&table), DDNS_OK);
	assert_string_equal(found(table, "joe.dyn.org"), "none");
	put(table, 1, "dyn.org", rows, ROW_COUNT);
	assert_int_equal(redirect_table_count(table), 5);
	assert_string_equal(found(table, "joe.dyn.org"), "page");
	assert_string_equal(found(table, "www.joe.dyn.org"), "url http://x.org/");
	assert_string_equal(found(table, "x.y.joe.dyn.org"), "url http://x.org/");
	assert_string_equal(found(table, "nas.joe.dyn.org"), "port http://192.0.2.1:81");
	// RFC 4592 2.2.1: what exists, or has something below it, is covered by no wildcard
	assert_string_equal(found(table, "x.nas.joe.dyn.org"), "none");
	assert_string_equal(found(table, "b.joe.dyn.org"), "none");
	assert_string_equal(found(table, "x.b.joe.dyn.org"), "none");
	assert_string_equal(found(table, "www.ann.dyn.org"), "port http://ann.dyn.org:8080");
	assert_string_equal(found(table, "ann.dyn.org"), "none");
	assert_string_equal(found(table, "dyn.org"), "none");
	assert_string_equal(found(table, "xjoe.dyn.org"), "none");
	assert_string_equal(found(table, "joe.dyn.org.evil.org"), "none");
	assert_string_equal(found(table, ""), "none");

	// the zone with the longest origin decides
	static const struct ddns_row apex[] = {{"@", "page", 0, "", false},
					       {"*", "page", 0, "", true}};
	put(table, 2, "joe.dyn.org", NULL, 0);
	assert_string_equal(found(table, "www.joe.dyn.org"), "none");
	put(table, 2, "joe.dyn.org", apex, 2);
	assert_string_equal(found(table, "joe.dyn.org"), "page");
	assert_string_equal(found(table, "a.b.joe.dyn.org"), "page");
	redirect_table_drop(table, 2);
	redirect_table_drop(table, 2);
	assert_string_equal(found(table, "www.joe.dyn.org"), "url http://x.org/");

	// a restored database may give the zone another id
	put(table, 7, "dyn.org", apex, 2);
	assert_string_equal(found(table, "x.dyn.org"), "page");
	redirect_table_drop(table, 1);
	assert_string_equal(found(table, "x.dyn.org"), "page");
	assert_int_equal(redirect_table_count(table), 2);
	redirect_table_free(table);
}

static void
test_steps(void **state)
{
	(void)state;
	struct redirect_table *table;
	const char *bad;
	const char *const names[] = {"joe", "*.joe", "a.b.joe", "none"};
	static const struct ddns_row now[] = {
		{"joe", "url", 0, "javascript:alert(1)", false},
		{"*.joe", "url", 0, "https://y.org/", true},
	};
	assert_int_equal(redirect_table_create(&table), DDNS_OK);
	assert_int_equal(redirect_table_step(table, 1, names, 4, now, 2, &bad), DDNS_NOT_FOUND);
	put(table, 1, "dyn.org", rows, ROW_COUNT);
	assert_int_equal(redirect_table_step(table, 1, names, 4, now, 2, &bad), DDNS_OK);
	assert_string_equal(bad, "joe");
	assert_string_equal(found(table, "joe.dyn.org"), "none");
	assert_string_equal(found(table, "x.b.joe.dyn.org"), "url https://y.org/");
	assert_string_equal(found(table, "nas.joe.dyn.org"), "port http://192.0.2.1:81");
	assert_int_equal(redirect_table_count(table), 3);
	const char *const all[] = {"*.joe", "nas.joe", "www.ann"};
	assert_int_equal(redirect_table_step(table, 1, all, 3, NULL, 0, &bad), DDNS_OK);
	assert_null(bad);
	assert_int_equal(redirect_table_count(table), 0);
	assert_string_equal(found(table, "nas.joe.dyn.org"), "none");
	redirect_table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),	     cmocka_unit_test(test_targets),
		cmocka_unit_test(test_target_hosts), cmocka_unit_test(test_paths),
		cmocka_unit_test(test_languages),    cmocka_unit_test(test_page),
		cmocka_unit_test(test_table),	     cmocka_unit_test(test_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
