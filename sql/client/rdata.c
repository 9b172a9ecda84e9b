// SPDX-License-Identifier: GPL-3.0-or-later
// Strict reading of rdata in master-file form: one small function per kind of field.
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sql/client/rdata.h"
#include "sql/client/rdata_fields.h"
#include "sql/client/dname.h"

enum { RDATA_MAX = 65535 }; // octets on the wire

void
cursor_fail(struct cursor *in, const char *error)
{
	if (in->error == NULL)
		in->error = error;
}

void
cursor_skip(struct cursor *in)
{
	while (*in->at == ' ')
		in->at++;
}

bool
cursor_is_end(char c)
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
			cursor_fail(in, "a special character without a backslash");
		else
			in->at++;
		return;
	}
	in->at++;
	if (!isdigit((unsigned char)in->at[0])) {
		if ((unsigned char)in->at[0] < 0x20 || in->at[0] == 0x7f)
			cursor_fail(in, "a backslash before nothing");
		else
			in->at++;
		return;
	}
	unsigned value = 0;
	for (int i = 0; i < 3; i++, in->at++) {
		if (!isdigit((unsigned char)*in->at)) {
			cursor_fail(in, "a backslash before fewer than three digits");
			return;
		}
		value = value * 10 + (unsigned)(*in->at - '0');
	}
	if (value > 255)
		cursor_fail(in, "\\DDD above 255");
}

uint32_t
cursor_number(struct cursor *in, uint32_t max)
{
	uint64_t value = 0;
	size_t digits = strspn(in->at, "0123456789");
	if (digits == 0 || digits > 10 || !cursor_is_end(in->at[digits])) {
		cursor_fail(in, "not a number");
		return 0;
	}
	for (; digits > 0; digits--)
		value = value * 10 + (unsigned)(*in->at++ - '0');
	if (value > max)
		cursor_fail(in, "a number too large for its field");
	in->number = (uint32_t)value;
	return in->number;
}

static void
read_byte(struct cursor *in)
{
	cursor_number(in, UINT8_MAX);
}

static void
read_word(struct cursor *in)
{
	cursor_number(in, UINT16_MAX);
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
	cursor_fail(in, family == AF_INET ? "not an IPv4 address" : "not an IPv6 address");
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
	bool is_absolute = in->at[0] == '.' && cursor_is_end(in->at[1]);
	if (is_absolute)
		in->at++;
	while (in->error == NULL && !cursor_is_end(*in->at)) {
		is_absolute = *in->at == '.';
		if (is_absolute && label == 0) {
			cursor_fail(in, "an empty label");
		} else if (is_absolute) {
			wire += label + 1;
			label = 0;
			in->at++;
		} else if (*in->at == '@' || (unsigned char)*in->at > 0x7e) {
			cursor_fail(in, "a character that a name has only escaped");
		} else if (in->at[0] == '\\' && in->at[1] == '[') {
			cursor_fail(in, "a bit-string label"); // RFC 6891 section 5
		} else {
			label++;
			read_octet(in);
		}
		if (label > DDNS_LABEL_MAX || wire > DDNS_DNAME_WIRE_MAX)
			cursor_fail(in, "a name or a label too long");
	}
	if (!is_absolute)
		cursor_fail(in, "a name without its final dot");
}

/* Text in quotes or, where it has no blank, without; its octets. */
size_t
cursor_text(struct cursor *in)
{
	bool is_quoted = *in->at == '"';
	size_t length = 0;
	if (is_quoted)
		in->at++;
	else if (cursor_is_end(*in->at))
		cursor_fail(in, "a field is missing");
	while (in->error == NULL && (is_quoted ? *in->at != '"' : !cursor_is_end(*in->at))) {
		if (is_quoted && strchr("();", *in->at) != NULL && *in->at != '\0')
			in->at++;
		else
			read_octet(in); // an end before the closing quote is a special as well
		length++;
	}
	if (is_quoted && in->error == NULL)
		in->at++;
	if (in->error == NULL && !cursor_is_end(*in->at))
		cursor_fail(in, "no blank after a quoted string");
	in->wire += length + 1;
	return length;
}

static void
read_string(struct cursor *in)
{
	if (cursor_text(in) > 255)
		cursor_fail(in, "a string of more than 255 octets");
}

static void
read_strings(struct cursor *in)
{
	do {
		read_string(in);
		cursor_skip(in);
	} while (in->error == NULL && *in->at != '\0');
}

/* CAA's value: a text that may be empty and longer than a string. */
static void
read_value(struct cursor *in)
{
	cursor_text(in);
}

/* RFC 7553 section 4.4. */
static void
read_uri(struct cursor *in)
{
	if (*in->at != '"')
		cursor_fail(in, "a URI without quotes");
	else if (cursor_text(in) == 0)
		cursor_fail(in, "an empty text");
}

/* RFC 8659 section 4.1. */
static void
read_tag(struct cursor *in)
{
	size_t length = 0;
	for (; isalnum((unsigned char)*in->at); in->at++)
		length++;
	if (length == 0 || length > 255 || !cursor_is_end(*in->at))
		cursor_fail(in, "not a CAA tag");
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
			cursor_fail(in, "not hexadecimal");
	}
	if (digits % 2 != 0)
		cursor_fail(in, "half an octet");
	in->wire += digits / 2;
	return digits / 2;
}

static void
read_opaque(struct cursor *in)
{
	if (read_hex(in) == 0)
		cursor_fail(in, "no hexadecimal digits");
}

/* A digest, whose length its type, the number before it, fixes (RFC 4034 appendix A.2, RFC 6605).
 */
static void
read_digest(struct cursor *in)
{
	static const uint8_t lengths[] = {[1] = 20, [2] = 32, [3] = 32, [4] = 48};
	uint32_t type = in->number;
	size_t length = read_hex(in);
	if (length == 0 ||
	    (type < sizeof(lengths) && lengths[type] != 0 && length != lengths[type]))
		cursor_fail(in, "not as long as its digest type wants");
}

static unsigned
base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	return (unsigned)(strchr(digits, c) - digits);
}

/* RFC 4648 section 4, blanks between digits ignored; bits that are not used must be zero. */
static void
read_base64(struct cursor *in)
{
	size_t digits = 0;
	size_t padding = 0;
	unsigned last = 0;
	for (; *in->at != '\0'; in->at++) {
		if (*in->at == '=') {
			padding++;
		} else if (isalnum((unsigned char)*in->at) || *in->at == '+' || *in->at == '/') {
			last = base64_value(*in->at);
			digits += padding == 0;
			if (padding > 0)
				cursor_fail(in, "not base64");
		} else if (*in->at != ' ') {
			cursor_fail(in, "not base64");
		}
	}
	unsigned unused = padding == 1 ? 0x3 : padding == 2 ? 0xf : 0;
	if (digits == 0 || padding > 2 || (digits + padding) % 4 != 0 || (last & unused) != 0)
		cursor_fail(in, "not base64");
	in->wire += digits * 3 / 4;
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
		['d'] = read_digest,
		['x'] = read_opaque,
		['y'] = read_base64,
		['e'] = rdata_eui48,
		['f'] = rdata_eui64,
		['L'] = rdata_loc,
		['P'] = rdata_service_parameters,
		['r'] = rdata_rewrite,
	};
	readers[(unsigned char)kind](in);
}

const char *
ddns_rdata_check(const char *rdata, const char *shape)
{
	struct cursor in = {.at = rdata};
	for (; *shape != '\0' && in.error == NULL; shape++) {
		cursor_skip(&in);
		read_field(&in, *shape);
	}
	if (in.error == NULL && *in.at != '\0')
		cursor_fail(&in, "something after the last field");
	if (in.wire > RDATA_MAX - 1024) // what the other fields take is below that
		cursor_fail(&in, "more than a record can hold");
	return in.error;
}

const char *
ddns_rdata_check_generic(const char *rdata)
{
	struct cursor in = {.at = rdata + 2};
	if (strncmp(rdata, "\\# ", 3) != 0)
		return "not the form of RFC 3597";
	cursor_skip(&in);
	uint32_t length = cursor_number(&in, RDATA_MAX);
	if (read_hex(&in) != length)
		cursor_fail(&in, "the length is not that of the data");
	return in.error;
}
