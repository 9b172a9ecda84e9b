// SPDX-License-Identifier: GPL-3.0-or-later
// A PostgreSQL server that takes connections and says nothing.
#ifndef DDNS_TESTS_UNIT_MUTE_SERVER_H
#define DDNS_TESTS_UNIT_MUTE_SERVER_H

struct mute_server {
	char directory[64]; // what a conninfo names as host; port 5432
	int fd;		    // -1: not there yet
};

/* Makes the directory only: nobody is there. */
void mute_server_create(struct mute_server *server);
void mute_server_listen(struct mute_server *server);
/* How many have connected since the last call. */
int mute_server_connections(struct mute_server *server);
void mute_server_remove(struct mute_server *server);

#endif
