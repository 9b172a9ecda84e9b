// SPDX-License-Identifier: GPL-3.0-or-later
// Host names as people and clients type them.
#include "gateway/update/hostname.h"

#include <idn2.h>
#include <string.h>

static const char blanks[] = " \t\r\n+"; // "+": a blank that a browser wrote

static const char hostname_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*.";

enum ddns_result
hostname_canonical(const char *text, char out[DDNS_DNAME_TEXT_MAX + 1])
{
	size_t length = strlen(text);
	if (length == 0 || length > DDNS_DNAME_TEXT_MAX)
		return DDNS_BAD_INPUT;
	char *ascii = NULL;
	enum ddns_result result;
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x80)
			continue;
		int status = idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&ascii,
					    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (status == IDN2_MALLOC)
			return DDNS_NO_MEMORY;
		if (status != IDN2_OK)
			return DDNS_BAD_INPUT;
		text = ascii;
		length = strlen(text);
		break;
	}
	result = DDNS_BAD_INPUT;
	if (strspn(text, hostname_characters) != length)
		goto cleanup;
	char canonical[DDNS_DNAME_TEXT_MAX + 1];
	CHECK(ddns_dname_canonical(text, canonical));
	if (strchr(canonical, '.') == NULL)
		result = DDNS_BAD_INPUT;
	else
		strcpy(out, canonical);

cleanup:
	idn2_free(ascii);
	return result;
}

size_t
list_next(const char **list, char *out, size_t size)
{
	const char *begin = *list, *end = strchr(begin, ',');
	if (end == NULL) {
		end = begin + strlen(begin);
		*list = NULL;
	} else {
		*list = end + 1;
	}
	while (begin < end && strchr(blanks, *begin) != NULL)
		begin++;
	while (end > begin && strchr(blanks, end[-1]) != NULL)
		end--;
	size_t length = (size_t)(end - begin);
	if (length >= size)
		length = size - 1;
	memcpy(out, begin, length);
	out[length] = '\0';
	return length;
}
