// SPDX-License-Identifier: GPL-3.0-or-later
// Forks, reads what the child writes, and ends it when its time is over.
#include "gateway/ctl/doctor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql/client/db.h"

enum { EXIT_NOT_FOUND = 127 };

/* Everything up to its end, or up to the deadline. */
static bool
read_all(int fd, int64_t deadline, char *text)
{
	size_t length = 0;
	for (;;) {
		char rest[4096];
		int64_t left = deadline - ddns_clock_ms();
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		if (left <= 0 || poll(&wait, 1, (int)left) == 0)
			return false;
		bool is_full = length == CHILD_TEXT_MAX;
		ssize_t got = read(fd, is_full ? rest : text + length,
				   is_full ? sizeof rest : CHILD_TEXT_MAX - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += is_full ? 0 : (size_t)got;
	}
	text[length] = '\0';
	return true;
}

static bool
gather(pid_t child, int fd, int timeout_ms, struct child_result *result)
{
	int status = 0;
	bool is_ended = read_all(fd, ddns_clock_ms() + timeout_ms, result->text);
	if (!is_ended)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	result->is_done = is_ended;
	result->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return true;
}

static bool
start(child_work *work, void *context, int timeout_ms, struct child_result *result)
{
	int ends[2];
	*result = (struct child_result){.text = calloc(1, CHILD_TEXT_MAX + 1)};
	if (result->text == NULL)
		return false;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		free(result->text);
		return false;
	}
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		_exit(work(context, ends[1]));
	close(ends[1]);
	bool is_started = child > 0 && gather(child, ends[0], timeout_ms, result);
	close(ends[0]);
	if (!is_started) {
		free(result->text);
		result->text = NULL;
	}
	return is_started;
}

struct program {
	char *const *argv;
};

static int
run_program(void *context, int fd)
{
	const struct program *program = context;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	dup2(null, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execvp(program->argv[0], program->argv);
	return EXIT_NOT_FOUND;
}

bool
child_run(char *const argv[], int timeout_ms, struct child_result *result)
{
	if (!start(run_program, &(struct program){argv}, timeout_ms, result))
		return false;
	if (!result->is_done || result->status != EXIT_NOT_FOUND)
		return true;
	free(result->text);
	result->text = NULL;
	errno = ENOENT;
	return false;
}

struct disguise {
	uid_t user;
	child_work *work;
	void *context;
};

static int
run_disguised(void *context, int fd)
{
	const struct disguise *disguise = context;
	if (disguise->user != geteuid()) {
		const struct passwd *account = getpwuid(disguise->user);
		if (account == NULL || initgroups(account->pw_name, account->pw_gid) != 0 ||
		    setgid(account->pw_gid) != 0 || setuid(account->pw_uid) != 0)
			return EXIT_NOT_FOUND;
	}
	return disguise->work(disguise->context, fd);
}

bool
child_run_as(uid_t user, child_work *work, void *context, int timeout_ms,
	     struct child_result *result)
{
	struct disguise disguise = {user, work, context};
	if (user != geteuid() && geteuid() != 0) {
		errno = EPERM;
		return false;
	}
	return start(run_disguised, &disguise, timeout_ms, result);
}
