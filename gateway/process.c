// SPDX-License-Identifier: GPL-3.0-or-later
// The process itself: limits, privileges, going to the background.
#include "gateway/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gateway/log.h"

static int ready_pipe = -1; // the child's end; the parent waits for a byte

void
process_set_limits(void)
{
	struct rlimit none = {0}, files;
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		log_warning("cannot switch off core dumps: %s", strerror(errno));
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			log_warning("cannot raise the limit of open files: %s", strerror(errno));
	}
}

static enum ddns_result
become(const struct passwd *user)
{
	if (initgroups(user->pw_name, user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
		log_error("cannot become user '%s': %s", user->pw_name, strerror(errno));
		return DDNS_DENIED;
	}
	// there must be no way back
	if (user->pw_uid != 0 && setresuid(0, 0, 0) == 0) {
		log_error("cannot give up root for user '%s'", user->pw_name);
		return DDNS_DENIED;
	}
	return DDNS_OK;
}

enum ddns_result
process_drop_privileges(const char *user)
{
	if (geteuid() == 0 && strcmp(user, "root") != 0) {
		errno = 0;
		const struct passwd *entry = getpwnam(user);
		if (entry == NULL) {
			log_error("there is no user '%s' to become: create it, or set the option "
				  "user to one that exists",
				  user);
			return DDNS_NOT_FOUND;
		}
		enum ddns_result result = become(entry);
		if (result != DDNS_OK)
			return result;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_warning("cannot forbid new privileges: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) // nobody may attach and read secrets
		log_warning("cannot forbid tracing: %s", strerror(errno));
	return DDNS_OK;
}

/* The parent's only duty: to end with what the child tells. */
static void
wait_for_child(int fd, pid_t child)
{
	char byte;
	ssize_t got;
	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(EXIT_SUCCESS);
	int status;
	waitpid(child, &status, 0);
	_exit(EXIT_FAILURE);
}

enum ddns_result
process_fork(void)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		log_error("cannot go to the background: %s", strerror(errno));
		return DDNS_INTERNAL;
	}
	pid_t child = fork();
	if (child < 0) {
		log_error("cannot go to the background: %s", strerror(errno));
		close(ends[0]);
		close(ends[1]);
		return DDNS_INTERNAL;
	}
	close(ends[child > 0 ? 1 : 0]);
	if (child > 0)
		wait_for_child(ends[0], child);
	ready_pipe = ends[1];
	setsid();
	return DDNS_OK;
}

void
process_detach(void)
{
	if (ready_pipe < 0)
		return;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log_to_syslog();
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	ssize_t ignored = write(ready_pipe, "", 1);
	(void)ignored;
	close(ready_pipe);
	ready_pipe = -1;
}
