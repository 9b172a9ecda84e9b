// SPDX-License-Identifier: GPL-3.0-or-later
// A PostgreSQL server that takes connections and says nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/mute_server.h"

static struct sockaddr_un
address_of(const struct mute_server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", server->directory);
	return address;
}

void
mute_server_create(struct mute_server *server)
{
	strcpy(server->directory, "/tmp/ddns-mute.XXXXXX");
	assert_non_null(mkdtemp(server->directory));
	server->fd = -1;
}

void
mute_server_listen(struct mute_server *server)
{
	struct sockaddr_un address = address_of(server);
	server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(server->fd >= 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->fd, 5), 0);
}

int
mute_server_connections(struct mute_server *server)
{
	int count = 0;
	for (int fd; (fd = accept(server->fd, NULL, NULL)) >= 0; count++)
		close(fd);
	return count;
}

void
mute_server_remove(struct mute_server *server)
{
	struct sockaddr_un address = address_of(server);
	if (server->fd >= 0)
		close(server->fd);
	unlink(address.sun_path);
	rmdir(server->directory);
}
