// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of rdata in master-file form: one small function per kind of field.
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dlz_ddns/rdata.h"
#include "sql/client/dname.h"

enum { RDATA_MAX = 65535 }; // octets on the wire

/* A place in the text.  The first error sticks; later reads do nothing. */
struct cursor {
	const char *at;
	const char *error;
	size_t wire; // octets that strings and opaque data take, to bound the whole
};

static void
fail(struct cursor *in, const char *error)
{
	if (in->error == NULL)
		in->error = error;
}

static void
skip_blanks(struct cursor *in)
{
	while (*in->at == ' ')
		in->at++;
}

static bool
is_end_of_field(char c)
{
	return c == '\0' || c == ' ';
}

/* Characters that mean something else to a master-file reader where they stand bare. */
static bool
is_special(char c)
{
	return c == '"' || c == '(' || c == ')' || c == ';' || (unsigned char)c < 0x20 || c == 0x7f;
}

/* One octet of a name or string, escaped or not; specials only behind a backslash. */
static void
read_octet(struct cursor *in)
{
	if (*in->at != '\\') {
		if (is_special(*in->at))
			fail(in, "a special character without a backslash");
		else
			in->at++;
		return;
	}
	in->at++;
	if (!isdigit((unsigned char)in->at[0])) {
		if ((unsigned char)in->at[0] < 0x20 || in->at[0] == 0x7f)
			fail(in, "a backslash before nothing");
		else
			in->at++;
		return;
	}
	unsigned value = 0;
	for (int i = 0; i < 3; i++, in->at++) {
		if (!isdigit((unsigned char)*in->at)) {
			fail(in, "a backslash before fewer than three digits");
			return;
		}
		value = value * 10 + (unsigned)(*in->at - '0');
	}
	if (value > 255)
		fail(in, "\\DDD above 255");
}

static uint32_t
read_number(struct cursor *in, uint32_t max)
{
	uint64_t value = 0;
	size_t digits = strspn(in->at, "0123456789");
	if (digits == 0 || digits > 10 || !is_end_of_field(in->at[digits])) {
		fail(in, "not a number");
		return 0;
	}
	for (; digits > 0; digits--)
		value = value * 10 + (unsigned)(*in->at++ - '0');
	if (value > max)
		fail(in, "a number too large for its field");
	return (uint32_t)value;
}

static void
read_byte(struct cursor *in)
{
	read_number(in, UINT8_MAX);
}

static void
read_word(struct cursor *in)
{
	read_number(in, UINT16_MAX);
}

static void
read_address(struct cursor *in, int family)
{
	char text[INET6_ADDRSTRLEN];
	unsigned char address[16];
	size_t length = strcspn(in->at, " ");
	if (length < sizeof(text)) {
		memcpy(text, in->at, length);
		text[length] = '\0';
		if (inet_pton(family, text, address) == 1) {
			in->at += length;
			return;
		}
	}
	fail(in, family == AF_INET ? "not an IPv4 address" : "not an IPv6 address");
}

static void
read_ipv4(struct cursor *in)
{
	read_address(in, AF_INET);
}

static void
read_ipv6(struct cursor *in)
{
	read_address(in, AF_INET6);
}

static void
read_name(struct cursor *in)
{
	size_t wire = 1;
	size_t label = 0;
	bool is_absolute = in->at[0] == '.' && is_end_of_field(in->at[1]);
	if (is_absolute)
		in->at++;
	while (in->error == NULL && !is_end_of_field(*in->at)) {
		is_absolute = *in->at == '.';
		if (is_absolute && label == 0) {
			fail(in, "an empty label");
		} else if (is_absolute) {
			wire += label + 1;
			label = 0;
			in->at++;
		} else if (*in->at == '@' || (unsigned char)*in->at > 0x7e) {
			fail(in, "a character that a name has only escaped");
		} else {
			label++;
			read_octet(in);
		}
		if (label > DDNS_LABEL_MAX || wire > DDNS_DNAME_WIRE_MAX)
			fail(in, "a name or a label too long");
	}
	if (!is_absolute)
		fail(in, "a name without its final dot");
}

/* Text in quotes or, where it has no blank, without; its octets. */
static size_t
read_text(struct cursor *in)
{
	bool is_quoted = *in->at == '"';
	size_t length = 0;
	if (is_quoted)
		in->at++;
	else if (is_end_of_field(*in->at))
		fail(in, "a field is missing");
	while (in->error == NULL && (is_quoted ? *in->at != '"' : !is_end_of_field(*in->at))) {
		if (is_quoted && strchr("();", *in->at) != NULL && *in->at != '\0')
			in->at++;
		else
			read_octet(in); // an end before the closing quote is a special as well
		length++;
	}
	if (is_quoted && in->error == NULL)
		in->at++;
	if (in->error == NULL && !is_end_of_field(*in->at))
		fail(in, "no blank after a quoted string");
	in->wire += length + 1;
	return length;
}

static void
read_string(struct cursor *in)
{
	if (read_text(in) > 255)
		fail(in, "a string of more than 255 octets");
}

static void
read_strings(struct cursor *in)
{
	do {
		read_string(in);
		skip_blanks(in);
	} while (in->error == NULL && *in->at != '\0');
}

/* CAA's value: a text that may be empty and longer than a string. */
static void
read_value(struct cursor *in)
{
	read_text(in);
}

/* RFC 7553 section 4.4. */
static void
read_uri(struct cursor *in)
{
	if (read_text(in) == 0)
		fail(in, "an empty text");
}

/* RFC 8659 section 4.1. */
static void
read_tag(struct cursor *in)
{
	size_t length = 0;
	for (; isalnum((unsigned char)*in->at); in->at++)
		length++;
	if (length == 0 || length > 255 || !is_end_of_field(*in->at))
		fail(in, "not a CAA tag");
}

static void
read_mnemonic(struct cursor *in)
{
	size_t length = strspn(in->at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (length == 0 || !is_end_of_field(in->at[length]))
		fail(in, "not a number or mnemonic");
	in->at += length;
}

/* Hexadecimal digits to the end, blanks between octets ignored; the octets. */
static size_t
read_hex(struct cursor *in)
{
	size_t digits = 0;
	for (; *in->at != '\0'; in->at++) {
		if (isxdigit((unsigned char)*in->at))
			digits++;
		else if (*in->at != ' ')
			fail(in, "not hexadecimal");
	}
	if (digits % 2 != 0)
		fail(in, "half an octet");
	in->wire += digits / 2;
	return digits / 2;
}

static void
read_opaque(struct cursor *in)
{
	if (read_hex(in) == 0)
		fail(in, "no hexadecimal digits");
}

static void
read_base64(struct cursor *in)
{
	size_t digits = 0;
	size_t padding = 0;
	for (; *in->at != '\0'; in->at++) {
		if (*in->at == '=')
			padding++;
		else if (isalnum((unsigned char)*in->at) || *in->at == '+' || *in->at == '/')
			digits += padding == 0; // none after the padding: the count is wrong then
		else if (*in->at != ' ')
			fail(in, "not base64");
	}
	if (digits == 0 || padding > 2 || (digits + padding) % 4 != 0)
		fail(in, "not base64");
	in->wire += digits * 3 / 4;
}

/* RFC 7043: octets of two digits with hyphens between. */
static void
read_eui(struct cursor *in, size_t octets)
{
	for (size_t i = 0; i < octets && in->error == NULL; i++) {
		if (!isxdigit((unsigned char)in->at[0]) || !isxdigit((unsigned char)in->at[1]) ||
		    (i + 1 < octets ? in->at[2] != '-' : !is_end_of_field(in->at[2])))
			fail(in, "not an EUI address");
		else
			in->at += i + 1 < octets ? 3 : 2;
	}
}

static void
read_eui48(struct cursor *in)
{
	read_eui(in, 6);
}

static void
read_eui64(struct cursor *in)
{
	read_eui(in, 8);
}

/* One of RFC 1876's angles: degrees, then perhaps minutes and seconds, then the hemisphere. */
static void
read_angle(struct cursor *in, uint32_t degrees, const char *hemispheres)
{
	read_number(in, degrees);
	for (int i = 0; i < 2; i++) {
		skip_blanks(in);
		if (!isdigit((unsigned char)*in->at))
			break;
		size_t length = strspn(in->at, "0123456789");
		unsigned value = (unsigned)(*in->at - '0');
		if (length == 2)
			value = value * 10 + (unsigned)(in->at[1] - '0');
		if (length > 2 || value > 59)
			fail(in, "minutes or seconds above 59");
		in->at += length;
		if (i == 1 && *in->at == '.') {
			size_t fraction = strspn(in->at + 1, "0123456789");
			if (fraction < 1 || fraction > 3)
				fail(in, "not a fraction of a second");
			in->at += 1 + fraction;
		}
		if (!is_end_of_field(*in->at))
			fail(in, "not an angle");
	}
	skip_blanks(in);
	if (*in->at == '\0' || strchr(hemispheres, *in->at) == NULL || !is_end_of_field(in->at[1]))
		fail(in, "no hemisphere");
	else
		in->at++;
}

/* Metres with at most two decimals and an optional m, up to `max` whole ones. */
static void
read_metres(struct cursor *in, bool may_be_negative, uint64_t max)
{
	if (may_be_negative && *in->at == '-')
		in->at++;
	size_t digits = strspn(in->at, "0123456789");
	uint64_t value = 0;
	if (digits == 0 || digits > 8)
		fail(in, "not a distance in metres");
	for (size_t i = 0; i < digits && i < 8; i++)
		value = value * 10 + (unsigned)(in->at[i] - '0');
	if (value > max)
		fail(in, "a distance too large");
	in->at += digits;
	if (*in->at == '.') {
		size_t decimals = strspn(in->at + 1, "0123456789");
		if (decimals < 1 || decimals > 2)
			fail(in, "not a distance in metres");
		in->at += 1 + decimals;
	}
	if (*in->at == 'm')
		in->at++;
	if (!is_end_of_field(*in->at))
		fail(in, "not a distance in metres");
}

static void
read_loc(struct cursor *in)
{
	read_angle(in, 90, "NS");
	skip_blanks(in);
	read_angle(in, 180, "EW");
	skip_blanks(in);
	read_metres(in, true, 42849672);
	for (int i = 0; i < 3 && in->error == NULL; i++) { // size and precisions
		skip_blanks(in);
		if (*in->at == '\0')
			return;
		read_metres(in, false, 90000000);
	}
}

/* RFC 9460 section 2.1: key or key=value, each key once. */
static void
read_service_parameters(struct cursor *in)
{
	enum { KEYS_MAX = 64 };
	struct {
		const char *text;
		size_t length;
	} keys[KEYS_MAX];

	for (size_t count = 0; in->error == NULL && *in->at != '\0'; count++) {
		size_t length = strspn(in->at, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (length == 0 || length > 63 || count == KEYS_MAX) {
			fail(in, "not a service parameter");
			return;
		}
		for (size_t i = 0; i < count; i++)
			if (keys[i].length == length && memcmp(keys[i].text, in->at, length) == 0)
				fail(in, "a service parameter twice");
		keys[count].text = in->at;
		keys[count].length = length;
		in->at += length;
		if (*in->at == '=') {
			in->at++;
			read_text(in);
		} else if (!is_end_of_field(*in->at)) {
			fail(in, "not a service parameter");
		}
		skip_blanks(in);
	}
}

static void
read_field(struct cursor *in, char kind)
{
	static void (*const readers[])(struct cursor *) = {
		['4'] = read_ipv4,
		['6'] = read_ipv6,
		['n'] = read_name,
		['b'] = read_byte,
		['w'] = read_word,
		['s'] = read_string,
		['S'] = read_strings,
		['u'] = read_uri,
		['v'] = read_value,
		['g'] = read_tag,
		['x'] = read_opaque,
		['y'] = read_base64,
		['m'] = read_mnemonic,
		['e'] = read_eui48,
		['f'] = read_eui64,
		['L'] = read_loc,
		['P'] = read_service_parameters,
	};
	readers[(unsigned char)kind](in);
}

const char *
rdata_check(const char *rdata, const char *shape)
{
	struct cursor in = {.at = rdata};
	for (; *shape != '\0' && in.error == NULL; shape++) {
		skip_blanks(&in);
		read_field(&in, *shape);
	}
	if (in.error == NULL && *in.at != '\0')
		fail(&in, "something after the last field");
	if (in.wire > RDATA_MAX - 1024) // what the other fields take is below that
		fail(&in, "more than a record can hold");
	return in.error;
}

const char *
rdata_check_generic(const char *rdata)
{
	struct cursor in = {.at = rdata + 2};
	if (strncmp(rdata, "\\# ", 3) != 0)
		return "not the form of RFC 3597";
	skip_blanks(&in);
	uint32_t length = read_number(&in, RDATA_MAX);
	if (read_hex(&in) != length)
		fail(&in, "the length is not that of the data");
	return in.error;
}
