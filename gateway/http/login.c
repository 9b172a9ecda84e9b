// SPDX-License-Identifier: GPL-3.0-or-later
// Where a request says who asks.
#include "gateway/http/login.h"

#include <string.h>
#include <strings.h>

/* Schemes whose value is a secret as it stands. */
static const char *const token_schemes[] = {"bearer", "token"};

/* Parameters, the one that counts first. */
static const char *const user_names[] = {"username", "user", "login"};
static const char *const password_names[] = {"password", "pass", "token", "key"};
enum {
	USER_NAMES = sizeof user_names / sizeof *user_names,
	PASSWORD_NAMES = sizeof password_names / sizeof *password_names,
};

static enum ddns_result
copy(char out[BASIC_MAX + 1], const char *text, size_t length)
{
	if (length > BASIC_MAX)
		return DDNS_BAD_INPUT;
	memcpy(out, text, length);
	out[length] = '\0';
	return DDNS_OK;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static enum ddns_result
read_token(const char *value, size_t length, struct login *login)
{
	for (size_t i = 0; i < sizeof token_schemes / sizeof *token_schemes; i++) {
		size_t at = strlen(token_schemes[i]);
		if (length <= at || strncasecmp(value, token_schemes[i], at) != 0 ||
		    !is_blank(value[at]))
			continue;
		while (at < length && is_blank(value[at]))
			at++;
		while (length > at && is_blank(value[length - 1]))
			length--;
		return copy(login->shown.password, value + at, length - at);
	}
	return DDNS_BAD_INPUT;
}

/* The first of these parameters that has a value, or "". */
static const char *
first_value(const struct query *parameters, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *value = query_value(parameters, names[i]);
		if (value != NULL && value[0] != '\0')
			return value;
	}
	return "";
}

static enum ddns_result
read_parameters(const struct query *parameters, struct login *login)
{
	const char *user = first_value(parameters, user_names, USER_NAMES);
	const char *password = first_value(parameters, password_names, PASSWORD_NAMES);
	enum ddns_result result;
	if (password[0] == '\0')
		return DDNS_NOT_FOUND;
	login->is_of_form = true;
	CHECK(copy(login->shown.user, user, strlen(user)));
	CHECK(copy(login->shown.password, password, strlen(password)));

cleanup:
	return result;
}

enum ddns_result
login_read(const struct http_request *request, struct login *login)
{
	size_t length;
	const char *header = http_request_header(request, MHD_HTTP_HEADER_AUTHORIZATION, &length);
	*login = (struct login){0};
	if (header == NULL)
		return read_parameters(&request->parameters, login);
	enum ddns_result result = basic_parse(header, length, &login->shown);
	return result == DDNS_NOT_FOUND ? read_token(header, length, login) : result;
}

enum ddns_result
login_take_token(const char *token, struct login *login)
{
	*login = (struct login){0};
	return copy(login->shown.password, token, strlen(token));
}

static bool
blank_pluses(char *text)
{
	bool has_plus = false;
	for (; (text = strchr(text, '+')) != NULL; has_plus = true)
		*text = ' ';
	return has_plus;
}

bool
login_next(struct login *login)
{
	if (!login->is_of_form)
		return false;
	bool has_plus = blank_pluses(login->shown.user);
	return blank_pluses(login->shown.password) || has_plus;
}

void
login_clear(struct login *login)
{
	basic_clear(&login->shown);
}
