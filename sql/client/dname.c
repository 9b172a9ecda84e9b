// SPDX-License-Identifier: GPL-3.0-or-later
// Domain names between presentation form, wire form and the form that is stored.
#include <string.h>

#include "sql/client/dname.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static uint8_t
lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet + ('a' - 'A') : octet;
}

/* RFC 1035 section 5.1: \X is X, \DDD is the octet of that number.  Moves *textp on. */
static bool
read_escape(const char **textp, uint8_t *octetp)
{
	const char *text = *textp + 1; // past the backslash
	if (!is_digit(text[0])) {
		if (text[0] < 0x21 || text[0] > 0x7e)
			return false;
		*octetp = (uint8_t)text[0];
		*textp = text + 1;
		return true;
	}
	if (!is_digit(text[1]) || !is_digit(text[2]))
		return false;
	int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
	if (value > 255)
		return false;
	*octetp = (uint8_t)value;
	*textp = text + 3;
	return true;
}

/* One octet of a label, escaped or not. */
static bool
read_octet(const char **textp, uint8_t *octetp)
{
	const char *text = *textp;
	if (*text == '\\')
		return read_escape(textp, octetp);
	if (*text < 0x21 || *text > 0x7e) // where char is signed, those above 0x7f too
		return false;
	*octetp = (uint8_t)*text;
	*textp = text + 1;
	return true;
}

enum ddns_result
ddns_dname_to_wire(const char *text, uint8_t wire[DDNS_DNAME_WIRE_MAX], size_t *lengthp)
{
	uint8_t out[DDNS_DNAME_WIRE_MAX];
	size_t start = 0;  // of the label's length octet
	size_t length = 1; // octets so far, that one included

	if (strcmp(text, "@") == 0)
		return DDNS_BAD_INPUT; // says where, but not below what
	if (strcmp(text, ".") == 0)
		text++;
	while (*text != '\0') {
		if (*text == '.') {
			if (length - start == 1)
				return DDNS_BAD_INPUT;
			out[start] = (uint8_t)(length - start - 1);
			start = length++;
			text++;
		} else {
			uint8_t octet;
			// the root label still needs one octet after this one
			if (!read_octet(&text, &octet) || length - start > DDNS_LABEL_MAX ||
			    length + 1 >= DDNS_DNAME_WIRE_MAX) {
				return DDNS_BAD_INPUT;
			}
			out[length++] = lower(octet);
		}
	}
	if (length - start > 1) {
		out[start] = (uint8_t)(length - start - 1);
		start = length++;
	}
	out[start] = 0;
	memcpy(wire, out, length);
	*lengthp = length;
	return DDNS_OK;
}

/* Writes an octet as named does; returns the end. */
static char *
write_octet(char *out, uint8_t octet)
{
	if (octet < 0x21 || octet > 0x7e) {
		*out++ = '\\';
		*out++ = (char)('0' + octet / 100);
		*out++ = (char)('0' + octet / 10 % 10);
		*out++ = (char)('0' + octet % 10);
		return out;
	}
	if (memchr(".\"();\\@$", octet, 8) != NULL)
		*out++ = '\\';
	*out++ = (char)lower(octet);
	return out;
}

enum ddns_result
ddns_dname_from_wire(const uint8_t *wire, size_t length, char out[DDNS_DNAME_TEXT_MAX + 1])
{
	char text[DDNS_DNAME_TEXT_MAX + 1];
	char *end = text;
	size_t at = 0;

	if (length == 0 || length > DDNS_DNAME_WIRE_MAX)
		return DDNS_BAD_INPUT;
	while (wire[at] != 0) {
		size_t label = wire[at++];
		// a label, its octets and at least the root label after it; no compression
		if (label > DDNS_LABEL_MAX || label >= length - at)
			return DDNS_BAD_INPUT;
		if (end != text)
			*end++ = '.';
		for (; label > 0; label--)
			end = write_octet(end, wire[at++]);
	}
	if (at + 1 != length)
		return DDNS_BAD_INPUT;
	*end++ = '\0';
	memcpy(out, text, (size_t)(end - text));
	return DDNS_OK;
}

enum ddns_result
ddns_dname_canonical(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1])
{
	uint8_t wire[DDNS_DNAME_WIRE_MAX];
	size_t length;

	if (*text == '\0')
		return DDNS_BAD_INPUT;
	if (strcmp(text, "@") == 0) {
		memcpy(out, "@", 2);
		return DDNS_OK;
	}
	enum ddns_result result = ddns_dname_to_wire(text, wire, &length);
	return result == DDNS_OK ? ddns_dname_from_wire(wire, length, out) : result;
}

/* The dot after the first label, NULL where there is none. */
static const char *
find_dot(const char *name)
{
	for (; *name != '\0'; name++) {
		if (*name == '.')
			return name;
		// \DDD as well: what follows the first digit is no dot
		if (*name == '\\' && name[1] != '\0')
			name++;
	}
	return NULL;
}

size_t
ddns_dname_labels(const char *name)
{
	if (*name == '\0' || strcmp(name, "@") == 0)
		return 0;
	size_t count = 1;
	while ((name = ddns_dname_parent(name)) != NULL)
		count++;
	return count;
}

const char *
ddns_dname_parent(const char *name)
{
	const char *dot = find_dot(name);
	return dot != NULL ? dot + 1 : NULL;
}

/* Where `ancestor` begins in `name`, NULL where it does not.  The root is at every name's end. */
static const char *
find_ancestor(const char *name, const char *ancestor)
{
	if (*ancestor == '\0')
		return name + strlen(name);
	while (name != NULL && strcmp(name, ancestor) != 0)
		name = ddns_dname_parent(name);
	return name;
}

bool
ddns_dname_is_at_or_below(const char *name, const char *ancestor)
{
	return find_ancestor(name, ancestor) != NULL;
}

enum ddns_result
ddns_dname_relative(const char *name, const char *origin, char out[DDNS_DNAME_TEXT_MAX + 1])
{
	const char *at = find_ancestor(name, origin);
	if (at == NULL)
		return DDNS_NOT_FOUND;

	size_t length = (size_t)(at - name);
	if (length == 0) {
		memcpy(out, "@", 2);
		return DDNS_OK;
	}
	if (*origin != '\0')
		length--; // the dot between
	if (length > DDNS_DNAME_TEXT_MAX)
		return DDNS_BAD_INPUT;
	memmove(out, name, length);
	out[length] = '\0';
	return DDNS_OK;
}
