// SPDX-License-Identifier: GPL-3.0-or-later
// Which named has a shared object in memory.
#ifndef GATEWAY_CTL_DOCTOR_LOADED_H
#define GATEWAY_CTL_DOCTOR_LOADED_H

#include <sys/types.h>

enum loaded {
	LOADED_NOWHERE,
	LOADED_HERE,	// by a process of *userp
	LOADED_OLD,	// by a process of *userp, from a file that has been replaced since
	LOADED_UNKNOWN, // there is a named, and it is closed to us
};

/* Looks through /proc for a process called named that has mapped the file.  userp: whom it runs as.
 */
enum loaded loaded_by(const char *path, uid_t *userp);

#endif
