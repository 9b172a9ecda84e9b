// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the stored form of names that people type: IDNA by libidn2, the rest by dname.h.
#include "gateway/ctl/name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

enum { TYPED_MAX = 4 * DDNS_DNAME_TEXT_MAX };

static bool
is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] >= 0x80)
			return false;
	return true;
}

/* Appends a label, by IDNA where it is not ASCII.  NULL, or what is wrong with it. */
static const char *
append_label(char *out, size_t size, const char *label, size_t length)
{
	size_t at = strlen(out);
	uint8_t *converted = NULL;
	char copy[TYPED_MAX + 1];
	if (is_ascii(label, length)) {
		snprintf(out + at, size - at, "%.*s", (int)length, label);
		return NULL;
	}
	snprintf(copy, sizeof copy, "%.*s", (int)length, label);
	int error = idn2_lookup_u8((const uint8_t *)copy, &converted,
				   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (error != IDN2_OK)
		return idn2_strerror(error);
	snprintf(out + at, size - at, "%s", (const char *)converted);
	idn2_free(converted);
	return NULL;
}

enum ddns_result
name_parse(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1], char *error, size_t size)
{
	char ascii[2 * TYPED_MAX] = "";
	const char *wrong = NULL;

	if (strlen(text) > TYPED_MAX) {
		snprintf(error, size,
			 "a name of %zu characters is too long: a domain name has at "
			 "most 255 octets",
			 strlen(text));
		return DDNS_BAD_INPUT;
	}
	for (const char *label = text; wrong == NULL; label++) {
		const char *start = label;
		while (*label != '\0' && *label != '.')
			label += label[0] == '\\' && label[1] != '\0' ? 2 : 1;
		wrong = append_label(ascii, sizeof ascii, start, (size_t)(label - start));
		if (*label == '\0')
			break;
		strncat(ascii, ".", sizeof ascii - strlen(ascii) - 1);
	}
	if (wrong == NULL && ddns_dname_canonical(ascii, out) != DDNS_OK)
		wrong = "labels have 1 to 63 octets, a name at most 255, with a dot between two "
			"labels";
	if (wrong == NULL)
		return DDNS_OK;
	snprintf(error, size, "'%s' is no domain name: %s", text, wrong);
	return DDNS_BAD_INPUT;
}

enum ddns_result
name_parse_mailbox(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1], char *error, size_t size)
{
	char name[TYPED_MAX + 1];
	const char *at = strrchr(text, '@');
	size_t length = 0;
	if (at == NULL)
		return name_parse(text, out, error, size);
	if (at == text || at[1] == '\0' || strlen(text) > TYPED_MAX / 2) {
		snprintf(error, size, "'%s' is no mail address: write it as hostmaster@example.org",
			 text);
		return DDNS_BAD_INPUT;
	}
	for (const char *c = text; c < at; c++) {
		if (*c == '.')
			name[length++] = '\\';
		name[length++] = *c;
	}
	snprintf(name + length, sizeof name - length, ".%s", at + 1);
	return name_parse(name, out, error, size);
}
