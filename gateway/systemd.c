// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd is told about the service: sd_notify(3) without its library.
#include "gateway/systemd.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void
systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un manager = {.sun_family = AF_UNIX};
	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    strlen(path) >= sizeof manager.sun_path)
		return;
	strcpy(manager.sun_path, path);
	if (path[0] == '@') // the abstract namespace
		manager.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	// a manager that does not listen is no reason to do otherwise
	ssize_t ignored =
		sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&manager,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	(void)ignored;
	close(fd);
}

void
systemd_notify_reloading(void)
{
	struct timespec now;
	char state[64];
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	systemd_notify(state);
}

int
systemd_watchdog_ms(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	long long half = strtoll(usec, NULL, 10) / 2000;
	return half <= 0 ? 0 : half > INT_MAX ? INT_MAX : (int)half;
}
