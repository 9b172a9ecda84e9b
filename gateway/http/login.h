// SPDX-License-Identifier: GPL-3.0-or-later
// Where a request says who asks.
#ifndef GATEWAY_HTTP_LOGIN_H
#define GATEWAY_HTTP_LOGIN_H

#include <stdbool.h>

#include "gateway/http/basic.h"
#include "gateway/http/request.h"
#include "sql/client/result.h"

/* What a request shows.  login_clear when done. */
struct login {
	struct basic shown;
	bool is_of_form; // came as a parameter: a "+" in it may stand for a blank
};

/*
 * The Authorization header by the schemes Basic, Bearer and Token, the latter two with a password
 * alone.  Only without that header the parameters: username, user or login for the user, password,
 * pass, token or key for the password.
 *
 * DDNS_NOT_FOUND: nothing is shown.  DDNS_BAD_INPUT: it is of another scheme, malformed or too
 * long.
 */
enum ddns_result login_read(const struct http_request *request, struct login *login);

/* A password that was found elsewhere, as in the path.  DDNS_BAD_INPUT: too long. */
enum ddns_result login_take_token(const char *token, struct login *login);

/*
 * The next form in which what is shown may have been meant: "+" becomes blank where it came as a
 * parameter, since some clients write parameters as they are and others as forms do.  False: there
 * is none.
 */
bool login_next(struct login *login);

void login_clear(struct login *login);

#endif
