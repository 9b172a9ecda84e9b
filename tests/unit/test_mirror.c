// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of dlz_ddns/mirror.c, edit.c, node.c and trie.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlz_ddns/trie.h"
#include "tests/unit/mirror_fixture.h"

#define Z "example.test"
static struct fixture fixture;

static int
set_up(void **state)
{
	(void)state;
	fixture_begin(&fixture);
	mirror_set_ready(fixture.mirror);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	fixture_end(&fixture);
	return 0;
}

static void
load(const char *const *rows)
{
	static uint32_t serial;
	struct ddns_zone zone = fixture_zone(1, Z, ++serial);
	fixture.said[0] = '\0';
	fixture_load(&fixture, &zone, rows);
}

static const char *
served(const char *name)
{
	return strcmp(fixture_query(&fixture, Z, name), "found") == 0 ? fixture.put : "";
}

/* What a name serves, by the rows it has: rule, rows of the name n, what is served, what is said.
 */
static const struct {
	const char *rule;
	const char *rows[8];
	const char *served, *said;
} settles[] = {
	{"fallback alone", {"?n 60 A 192.0.2.1", NULL}, "n 60 A 192.0.2.1\n", ""},
	{"fallback A yields to A",
	 {"?n 60 A 192.0.2.1", "n 60 A 192.0.2.2", NULL},
	 "n 60 A 192.0.2.2\n",
	 ""},
	{"fallback A yields to AAAA, in any order",
	 {"n 60 AAAA ::1", "?n 60 A 192.0.2.1", NULL},
	 "n 60 AAAA ::1\n",
	 ""},
	{"fallback A and AAAA stay by each other",
	 {"?n 60 AAAA ::1", "?n 60 A 192.0.2.1", NULL},
	 "n 60 A 192.0.2.1\nn 60 AAAA ::1\n",
	 ""},
	{"fallback A stays by MX",
	 {"?n 60 A 192.0.2.1", "n 60 MX 1 a.", NULL},
	 "n 60 A 192.0.2.1\nn 60 MX 1 a.\n",
	 ""},
	{"fallback MX yields to MX, not to A",
	 {"?n 60 MX 1 a.", "n 60 A 192.0.2.1", NULL},
	 "n 60 A 192.0.2.1\nn 60 MX 1 a.\n",
	 ""},
	{"fallback MX yields to MX", {"?n 60 MX 1 a.", "n 60 MX 2 b.", NULL}, "n 60 MX 2 b.\n", ""},
	{"all fallbacks yield to CNAME",
	 {"?n 60 MX 1 a.", "?n 60 A 192.0.2.1", "n 60 CNAME b.", NULL},
	 "n 60 CNAME b.\n",
	 ""},
	{"RFC 2181 5: duplicates",
	 {"n 60 A 192.0.2.1", "n 30 A 192.0.2.1", "?n 5 A 192.0.2.1", NULL},
	 "n 30 A 192.0.2.1\n",
	 ""},
	{"RFC 2181 5.2: lowest TTL, by RRset",
	 {"n 60 A 192.0.2.1", "n 30 A 192.0.2.2", "n 90 AAAA ::1", NULL},
	 "n 30 A 192.0.2.1\nn 30 A 192.0.2.2\nn 90 AAAA ::1\n",
	 ""},
	{"RFC 2181 8: TTL range",
	 {"n -1 A 192.0.2.1", "n 4294967296 AAAA ::1", NULL},
	 "n 0 A 192.0.2.1\nn 2147483647 AAAA ::1\n",
	 ""},
	{"RFC 1034 3.6.2: CNAME alone",
	 {"n 60 A 192.0.2.1", "n 60 CNAME a.", NULL},
	 "n 60 CNAME a.\n",
	 Z " n A 192.0.2.1: it stands beside a CNAME\n"},
	{"RFC 1034 3.6.2: one CNAME",
	 {"n 60 CNAME b.", "n 60 CNAME a.", NULL},
	 "n 60 CNAME a.\n",
	 Z " n CNAME b.: there is another one\n"},
	{"RFC 6672 2.4: one DNAME",
	 {"n 60 DNAME b.", "n 60 DNAME a.", NULL},
	 "n 60 DNAME a.\n",
	 Z " n DNAME b.: there is another one\n"},
	{"RFC 3597: types without a name",
	 {"n 60 TYPE65401 \\# 1 01", "n 60 TYPE65400 \\# 1 01", "n 30 TYPE65400 \\# 0", NULL},
	 "n 30 TYPE65400 \\# 0\nn 30 TYPE65400 \\# 1 01\nn 60 TYPE65401 \\# 1 01\n",
	 ""},
	{"a bad row beside good ones",
	 {"n 60 A 192.0.2.1", "n 60 A 1.2.3", "n 60 ANY x", NULL},
	 "n 60 A 192.0.2.1\n",
	 Z " n A 1.2.3: not an IPv4 address\n" Z " n ANY x: this type is not served\n"},
	{"nothing but bad rows", {"n 60 A 1.2.3", NULL}, "", Z " n A 1.2.3: not an IPv4 address\n"},
};

static void
test_settle(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(settles) / sizeof(settles[0]); i++) {
		const char *rows[16] = {"@ 60 NS a."};
		for (size_t k = 0; settles[i].rows[k] != NULL; k++)
			rows[k + 1] = settles[i].rows[k];
		load(rows);
		if (strcmp(served("n"), settles[i].served) != 0 ||
		    strcmp(fixture.said, settles[i].said) != 0)
			fail_msg("%s: served '%s', said '%s'", settles[i].rule, fixture.put,
				 fixture.said);
		// the same by a step
		struct ddns_zone zone = fixture_zone(1, Z, 1000 + (uint32_t)i);
		load((const char *[]){"@ 60 NS a.", "n 1 TXT \"before\"", NULL});
		assert_int_equal(
			fixture_step(&fixture, &zone, (const char *[]){"n", NULL}, settles[i].rows),
			DDNS_OK);
		assert_string_equal(served("n"), settles[i].served);
	}
}

static const char *
long_owner(void)
{
	static char owner[300];
	for (size_t i = 0; i < 121; i++)
		strcpy(owner + 2 * i, "a.");
	strcpy(owner + 2 * 121 - 1, ""); // 121 labels: 242 octets, and 14 of the origin
	return owner;
}

static void
test_owners(void **state)
{
	char row[512], longest[512];
	(void)state;
	snprintf(row, sizeof(row), "%s 60 A 192.0.2.1", long_owner());
	snprintf(longest, sizeof(longest), "%s 60 A 192.0.2.1", long_owner() + 2);
	load((const char *[]){"@ 60 NS a.", "* 60 NS b.", "*.x 60 DNAME b.",
			      "UpPer.x. 60 A 192.0.2.1", "a..b 60 A 192.0.2.1",
			      "caf\xc3\xa9 60 A 192.0.2.1", row, longest, "@ 60 CNAME b.",
			      "@ 60 SOA a. b. 1 2 3 4 5", NULL});
	assert_non_null(strstr(fixture.said, "* NS b.: a wildcard cannot delegate"));
	assert_non_null(strstr(fixture.said, "*.x DNAME b.: a wildcard cannot delegate"));
	assert_non_null(strstr(fixture.said, "a..b A 192.0.2.1: its owner is not a name"));
	assert_non_null(strstr(fixture.said, "\xa9 A 192.0.2.1: its owner is not a name"));
	assert_non_null(strstr(fixture.said, "@ CNAME b.: a CNAME cannot stand at the apex"));
	assert_non_null(strstr(fixture.said, "@ SOA a. b. 1 2 3 4 5: this type is not served"));
	assert_string_equal(served("upper.x"), "upper.x 60 A 192.0.2.1\n");
	assert_string_equal(fixture_query(&fixture, Z, long_owner()), "no-name");
	assert_string_equal(fixture_query(&fixture, Z, long_owner() + 2), "found");
}

static void
test_zone_faults(void **state)
{
	(void)state;
	struct ddns_zone zone = fixture_zone(1, Z, 1);
	load((const char *[]){"@ 60 TXT x", NULL});
	assert_string_equal(fixture.said, Z ": it has no NS record\n");
	assert_int_equal(lookup_zone(&fixture.instance, Z, true), LOOKUP_NOT_OURS);
	// a step can cure and spoil it
	fixture.said[0] = '\0';
	assert_int_equal(fixture_step(&fixture, &zone, (const char *[]){"@", NULL},
				      (const char *[]){"@ 60 NS a.", NULL}),
			 DDNS_OK);
	assert_string_equal(fixture.said, Z ": served again\n");
	assert_int_equal(lookup_zone(&fixture.instance, Z, true), LOOKUP_OURS);
	assert_int_equal(fixture_step(&fixture, &zone, (const char *[]){"@", NULL}, NULL), DDNS_OK);
	assert_int_equal(lookup_zone(&fixture.instance, Z, true), LOOKUP_NOT_OURS);
	zone.mname = "not a name";
	fixture.said[0] = '\0';
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", NULL});
	assert_string_equal(fixture.said, Z ": its MNAME is not a domain name\n");
	zone = fixture_zone(2, "bad..origin", 1);
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", NULL});
	assert_non_null(strstr(fixture.said, "bad..origin: its origin is not a domain name\n"));
}

static void
test_contract(void **state)
{
	(void)state;
	struct ddns_zone zone = fixture_zone(1, Z, 1);
	const char *const n[] = {"n", NULL};
	// no step without a copy, none of a name that was not named, and then a load first
	assert_int_equal(fixture_step(&fixture, &zone, n, NULL), DDNS_NOT_FOUND);
	load((const char *[]){"@ 60 NS a.", "m 60 A 192.0.2.1", NULL});
	assert_int_equal(
		fixture_step(&fixture, &zone, n, (const char *[]){"m 60 A 192.0.2.2", NULL}),
		DDNS_INTERNAL);
	assert_string_equal(served("m"), "m 60 A 192.0.2.1\n");
	assert_int_equal(fixture_step(&fixture, &zone, n, NULL), DDNS_NOT_FOUND);
	load((const char *[]){"@ 60 NS a.", "m 60 A 192.0.2.3", NULL});
	assert_int_equal(fixture_step(&fixture, &zone, n, NULL), DDNS_OK);
	assert_string_equal(served("m"), "m 60 A 192.0.2.3\n");
	// another origin of the same zone, and the same origin of another zone
	zone = fixture_zone(1, "other.test", 1);
	assert_int_equal(fixture_step(&fixture, &zone, n, NULL), DDNS_NOT_FOUND);
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", NULL});
	assert_int_equal(lookup_zone(&fixture.instance, Z, true), LOOKUP_NOT_OURS);
	assert_int_equal(lookup_zone(&fixture.instance, "other.test", true), LOOKUP_OURS);
	zone = fixture_zone(3, "other.test", 1);
	fixture_load(&fixture, &zone, (const char *[]){"@ 60 NS a.", "m 60 A 192.0.2.4", NULL});
	mirror_gone(fixture.mirror, 1);
	assert_string_equal(fixture_query(&fixture, "other.test", "m"), "found");
	mirror_gone(fixture.mirror, 3);
	mirror_gone(fixture.mirror, 3);
	assert_int_equal(lookup_zone(&fixture.instance, "other.test", true), LOOKUP_NOT_OURS);
}

/* ---- random changes against a model ---- */

enum { ROUNDS = 4000 };

/* Names up to four labels of few values, so that they often lie below each other. */
static void
make_name(unsigned number, char out[64])
{
	static const char *const labels[] = {"a", "b", "*", "c\\.d"};
	unsigned depth = number % 4 + 1;
	out[0] = '\0';
	for (number /= 4; depth > 0; depth--, number /= 4)
		strcat(strcat(out, labels[number % 4]), depth > 1 ? "." : "");
}

static bool
is_at_or_below(const char *name, const char *above)
{
	size_t length = strlen(name);
	size_t above_length = strlen(above);
	if (length == above_length)
		return strcmp(name, above) == 0;
	return length > above_length && strcmp(name + length - above_length, above) == 0 &&
	       name[length - above_length - 1] == '.' &&
	       (length < above_length + 2 || name[length - above_length - 2] != '\\');
}

static char model[1024][64]; // the names that have a record
static unsigned model_value[1024];

static bool
exists(const char *name)
{
	for (size_t i = 0; i < 1024; i++)
		if (model_value[i] > 0 && is_at_or_below(model[i], name))
			return true;
	return false;
}

static unsigned
value_of(const char *name)
{
	for (size_t i = 0; i < 1024; i++)
		if (model_value[i] > 0 && strcmp(model[i], name) == 0)
			return model_value[i];
	return 0;
}

static const char *
parent_of(const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '\\')
			name++;
		else if (*name == '.')
			return name + 1;
	}
	return NULL;
}

/* RFC 4592 by the book: the answer for a name, as fixture_query gives it. */
static const char *
expect(const char *name, char records[128])
{
	char source[80];
	strcpy(source, name);
	records[0] = '\0';
	if (!exists(name)) {
		const char *encloser = parent_of(name);
		while (encloser != NULL && !exists(encloser))
			encloser = parent_of(encloser);
		snprintf(source, sizeof(source), "*%s%s", encloser != NULL ? "." : "",
			 encloser != NULL ? encloser : "");
		if (!exists(source))
			return "no-name";
	}
	if (value_of(source) == 0)
		return "empty-end";
	sprintf(records, "%s 60 A 192.0.2.%u\n", source, value_of(source));
	return "found";
}

static void
check_against_model(void)
{
	for (unsigned number = 0; number < 1024; number++) {
		char name[64], records[128];
		make_name(number, name);
		const char *expected = expect(name, records);
		const char *got = fixture_query(&fixture, Z, name);
		if (strcmp(expected, got) != 0 || strcmp(records, fixture.put) != 0)
			fail_msg("%s: %s '%s', expected %s '%s'", name, got, fixture.put, expected,
				 records);
	}
}

static void
test_random_steps(void **state)
{
	(void)state;
	srandom(20261122);
	load((const char *[]){"@ 60 NS a.", NULL});
	for (unsigned round = 0; round < ROUNDS; round++) {
		char text[8][80];
		const char *names[9] = {NULL};
		const char *rows[9] = {NULL};
		size_t row_count = 0;
		size_t count = 1 + (size_t)random() % 8;
		for (size_t i = 0; i < count; i++) {
			unsigned number = (unsigned)random() % 1024;
			make_name(number, model[number]);
			names[i] = model[number];
			// one in three has a record, so that names come and go; all of one name
			// agree
			unsigned value = random() % 3 == 0 ? 1 + (unsigned)random() % 250 : 0;
			for (unsigned k = 0; k < 1024; k++)
				if (strcmp(model[k], model[number]) == 0)
					model_value[k] = 0;
			for (size_t k = 0; k < row_count; k++)
				if (strncmp(text[k], names[i], strlen(names[i])) == 0 &&
				    text[k][strlen(names[i])] == ' ')
					value = 0,
					model_value[number] =
						(unsigned)atoi(strrchr(text[k], '.') + 1);
			if (value == 0)
				continue;
			model_value[number] = value;
			sprintf(text[row_count], "%s 60 A 192.0.2.%u", names[i], value);
			rows[row_count] = text[row_count];
			row_count++;
		}
		struct ddns_zone zone = fixture_zone(1, Z, round + 10);
		assert_int_equal(fixture_step(&fixture, &zone, names, rows), DDNS_OK);
		if (round % 200 == 0)
			check_against_model();
	}
	check_against_model();
	// emptied again, only the apex is left
	for (unsigned number = 0; number < 1024; number++) {
		struct ddns_zone zone = fixture_zone(1, Z, number + 10000);
		make_name(number, model[number]);
		assert_int_equal(
			fixture_step(&fixture, &zone, (const char *[]){model[number], NULL}, NULL),
			DDNS_OK);
	}
	memset(model_value, 0, sizeof(model_value));
	check_against_model();
}

/* ---- the trie alone ---- */

struct word {
	struct trie_leaf leaf;
	char text[20];
};

static struct word *
make_word(unsigned number)
{
	struct word *word = calloc(1, sizeof(*word));
	assert_non_null(word);
	snprintf(word->text, sizeof(word->text), "w%u", number);
	word->leaf =
		(struct trie_leaf){0, (uint16_t)strlen(word->text), offsetof(struct word, text)};
	// all but a few bits of the first hash the same: these must part deeper down
	word->leaf.hash = number % 8 == 0 ? 42 : trie_hash(word->text, word->leaf.length);
	return word;
}

static bool
count_leaf(void *context, struct trie_leaf *leaf)
{
	(void)leaf;
	++*(unsigned *)context;
	return true;
}

static void
free_garbage(struct trie_edit *edit)
{
	for (size_t i = 0; i < edit->garbage_count; i++)
		free(edit->garbage[i]);
	free(edit->garbage);
}

static void
keep_leaf(struct trie_leaf *leaf)
{
	(void)leaf;
}

static void
test_trie(void **state)
{
	(void)state;
	enum { WORDS = 20000 };
	static struct word *words[WORDS];
	struct trie_edit edit;
	unsigned count = 0;
	trie_init();
	assert_true(trie_edit_begin(&edit, NULL));
	for (unsigned i = 0; i < WORDS; i++) {
		words[i] = make_word(i);
		assert_true(trie_edit_insert(&edit, &words[i]->leaf));
	}
	assert_int_equal(edit.garbage_count, 0);
	struct trie_branch *first = trie_edit_commit(&edit);

	// a second version without every other word: the first does not notice
	assert_true(trie_edit_begin(&edit, first));
	for (unsigned i = 0; i < WORDS; i += 2) {
		assert_true(trie_edit_remove(&edit, &words[i]->leaf));
		assert_true(trie_edit_discard(&edit, words[i]));
	}
	for (unsigned i = 0; i < WORDS; i++) {
		struct trie_leaf *leaf = &words[i]->leaf;
		assert_ptr_equal(trie_find(first, words[i]->text, leaf->length, leaf->hash), leaf);
		assert_ptr_equal(trie_find(edit.root, words[i]->text, leaf->length, leaf->hash),
				 i % 2 == 0 ? NULL : leaf);
	}
	struct trie_branch *second = trie_edit_commit(&edit);
	free_garbage(&edit);
	trie_walk(second, count_leaf, &count);
	assert_int_equal(count, WORDS / 2);

	// an edit that is given up leaves all as it was
	assert_true(trie_edit_begin(&edit, second));
	for (unsigned i = 1; i < 1000; i += 2)
		assert_true(trie_edit_remove(&edit, &words[i]->leaf));
	trie_edit_drop(&edit, keep_leaf);
	count = 0;
	trie_walk(second, count_leaf, &count);
	assert_int_equal(count, WORDS / 2);
	trie_free(second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_settle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_zone_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_contract, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_random_steps, set_up, tear_down),
		cmocka_unit_test(test_trie),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
