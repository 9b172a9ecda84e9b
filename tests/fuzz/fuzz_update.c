// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: everything that a message goes through between the socket and the database, as if
// its signature were right.
#include <stdlib.h>
#include <string.h>

#include "gateway/dns/answer.h"
#include "gateway/dns/change.h"
#include "gateway/dns/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
update_read(const struct message *message)
{
	struct change_list *list;
	uint16_t rcode;
	char *json;

	if (change_list_read(message, &list, &rcode) != DDNS_OK || rcode != KNOT_RCODE_NOERROR)
		return;
	if (change_list_json(list, &json) == DDNS_OK)
		free(json);
	change_list_free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[2048];
	struct message message;
	struct answer answer = {.packet = NULL};
	uint16_t rcode;
	size_t length;
	uint8_t *wire = malloc(size + 1);

	if (wire == NULL || size > MESSAGE_SIZE_MAX)
		goto cleanup;
	memcpy(wire, data, size);
	if (message_read(&message, wire, size, &rcode) == MESSAGE_READ) {
		if (message_is_update(&message))
			update_read(&message);
		else
			(void)message_check_question(&message);
		if (answer_begin(&answer, &message, NULL, KNOT_RCODE_NOERROR, out, sizeof(out)) ==
		    DDNS_OK)
			(void)!answer_end(&answer, 0, &length);
		answer_free(&answer);
	}
	message_free(&message);
cleanup:
	free(wire);
	return 0;
}
