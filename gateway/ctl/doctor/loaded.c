// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the maps of all processes that are called named, proc(5).
#include "gateway/ctl/doctor/loaded.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = PATH_MAX + 256 };

/* /proc/PID belongs to root for a process that changed its user: its status tells the truth. */
static bool
read_user(const char *pid, uid_t *userp)
{
	char path[64], line[LINE_SIZE];
	unsigned user = 0;
	bool is_found = false;
	snprintf(path, sizeof path, "/proc/%.20s/status", pid);
	FILE *file = fopen(path, "re");
	while (file != NULL && !is_found && fgets(line, sizeof line, file) != NULL)
		is_found = sscanf(line, "Uid: %*u %u", &user) == 1;
	if (file != NULL)
		fclose(file);
	*userp = user;
	return is_found;
}

static bool
is_named(const char *pid)
{
	char path[64], name[32] = "";
	snprintf(path, sizeof path, "/proc/%.20s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file != NULL) {
		if (fgets(name, sizeof name, file) == NULL)
			name[0] = '\0';
		fclose(file);
	}
	return strcmp(name, "named\n") == 0;
}

static enum loaded
mapped_by(const char *pid, const char *module)
{
	char path[64], line[LINE_SIZE];
	enum loaded loaded = LOADED_NOWHERE;
	size_t length = strlen(module);
	snprintf(path, sizeof path, "/proc/%.20s/maps", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL) // it has ended, or is not for our eyes
		return errno == EACCES || errno == EPERM ? LOADED_UNKNOWN : LOADED_NOWHERE;
	while (loaded == LOADED_NOWHERE && fgets(line, sizeof line, file) != NULL) {
		const char *name = strchr(line, '/');
		if (name == NULL || strncmp(name, module, length) != 0)
			continue;
		if (strcmp(name + length, "\n") == 0)
			loaded = LOADED_HERE;
		else if (strcmp(name + length, " (deleted)\n") == 0)
			loaded = LOADED_OLD;
	}
	fclose(file);
	return loaded;
}

enum loaded
loaded_by(const char *path, uid_t *userp)
{
	char module[PATH_MAX];
	struct dirent *entry;
	enum loaded best = LOADED_NOWHERE;
	DIR *proc = opendir("/proc");
	if (proc == NULL || realpath(path, module) == NULL) {
		if (proc != NULL)
			closedir(proc);
		return LOADED_NOWHERE;
	}
	while (best != LOADED_HERE && (entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) || !is_named(entry->d_name))
			continue;
		uid_t user;
		enum loaded loaded = mapped_by(entry->d_name, module);
		bool is_known = loaded == LOADED_HERE || loaded == LOADED_OLD;
		if (is_known && !read_user(entry->d_name, &user))
			continue; // it has just ended
		if (is_known)
			*userp = user;
		if (is_known || (loaded == LOADED_UNKNOWN && best == LOADED_NOWHERE))
			best = loaded;
	}
	closedir(proc);
	return best;
}
