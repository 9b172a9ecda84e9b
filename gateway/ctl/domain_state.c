// SPDX-License-Identifier: GPL-3.0-or-later
// ddnsctl domain online and offline.
#include "gateway/ctl/assign.h"
#include "gateway/ctl/domain.h"
#include "gateway/ctl/lookup.h"

struct state {
	char name[DDNS_DNAME_TEXT_MAX + 1];
	json_t *values; // online, and address where one is named
};

static enum ddns_result
set_state(struct session *session, void *context)
{
	const struct state *state = context;
	struct lookup_zone zone;
	enum ddns_result result;

	CHECK(lookup_zone(session, state->name, &zone));
	CHECK(entity_change(session, &domain_entity, DDNS_STATEMENT_CTL_DOMAIN_STATE, state->name,
			    state->values, NULL));
cleanup:
	return result;
}

static enum ddns_result
put_state(struct session *session, const struct arguments *arguments, bool is_online)
{
	static const struct assignment address_column = {"address", "address", assign_list};
	struct state state = {.values = json_pack("{s:b}", "online", is_online)};
	json_t *domain = NULL;
	enum ddns_result result;

	if (state.values == NULL)
		return session_no_memory(session);
	CHECK(lookup_name(session, arguments->operands[0], state.name));
	if (arguments->operand_count > 1)
		CHECK(assign_list(session, state.values, &address_column, arguments->operands[1]));
	CHECK(session_transact(session, set_state, &state));
	CHECK(entity_find(session, &domain_entity, state.name, &domain));
	CHECK(session_print_done(session, domain, "domain '%s' is %s", state.name,
				 is_online ? "online" : "offline"));
cleanup:
	json_decref(domain);
	json_decref(state.values);
	return result;
}

enum ddns_result
domain_online(struct session *session, const struct arguments *arguments)
{
	return put_state(session, arguments, true);
}

enum ddns_result
domain_offline(struct session *session, const struct arguments *arguments)
{
	return put_state(session, arguments, false);
}
