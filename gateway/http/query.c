// SPDX-License-Identifier: GPL-3.0-or-later
// Query strings and form bodies, parsed by hand from the bytes that came.
#include "gateway/http/query.h"

#include <string.h>

#include <openssl/crypto.h>

enum ddns_result
query_decode(char *text, size_t *lengthp)
{
	size_t length = *lengthp, out = 0;
	for (size_t in = 0; in < length; in++) {
		char c = text[in];
		if (c == '%' && length - in > 2) {
			int high = OPENSSL_hexchar2int((unsigned char)text[in + 1]);
			int low = OPENSSL_hexchar2int((unsigned char)text[in + 2]);
			if (high >= 0 && low >= 0) {
				c = (char)(high << 4 | low);
				in += 2;
			}
		}
		if (c == '\0')
			return DDNS_BAD_INPUT;
		text[out++] = c;
	}
	text[out] = '\0';
	*lengthp = out;
	return DDNS_OK;
}

/* Adds "name=value", "name" or nothing at all. */
static enum ddns_result
add_parameter(struct query *query, char *text, size_t length)
{
	if (length == 0)
		return DDNS_OK;
	if (query->count == QUERY_PARAMETERS_MAX)
		return DDNS_BAD_INPUT;
	enum ddns_result result;
	char *equals = memchr(text, '=', length);
	size_t name_length = equals == NULL ? length : (size_t)(equals - text);
	struct query_parameter parameter = {.name = text, .value = ""};
	if (equals != NULL) {
		size_t value_length = length - name_length - 1;
		CHECK(query_decode(equals + 1, &value_length));
		parameter.value = equals + 1;
	}
	CHECK(query_decode(text, &name_length));
	query->parameters[query->count++] = parameter;

cleanup:
	return result;
}

enum ddns_result
query_parse(struct query *query, char *text, size_t length)
{
	size_t begin = 0;
	for (size_t at = 0; at <= length; at++) {
		if (at < length && text[at] != '&' && text[at] != '?')
			continue;
		enum ddns_result result = add_parameter(query, text + begin, at - begin);
		if (result != DDNS_OK)
			return result;
		begin = at + 1;
	}
	return DDNS_OK;
}

const char *
query_value(const struct query *query, const char *name)
{
	for (size_t i = 0; i < query->count; i++)
		if (strcmp(query->parameters[i].name, name) == 0)
			return query->parameters[i].value;
	return NULL;
}
