// SPDX-License-Identifier: GPL-3.0-or-later
// The one log line and the count that every update gets, at whichever door it came.
#include "gateway/update/outcome.h"

#include <stdio.h>

#include "gateway/log.h"

enum {
	NAME_SIZE = 260, // of a name in the log
	LINE_SIZE = 1500,
};

/* Appends " word 'text'" where there is a text; returns the new length. */
static size_t
append(char *line, size_t length, const char *word, const char *text)
{
	char quoted[NAME_SIZE];
	if (text == NULL || text[0] == '\0' || length >= LINE_SIZE)
		return length;
	return length + (size_t)snprintf(line + length, LINE_SIZE - length, " %s '%s'", word,
					 log_quote(text, quoted, sizeof quoted));
}

void
outcome_report(struct metrics *metrics, const struct outcome *outcome)
{
	metrics_update(metrics, outcome->door, outcome->verdict, outcome->seconds);
	// those are told of once, not one by one
	if (!log_is_wanted(outcome->verdict == UPDATE_LIMITED ? LOG_DEBUG : LOG_INFO))
		return;
	char peer[ADDRESS_TEXT_SIZE], line[LINE_SIZE] = "", reason[UPDATE_REASON_SIZE];
	size_t length = 0;
	if (outcome->credential != NULL) {
		length = append(line, length, "account", outcome->credential->login);
		length = append(line, length, "key", outcome->credential->key);
	}
	length = append(line, length, "zone", outcome->zone);
	append(line, length, "name", outcome->name);
	address_text(outcome->peer, peer);
	bool has_reason = outcome->reason != NULL && outcome->reason[0] != '\0';
	log_info("%s %s%s%s%s: %s%s%s", update_door_name(outcome->door), peer, line,
		 outcome->types == NULL ? "" : " ", outcome->types == NULL ? "" : outcome->types,
		 outcome->word, has_reason ? ": " : "",
		 has_reason ? log_quote(outcome->reason, reason, sizeof reason) : "");
}
