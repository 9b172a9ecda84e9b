// SPDX-License-Identifier: GPL-3.0-or-later
// Reads passwords without showing or leaving them anywhere.
#include "gateway/ctl/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* A line without its newline.  Read octet by octet: no buffer keeps a copy.  -1: too long or error.
 */
static ssize_t
read_line(int fd, char line[PASSWORD_MAX + 1])
{
	size_t length = 0;
	char c;
	ssize_t got;
	while ((got = read(fd, &c, 1)) == 1 && c != '\n') {
		if (length == PASSWORD_MAX || c == '\0') {
			errno = EMSGSIZE;
			return -1;
		}
		line[length++] = c;
	}
	if (got < 0)
		return -1;
	if (length > 0 && line[length - 1] == '\r')
		length--;
	line[length] = '\0';
	return (ssize_t)length;
}

static enum ddns_result
fail_to_read(struct session *session)
{
	if (errno == EMSGSIZE)
		return session_fail(session, DDNS_BAD_INPUT, NULL,
				    "the password has more than %d octets, or a NUL in it",
				    PASSWORD_MAX);
	return session_fail(session, DDNS_BAD_INPUT, NULL, "cannot read the password: %s",
			    strerror(errno));
}

bool
prompt_has_terminal(void)
{
	return isatty(STDIN_FILENO);
}

/* Interrupting the question must not leave the terminal without echo: such signals wait. */
static enum ddns_result
ask(struct session *session, int fd, const char *question, char password[PASSWORD_MAX + 1])
{
	struct termios shown, hidden;
	sigset_t held, before;
	enum ddns_result result = DDNS_OK;

	if (tcgetattr(fd, &shown) != 0)
		return fail_to_read(session);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_lflag |= ECHONL;
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &before);
	// before the question: what is typed at once is neither shown nor lost
	tcsetattr(fd, TCSAFLUSH, &hidden);
	dprintf(fd, "%s", question);
	if (read_line(fd, password) < 0)
		result = fail_to_read(session);
	tcsetattr(fd, TCSAFLUSH, &shown);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

enum ddns_result
prompt_password(struct session *session, const char *login, char password[PASSWORD_MAX + 1])
{
	char question[160], again[PASSWORD_MAX + 1] = "";
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
	enum ddns_result result;

	if (fd < 0)
		return session_fail(
			session, DDNS_BAD_INPUT, "--password-stdin reads it from standard input",
			"there is no terminal to ask for a password at: %s", strerror(errno));
	snprintf(question, sizeof question, "password of '%.100s' (empty: none): ", login);
	CHECK(ask(session, fd, question, password));
	if (password[0] == '\0')
		goto cleanup;
	CHECK(ask(session, fd, "once more: ", again));
	if (strcmp(password, again) != 0)
		result = session_fail(session, DDNS_BAD_INPUT, NULL, "the two passwords differ");
cleanup:
	OPENSSL_cleanse(again, sizeof again);
	close(fd);
	return result;
}

enum ddns_result
prompt_read_password(struct session *session, char password[PASSWORD_MAX + 1])
{
	if (read_line(STDIN_FILENO, password) < 0)
		return fail_to_read(session);
	if (password[0] == '\0')
		return session_fail(session, DDNS_BAD_INPUT, NULL,
				    "standard input has no password in its first line");
	return DDNS_OK;
}
