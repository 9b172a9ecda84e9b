// SPDX-License-Identifier: GPL-3.0-or-later
// The update as a bookmark: a URL that holds the secret, and a page that says what was done.
#include "gateway/http/bookmark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/http/nic.h"
#include "gateway/redirect/language.h"
#include "gateway/web/template.h"
#include "gateway/web/web.h"

/* What a word of dyndns2 means to a person. */
static const struct meaning {
	const char *word;
	bool is_done;
	unsigned status;
	struct {
		const char *state, *text, *text_bare; // bare: without a host, or without addresses
	} in[LANGUAGE_COUNT];
} meanings[] = {
	{"good",
	 true,
	 MHD_HTTP_OK,
	 {{"Updated", "This name now leads to", "This name now leads nowhere."},
	  {"Geändert", "Dieser Name führt jetzt zu", "Dieser Name führt jetzt nirgendwohin."}}},
	{"nochg",
	 true,
	 MHD_HTTP_OK,
	 {{"Unchanged", "This name already leads to", "This name already leads nowhere."},
	  {"Unverändert", "Dieser Name führt schon zu",
	   "Dieser Name führt schon jetzt nirgendwohin."}}},
	{"nohost",
	 false,
	 MHD_HTTP_BAD_REQUEST,
	 {{"Not updated", "This bookmark cannot change that name.", NULL},
	  {"Nicht geändert", "Dieses Lesezeichen kann diesen Namen nicht ändern.", NULL}}},
	{"!yours",
	 false,
	 MHD_HTTP_BAD_REQUEST,
	 {{"Not updated", "This bookmark may not do that.", NULL},
	  {"Nicht geändert", "Dieses Lesezeichen darf das nicht.", NULL}}},
	{"notfqdn",
	 false,
	 MHD_HTTP_BAD_REQUEST,
	 {{"Not updated", "This is no host name.",
	   "This bookmark is not for one name alone. Add ?hostname= and the name to its address."},
	  {"Nicht geändert", "Das ist kein Hostname.",
	   "Dieses Lesezeichen gilt nicht für genau einen Namen. Hängen Sie ?hostname= und den "
	   "Namen an seine Adresse an."}}},
	{"dnserr",
	 false,
	 MHD_HTTP_BAD_REQUEST,
	 {{"Not updated", "That address is not accepted for this name.", NULL},
	  {"Nicht geändert", "Diese Adresse wird für diesen Namen nicht angenommen.", NULL}}},
	{"numhost",
	 false,
	 MHD_HTTP_BAD_REQUEST,
	 {{"Not updated", "These are too many names at once.", NULL},
	  {"Nicht geändert", "Das sind zu viele Namen auf einmal.", NULL}}},
	{"badauth",
	 false,
	 MHD_HTTP_FORBIDDEN,
	 {{"Not valid", "This bookmark is not valid, or no longer. Please ask for a new one.",
	   NULL},
	  {"Ungültig",
	   "Dieses Lesezeichen gilt nicht oder nicht mehr. Bitte lassen Sie sich ein neues geben.",
	   NULL}}},
	{"abuse",
	 false,
	 MHD_HTTP_TOO_MANY_REQUESTS,
	 {{"Too many tries", "Too many wrong tries came from your network. Please try again later.",
	   NULL},
	  {"Zu viele Versuche",
	   "Aus Ihrem Netz kamen zu viele falsche Versuche. Bitte versuchen Sie es später noch "
	   "einmal.",
	   NULL}}},
	{"911",
	 false,
	 MHD_HTTP_SERVICE_UNAVAILABLE,
	 {{"Not now", "The server cannot do this at the moment. Please try again in a minute.",
	   NULL},
	  {"Nicht jetzt",
	   "Der Server kann das im Augenblick nicht. Bitte versuchen Sie es in einer Minute noch "
	   "einmal.",
	   NULL}}},
};
enum { MEANING_COUNT = sizeof meanings / sizeof *meanings };

static const char mark_done[] = "<path class=\"arc\" d=\"M19 33l9 9 18-20\"/>";
static const char mark_not_done[] =
	"<path class=\"bar\" d=\"M32 17v20\"/><circle class=\"dot\" cx=\"32\" cy=\"47\" r=\"3\"/>";

static const struct meaning *
meaning_of(const char *word)
{
	for (size_t i = 0; i < MEANING_COUNT; i++)
		if (strcmp(meanings[i].word, word) == 0)
			return &meanings[i];
	return &meanings[MEANING_COUNT - 1];
}

static void
write_item(FILE *out, enum language language, const struct nic_line *line)
{
	const struct meaning *meaning = meaning_of(line->word);
	bool is_bare = meaning->is_done ? line->addresses[0] == '\0' : line->host[0] == '\0';
	const char *text = meaning->in[language].text, *bare = meaning->in[language].text_bare;
	fprintf(out, "<section%s><p class=\"state\">%s</p>\n",
		meaning->is_done ? " class=\"done\"" : "", meaning->in[language].state);
	if (line->host[0] != '\0') {
		fputs("<h1>", out);
		template_escape(out, line->host);
		fputs("</h1>\n", out);
	}
	fprintf(out, "<p>%s", is_bare && bare != NULL ? bare : text);
	if (meaning->is_done && !is_bare) {
		fputs(" <code>", out);
		for (const char *at = line->addresses; *at != '\0'; at++)
			if (*at == ',')
				fputs("</code>, <code>", out);
			else
				fputc(*at, out);
		fputs("</code>.", out);
	}
	fputs("</p></section>\n", out);
}

/* Writes what there is to say; *worst is the line that says most about the whole. */
static char *
write_items(enum language language, const struct nic_answer *answer, const struct meaning **worst)
{
	char *items = NULL;
	size_t size;
	FILE *out = open_memstream(&items, &size);
	if (out == NULL)
		return NULL;
	const struct nic_line whole = {.host = "", .word = answer->word, .addresses = ""};
	const struct nic_line *lines = answer->word == NULL ? answer->lines : &whole;
	size_t count = answer->word == NULL ? answer->count : 1;
	*worst = meaning_of(lines[0].word);
	for (size_t i = 0; i < count; i++) {
		const struct meaning *meaning = meaning_of(lines[i].word);
		write_item(out, language, &lines[i]);
		if (meaning->status > (*worst)->status)
			*worst = meaning;
	}
	bool is_short = ferror(out) != 0;
	if (fclose(out) == 0 && !is_short)
		return items;
	free(items);
	return NULL;
}

static enum MHD_Result
reply(struct http_request *request, const struct nic_answer *answer)
{
	size_t length;
	enum language language = language_choose(
		http_request_header(request, MHD_HTTP_HEADER_ACCEPT_LANGUAGE, &length));
	char policy[TEMPLATE_POLICY_SIZE], *page = NULL;
	enum MHD_Result result = MHD_NO;
	const struct meaning *worst;
	char *items = write_items(language, answer, &worst);
	if (items == NULL || template_policy(policy) != DDNS_OK)
		goto cleanup;
	const struct template_value values[] = {
		{"language", language_tag(language), false},
		{"title", worst->in[language].state, false},
		{"mark", worst->is_done ? mark_done : mark_not_done, true},
		{"items", items, true},
	};
	if (template_fill(web_bookmark_html, values, sizeof values / sizeof *values, &page) !=
	    DDNS_OK)
		goto cleanup;
	const struct http_reply reply = {
		.status = worst->status,
		.type = "text/html; charset=utf-8",
		.body = page,
		.headers = {{MHD_HTTP_HEADER_CONTENT_LANGUAGE, language_tag(language)},
			    {MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_LANGUAGE},
			    {MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY, policy}},
	};
	result = http_reply_send(request, &reply);

cleanup:
	free(page);
	free(items);
	return result;
}

enum MHD_Result
bookmark_update(struct http_request *request)
{
	struct login login;
	enum ddns_result shown = login_take_token(request->path + sizeof BOOKMARK_PATH - 1, &login);
	return nic_serve(request, shown, &login, reply);
}
