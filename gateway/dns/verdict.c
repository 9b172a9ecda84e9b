// SPDX-License-Identifier: GPL-3.0-or-later
// The log line, the count and the answer of an UPDATE.
#include "gateway/dns/verdict.h"

#include "gateway/log.h"

static void
verdict_log(const struct exchange *exchange, const struct verdict *verdict)
{
	char peer[ADDRESS_TEXT_SIZE], quoted[256];
	const char *reason = verdict->reason;

	if (!log_is_wanted(LOG_INFO))
		return;
	address_text(&exchange->peer, peer);
	log_info("update dns %s %s key '%s' zone '%s' %zu changes serial %lld rcode %d%s%s", peer,
		 verdict->word, exchange->key->name, exchange->changes->zone,
		 exchange->changes->change_count, (long long)verdict->serial, verdict->rcode,
		 reason != NULL ? ": " : "",
		 reason != NULL ? log_quote(reason, quoted, sizeof(quoted)) : "");
}

void
verdict_give(struct metrics *metrics, struct exchange *exchange, const struct verdict *verdict)
{
	verdict_log(exchange, verdict);
	metrics_update(metrics, UPDATE_DOOR_DNS, verdict->verdict, exchange_seconds(exchange));
	exchange_answer(exchange, verdict->rcode);
}
