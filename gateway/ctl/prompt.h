// SPDX-License-Identifier: GPL-3.0-or-later
// Passwords, from a person at the terminal or a line on standard input.
#ifndef GATEWAY_CTL_PROMPT_H
#define GATEWAY_CTL_PROMPT_H

#include <stdbool.h>

#include "gateway/ctl/session.h"
#include "gateway/password.h"

/* Whether somebody sits at standard input. */
bool prompt_has_terminal(void);

/*
 * Asks twice, without echo, on the terminal.  Nothing typed: "".  The caller cleanses the password.
 * DDNS_BAD_INPUT: the two differ, or it is too long.
 */
enum ddns_result prompt_password(struct session *session, const char *login,
				 char password[PASSWORD_MAX + 1]);

/* The first line of standard input.  DDNS_BAD_INPUT: there is none, it is empty or too long. */
enum ddns_result prompt_read_password(struct session *session, char password[PASSWORD_MAX + 1]);

#endif
