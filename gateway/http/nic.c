// SPDX-License-Identifier: GPL-3.0-or-later
// The update door of HTTP: what dyndns2 clients call /nic/update.
#include "gateway/http/nic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/update/hostname.h"
#include "gateway/update/outcome.h"

/* A request on its way: what was asked, by whom, and where the answers go. */
struct nic {
	struct http_request *request;
	struct gateway *gateway;
	struct nic_request asked;
	struct update_request *updates;	    // the hosts that can be asked for, in order
	char sent[2 * ADDRESSES_TEXT_SIZE]; // addresses for the reply
	struct nic_answer answer;
};

/* The words of dyndns2, and how a door's verdicts map to them. */
static const char *
word_of(enum update_verdict verdict)
{
	switch (verdict) {
	case UPDATE_CHANGED:
		return "good";
	case UPDATE_UNCHANGED:
		return "nochg";
	case UPDATE_UNKNOWN:
		return "nohost";
	case UPDATE_DENIED:
		return "!yours";
	case UPDATE_REFUSED:
	case UPDATE_FAILED:
		return "dnserr";
	case UPDATE_AMBIGUOUS:
	case UPDATE_MALFORMED:
		return "notfqdn";
	case UPDATE_UNAUTHENTICATED:
		return "badauth";
	case UPDATE_LIMITED:
		return "abuse";
	case UPDATE_PENDING:
	case UPDATE_BUSY:
	case UPDATE_UNAVAILABLE:
	case UPDATE_VERDICT_COUNT:
		return "911";
	}
	return "911";
}

static void
report(struct nic *nic, struct outcome *outcome)
{
	outcome->door = UPDATE_DOOR_HTTP;
	outcome->peer = &nic->request->peer;
	outcome->word = word_of(outcome->verdict);
	outcome->seconds = update_request_seconds(nic->updates);
	outcome_report(&nic->gateway->metrics, outcome);
}

/* A verdict on the request as a whole. */
static void
answer_whole(struct nic *nic, enum update_verdict verdict, const char *reason)
{
	struct outcome outcome = {.verdict = verdict, .reason = reason};
	if (verdict != UPDATE_UNAUTHENTICATED && verdict != UPDATE_LIMITED)
		outcome.credential = &nic->updates->credential;
	report(nic, &outcome);
	nic->answer.word = outcome.word;
}

/* Tells the holders of the hosts that somebody tried; of whom only what is no secret. */
static void
note_denied(struct nic *nic, const char *user)
{
	struct gateway *gateway = nic->gateway;
	char host[DDNS_DNAME_TEXT_MAX + 1] = "", key[DDNS_DNAME_TEXT_MAX + 1];
	struct attempt attempt = {
		.door = UPDATE_DOOR_HTTP,
		.peer = &nic->request->peer,
		.reason = "wrong user name or password",
	};
	if (credentials_have_account(gateway->credentials, user))
		attempt.login = user;
	else if (ddns_dname_canonical(user, key) == DDNS_OK &&
		 credentials_have_key(gateway->credentials, key))
		attempt.key = key;
	for (size_t i = 0; i < nic->asked.host_count && i < NIC_HOSTS_MAX; i++) {
		attempt.name = nic->asked.hosts[i].name;
		attempts_note(gateway->attempts, &attempt);
	}
	// a host may be the user name
	if (nic->asked.host_count == 0 && hostname_canonical(user, host) == DDNS_OK) {
		attempt.name = host;
		attempts_note(gateway->attempts, &attempt);
	}
}

/* Who asks, by what is shown. */
static enum ddns_result
identify(struct nic *nic, struct login *login)
{
	struct gateway *gateway = nic->gateway;
	const struct authenticator authenticator = {
		.credentials = gateway->credentials,
		.hasher = gateway->hasher,
		.failures = gateway->failures,
	};
	const struct authenticate_request request = {
		.user = login->shown.user,
		.password = login->shown.password,
		.peer = &nic->request->peer,
	};
	enum ddns_result result;
	do
		result = authenticate(&authenticator, &request, &nic->updates->credential,
				      &nic->answer.wait_s);
	while (result == DDNS_DENIED && login_next(login));
	if (result == DDNS_DENIED)
		note_denied(nic, login->shown.user);
	return result;
}

/* The addresses for the reply: those that were sent, in the form that clients look for. */
static void
list_sent(const struct addresses *addresses, char *sent)
{
	char v4[ADDRESSES_TEXT_SIZE] = "", v6[ADDRESSES_TEXT_SIZE] = "";
	addresses_text(&addresses->v4, v4);
	addresses_text(&addresses->v6, v6);
	strcpy(sent, v4);
	if (v4[0] != '\0' && v6[0] != '\0')
		strcat(sent, ",");
	strcat(sent, v6);
	if (sent[0] == '\0' && addresses->v4.what == ADDRESSES_REMOVE)
		strcpy(sent, "0.0.0.0");
	else if (sent[0] == '\0' && addresses->v6.what == ADDRESSES_REMOVE)
		strcpy(sent, "::");
}

/* Decides which addresses the update is for. */
static void
choose_addresses(struct nic *nic)
{
	struct addresses *addresses = &nic->asked.addresses;
	if (nic->asked.is_offline)
		*addresses = (struct addresses){.is_said = true};
	else
		addresses_use_peer(addresses, &nic->request->peer);
	nic->updates->addresses = *addresses;
	nic->updates->is_offline = nic->asked.is_offline;
	nic->updates->options = nic->asked.options;
	nic->asked.options = NULL;
	nic->updates->peer = nic->request->peer;
	list_sent(addresses, nic->sent);
}

/* The hosts that are host names become updates, in their order. */
static void
choose_hosts(struct nic *nic)
{
	struct update_request *updates = nic->updates;
	updates->count = 0;
	for (size_t i = 0; i < nic->asked.host_count; i++)
		if (nic->asked.hosts[i].name[0] != '\0')
			strcpy(updates->updates[updates->count++].name, nic->asked.hosts[i].name);
	if (nic->asked.host_count ==
	    0) { // the host that was the user name, or the only one there is
		strcpy(updates->updates[0].name, updates->credential.host);
		updates->count = 1;
	}
}

static const char *
types_of(const struct nic *nic)
{
	const struct addresses *addresses = &nic->asked.addresses;
	bool has_v4 = addresses->v4.what != ADDRESSES_LEAVE;
	bool has_v6 = addresses->v6.what != ADDRESSES_LEAVE || addresses->prefix[0] != '\0';
	if (nic->asked.is_offline)
		return "offline";
	return has_v4 && has_v6 ? "A,AAAA" : has_v4 ? "A" : has_v6 ? "AAAA" : NULL;
}

/* Adds a host's line and reports it.  update is NULL for what is no host name. */
static void
answer_host(struct nic *nic, const struct update *update, const char *text)
{
	struct outcome outcome = {
		.credential = &nic->updates->credential,
		.name = text,
		.types = types_of(nic),
		.verdict = UPDATE_MALFORMED,
	};
	if (update != NULL) {
		outcome.verdict = update->verdict;
		outcome.zone = update->zone;
		outcome.reason = update->reason;
		attempts_note_update(nic->gateway->attempts, nic->updates, update);
		if (update->found[0] != '\0')
			outcome.name = update->found;
	}
	report(nic, &outcome);
	struct nic_line line = {.host = outcome.name, .word = outcome.word, .addresses = ""};
	if (outcome.verdict == UPDATE_CHANGED || outcome.verdict == UPDATE_UNCHANGED)
		line.addresses = nic->sent[0] != '\0' ? nic->sent : update->addresses;
	nic->answer.lines[nic->answer.count++] = line;
}

static void
answer_hosts(struct nic *nic)
{
	const struct update *next = nic->updates->updates;
	if (nic->asked.host_count == 0)
		answer_host(nic, next, next->name);
	for (size_t i = 0; i < nic->asked.host_count; i++) {
		const struct nic_host *host = &nic->asked.hosts[i];
		answer_host(nic, host->name[0] == '\0' ? NULL : next, host->text);
		if (host->name[0] != '\0')
			next++;
	}
}

/* All hosts with addresses that cannot be used, or with a database that cannot be asked. */
static void
fail_all(struct nic *nic, enum update_verdict verdict, const char *reason)
{
	for (size_t i = 0; i < nic->updates->count; i++) {
		nic->updates->updates[i].verdict = verdict;
		snprintf(nic->updates->updates[i].reason, UPDATE_REASON_SIZE, "%s", reason);
	}
}

static void
do_updates(struct nic *nic)
{
	choose_addresses(nic);
	choose_hosts(nic);
	if (addresses_are_unusable(&nic->asked.addresses))
		fail_all(nic, UPDATE_REFUSED, "no address that can be used");
	else if (nic->updates->count > 0 &&
		 writer_submit(nic->gateway->writer, nic->updates) == DDNS_OK)
		update_request_wait(nic->updates);
	else
		fail_all(nic, UPDATE_UNAVAILABLE, "the database is away");
	answer_hosts(nic);
}

/* shown is what came of reading the login. */
static void
serve(struct nic *nic, enum ddns_result shown, struct login *login)
{
	enum ddns_result result = shown == DDNS_OK ? identify(nic, login) : shown;
	switch (result) {
	case DDNS_OK:
		if (nic->asked.host_count <= NIC_HOSTS_MAX) {
			do_updates(nic);
			return;
		}
		answer_whole(nic, UPDATE_MALFORMED, "too many hosts");
		nic->answer.word = "numhost";
		return;
	case DDNS_DENIED:
	case DDNS_BAD_INPUT:
	case DDNS_NOT_FOUND:
		answer_whole(nic, UPDATE_UNAUTHENTICATED, NULL);
		return;
	case DDNS_RETRY:
		answer_whole(nic, UPDATE_LIMITED, NULL);
		return;
	default:
		answer_whole(nic, UPDATE_UNAVAILABLE, "credentials cannot be checked now");
	}
}

enum MHD_Result
nic_serve(struct http_request *request, enum ddns_result shown, struct login *login,
	  nic_reply *reply)
{
	enum MHD_Result result = MHD_NO;
	struct nic *nic = calloc(1, sizeof *nic);
	if (nic == NULL)
		goto cleanup;
	nic->request = request;
	nic->gateway = request->context;
	if (nic_request_read(&request->parameters, &nic->asked) == DDNS_OK)
		nic->updates = update_request_create(nic->asked.host_count < 1 ? 1
						     : nic->asked.host_count > NIC_HOSTS_MAX
							     ? NIC_HOSTS_MAX
							     : nic->asked.host_count);
	if (nic->updates == NULL)
		nic->answer.word = "911";
	else
		serve(nic, shown, login);
	result = reply(request, &nic->answer);

cleanup:
	if (nic != NULL) {
		update_request_release(nic->updates);
		nic_request_clear(&nic->asked);
	}
	free(nic);
	login_clear(login);
	return result;
}
