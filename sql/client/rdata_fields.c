// SPDX-License-Identifier: GPL-3.0-or-later
// Fields of rdata that have a syntax of their own: LOC, EUI, service parameters.
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sql/client/rdata_fields.h"

/* RFC 7043: octets of two digits with hyphens between. */
static void
read_eui(struct cursor *in, size_t octets)
{
	for (size_t i = 0; i < octets && in->error == NULL; i++) {
		if (!isxdigit((unsigned char)in->at[0]) || !isxdigit((unsigned char)in->at[1]) ||
		    (i + 1 < octets ? in->at[2] != '-' : !cursor_is_end(in->at[2])))
			cursor_fail(in, "not an EUI address");
		else
			in->at += i + 1 < octets ? 3 : 2;
	}
}

void
rdata_eui48(struct cursor *in)
{
	read_eui(in, 6);
}

void
rdata_eui64(struct cursor *in)
{
	read_eui(in, 8);
}

/* One of RFC 1876's angles: degrees, then perhaps minutes and seconds, then the hemisphere. */
static void
read_angle(struct cursor *in, uint32_t degrees, const char *hemispheres)
{
	const char *start = in->at;
	cursor_number(in, degrees);
	bool is_limit = in->error == NULL && strtoul(start, NULL, 10) == degrees;
	for (int i = 0; i < 2; i++) {
		cursor_skip(in);
		if (!isdigit((unsigned char)*in->at))
			break;
		size_t length = strspn(in->at, "0123456789");
		unsigned value = (unsigned)(*in->at - '0');
		if (length == 2)
			value = value * 10 + (unsigned)(in->at[1] - '0');
		if (length > 2 || value > 59)
			cursor_fail(in, "minutes or seconds above 59");
		else if (is_limit && value > 0)
			cursor_fail(in, "an angle too large");
		in->at += length;
		if (i == 1 && *in->at == '.') {
			size_t fraction = strspn(in->at + 1, "0123456789");
			if (fraction < 1 || fraction > 3)
				cursor_fail(in, "not a fraction of a second");
			else if (is_limit && strspn(in->at + 1, "0") != fraction)
				cursor_fail(in, "an angle too large");
			in->at += 1 + fraction;
		}
		if (!cursor_is_end(*in->at))
			cursor_fail(in, "not an angle");
	}
	cursor_skip(in);
	if (*in->at == '\0' || strchr(hemispheres, *in->at) == NULL || !cursor_is_end(in->at[1]))
		cursor_fail(in, "no hemisphere");
	else
		in->at++;
}

/* Metres with at most two decimals and an optional m, in centimetres: up to `max`, or `depth` below
 * 0. */
static void
read_metres(struct cursor *in, uint64_t depth, uint64_t max)
{
	if (depth > 0 && *in->at == '-') {
		in->at++;
		max = depth;
	}
	size_t digits = strspn(in->at, "0123456789");
	uint64_t value = 0;
	if (digits == 0 || digits > 8)
		cursor_fail(in, "not a distance in metres");
	for (size_t i = 0; i < digits && i < 8; i++)
		value = value * 10 + (unsigned)(in->at[i] - '0');
	value *= 100;
	in->at += digits;
	if (*in->at == '.') {
		size_t decimals = strspn(in->at + 1, "0123456789");
		if (decimals < 1 || decimals > 2)
			cursor_fail(in, "not a distance in metres");
		else
			value += (unsigned)(in->at[1] - '0') * 10 +
				 (decimals == 2 ? (unsigned)(in->at[2] - '0') : 0);
		in->at += 1 + decimals;
	}
	if (value > max)
		cursor_fail(in, "a distance too large");
	if (*in->at == 'm')
		in->at++;
	if (!cursor_is_end(*in->at))
		cursor_fail(in, "not a distance in metres");
}

void
rdata_loc(struct cursor *in)
{
	read_angle(in, 90, "NS");
	cursor_skip(in);
	read_angle(in, 180, "EW");
	cursor_skip(in);
	read_metres(in, 10000000, 4284967295);
	for (int i = 0; i < 3 && in->error == NULL; i++) { // size and precisions
		cursor_skip(in);
		if (*in->at == '\0')
			return;
		read_metres(in, 0, 9000000000);
	}
}

/* ---- service parameters, RFC 9460 ---- */

enum { KEYS_MAX = 32 };

struct word {
	const char *text;
	size_t length;
};

struct parameters {
	struct word keys[KEYS_MAX];
	size_t count;
	struct word mandatory;
};

static bool
is_word(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool
has_key(const struct parameters *parameters, const struct word *key)
{
	for (size_t i = 0; i < parameters->count; i++)
		if (parameters->keys[i].length == key->length &&
		    memcmp(parameters->keys[i].text, key->text, key->length) == 0)
			return true;
	return false;
}

/* The element of a comma list at *at, moved on behind it; false after the last. */
static bool
next_element(const struct word *list, size_t *at, struct word *element)
{
	if (*at > list->length)
		return false;
	const char *start = list->text + *at;
	const char *comma = memchr(start, ',', list->length - *at);
	element->text = start;
	element->length = comma != NULL ? (size_t)(comma - start) : list->length - *at;
	*at += element->length + 1;
	return true;
}

static bool
is_address_list(const struct word *value, int family)
{
	struct word element;
	for (size_t at = 0; next_element(value, &at, &element);) {
		char text[INET6_ADDRSTRLEN] = "";
		unsigned char address[16];
		if (element.length >= sizeof(text))
			return false;
		memcpy(text, element.text, element.length);
		if (inet_pton(family, text, address) != 1)
			return false;
	}
	return true;
}

static bool
is_protocol_list(const struct word *value)
{
	struct word element;
	for (size_t at = 0; next_element(value, &at, &element);)
		if (element.length == 0 || element.length > 255)
			return false;
	return true;
}

static bool
is_port(const struct word *value)
{
	unsigned long port = 0;
	for (size_t i = 0; i < value->length && value->length <= 5; i++) {
		if (!isdigit((unsigned char)value->text[i]))
			return false;
		port = port * 10 + (unsigned)(value->text[i] - '0');
	}
	return value->length > 0 && value->length <= 5 && port <= UINT16_MAX;
}

static bool
is_base64(const struct word *value)
{
	size_t digits = 0;
	while (digits < value->length && (isalnum((unsigned char)value->text[digits]) ||
					  memchr("+/", value->text[digits], 2) != NULL))
		digits++;
	size_t padding = value->length - digits;
	// the last digits that leave the bits before the padding zero
	const char *last = padding == 2 ? "AQgw" : "AEIMQUYcgkosw048";
	return digits > 0 && value->length % 4 == 0 && padding <= 2 &&
	       (padding == 0 ||
		(value->text[value->length - 1] == '=' && value->text[digits] == '=' &&
		 strchr(last, value->text[digits - 1]) != NULL));
}

/* RFC 9461 section 5, the form that is used. */
static bool
is_dohpath(const struct word *value)
{
	static const char tail[] = "{?dns}";
	size_t length = sizeof(tail) - 1;
	if (value->length <= length || value->text[0] != '/' ||
	    memcmp(value->text + value->length - length, tail, length) != 0)
		return false;
	for (size_t i = 0; i < value->length - length; i++)
		if (!isalnum((unsigned char)value->text[i]) &&
		    memchr("/-._~", value->text[i], 5) == NULL)
			return false;
	return true;
}

/* keyNNNNN for keys that have no name yet; what has one is written by it. */
static bool
is_unnamed_key(const struct word *key)
{
	unsigned long number = 0;
	if (key->length < 5 || key->length > 8 || memcmp(key->text, "key", 3) != 0 ||
	    key->text[3] == '0')
		return false;
	for (size_t i = 3; i < key->length; i++) {
		if (!isdigit((unsigned char)key->text[i]))
			return false;
		number = number * 10 + (unsigned)(key->text[i] - '0');
	}
	return number >= 16 && number < UINT16_MAX;
}

/* Whether a value suits its key; value->text is NULL where there is none. */
static bool
suits(const struct word *key, const struct word *value, bool has_escapes)
{
	if (is_unnamed_key(key))
		return true;
	if (is_word(key, "no-default-alpn"))
		return value->text == NULL;
	if (value->text == NULL || value->length == 0 || has_escapes)
		return false;
	if (is_word(key, "alpn"))
		return is_protocol_list(value);
	if (is_word(key, "port"))
		return is_port(value);
	if (is_word(key, "ipv4hint"))
		return is_address_list(value, AF_INET);
	if (is_word(key, "ipv6hint"))
		return is_address_list(value, AF_INET6);
	if (is_word(key, "ech"))
		return is_base64(value);
	if (is_word(key, "dohpath"))
		return is_dohpath(value);
	return is_word(key, "mandatory");
}

static void
read_parameter(struct cursor *in, struct parameters *parameters)
{
	struct word key = {in->at, strspn(in->at, "abcdefghijklmnopqrstuvwxyz0123456789-")};
	struct word value = {NULL, 0};
	if (parameters->count == KEYS_MAX || has_key(parameters, &key)) {
		cursor_fail(in, "a service parameter twice, or too many");
		return;
	}
	parameters->keys[parameters->count++] = key;
	in->at += key.length;
	if (*in->at == '=') {
		bool is_quoted = *++in->at == '"';
		value.text = in->at + is_quoted;
		if (!cursor_is_end(*in->at))
			cursor_text(in);
		if (in->error == NULL)
			value.length = (size_t)(in->at - is_quoted - value.text);
	}
	bool has_escapes = value.text != NULL && memchr(value.text, '\\', value.length) != NULL;
	if (in->error != NULL || !cursor_is_end(*in->at) || !suits(&key, &value, has_escapes))
		cursor_fail(in, "not a service parameter");
	if (is_word(&key, "mandatory"))
		parameters->mandatory = value;
}

/* RFC 9460 section 8: what is mandatory is there, and named once. */
static bool
is_mandatory_list(const struct parameters *parameters)
{
	struct parameters named = {.count = 0};
	struct word key;
	for (size_t at = 0; next_element(&parameters->mandatory, &at, &key);) {
		if (is_word(&key, "mandatory") || !has_key(parameters, &key) ||
		    has_key(&named, &key))
			return false;
		named.keys[named.count++] = key;
	}
	return true;
}

void
rdata_service_parameters(struct cursor *in)
{
	struct parameters parameters = {.count = 0};
	uint32_t priority = in->number;
	while (in->error == NULL && *in->at != '\0') {
		read_parameter(in, &parameters);
		cursor_skip(in);
	}
	if (in->error != NULL)
		return;
	if (priority == 0 && parameters.count > 0)
		cursor_fail(in, "parameters of an alias");
	if (parameters.mandatory.text != NULL && !is_mandatory_list(&parameters))
		cursor_fail(in, "a mandatory parameter that is not there");
	if (has_key(&parameters, &(struct word){"no-default-alpn", 15}) &&
	    !has_key(&parameters, &(struct word){"alpn", 4}))
		cursor_fail(in, "no-default-alpn without alpn");
}
