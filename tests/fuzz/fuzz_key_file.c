// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: BIND's key files; what stands behind an octet 1 is the K*.key beside K*.private.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/ctl/key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *mark = size > 0 ? memchr(data, 1, size) : NULL;
	size_t length = mark != NULL ? (size_t)(mark - data) : size;
	char *companion = mark != NULL ? strndup((const char *)mark + 1, size - length - 1) : NULL;
	struct key_file file;
	char error[512];

	if (key_file_parse((const char *)data, length, companion, &file, error, sizeof error) ==
		    DDNS_OK &&
	    file.count == 0)
		abort();
	key_file_free(&file);
	free(companion);
	return 0;
}
