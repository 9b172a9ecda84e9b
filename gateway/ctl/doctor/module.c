// SPDX-License-Identifier: GPL-3.0-or-later
// named's configuration names the module; its file loads with all that it links; named has it.
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/ctl/doctor/doctor.h"
#include "gateway/ctl/doctor/loaded.h"

#define THREE_LINES                                                \
	"say in it: dlz \"ddns\" { database \"dlopen " MODULE_PATH \
	" host=/run/postgresql dbname=ddns user=bind\"; };"

static void
read_configuration(struct doctor *doctor)
{
	char error[512] = "";
	const char *path = doctor->named_conf_path;
	switch (named_conf_read(path, &doctor->named, error, sizeof error)) {
	case DDNS_OK:
		break;
	case DDNS_NOT_FOUND:
		doctor_find(doctor, DOCTOR_UNKNOWN, "named.conf",
			    "--named-conf FILE names it; on a machine without named, --named ADDR "
			    "asks one elsewhere",
			    "there is no %s", path);
		break;
	case DDNS_DENIED:
		doctor_find(doctor, DOCTOR_UNKNOWN, "named.conf", "run ddnsctl doctor as root",
			    "%s may not be read by you", path);
		break;
	case DDNS_BAD_INPUT:
		doctor_find(doctor, DOCTOR_ERROR, "named.conf",
			    "mend that place; named-checkconf tells when it is right", "%s", error);
		break;
	default:
		doctor_find(doctor, DOCTOR_UNKNOWN, "named.conf", "apt install bind9-utils",
			    "named-checkconf, which reads it, cannot be run");
		break;
	}
}

/* Loads it as named does; every function of the interface must be in it. */
static bool
check_file(struct doctor *doctor, const char *path)
{
	static const char *const entries[] = {"dlz_version",	 "dlz_create", "dlz_destroy",
					      "dlz_findzonedb",	 "dlz_lookup", "dlz_allnodes",
					      "dlz_allowzonexfr"};
	if (access(path, F_OK) != 0) {
		doctor_find(doctor, DOCTOR_ERROR, "module",
			    "`make install` puts it there, or named.conf names another place",
			    "there is no %s", path);
		return false;
	}
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL) {
		doctor_find(doctor, DOCTOR_ERROR, "module",
			    "install what it misses (ldd shows all that it links), or build it "
			    "anew on this system",
			    "cannot be loaded: %s", dlerror());
		return false;
	}
	const char *missing = NULL;
	for (size_t i = 0; i < sizeof entries / sizeof *entries && missing == NULL; i++)
		if (dlsym(handle, entries[i]) == NULL)
			missing = entries[i];
	dlclose(handle);
	if (missing != NULL)
		doctor_find(doctor, DOCTOR_ERROR, "module",
			    "`make install` puts the right one there",
			    "%s is no module of ours: it has no %s", path, missing);
	return missing == NULL;
}

static void
check_loaded(struct doctor *doctor, const char *path)
{
	uid_t user;
	switch (loaded_by(path, &user)) {
	case LOADED_HERE:
		doctor_find(doctor, DOCTOR_FINE, "module", NULL, "%s is loaded by named", path);
		break;
	case LOADED_OLD:
		doctor_find(doctor, DOCTOR_WARNING, "module",
			    "systemctl restart named: a reload keeps the old one",
			    "named runs with a former %s", path);
		break;
	case LOADED_NOWHERE:
		doctor_find(doctor, DOCTOR_ERROR, "module",
			    "systemctl restart named, and read why it does not: journalctl -u "
			    "named",
			    "no running named has loaded %s", path);
		break;
	case LOADED_UNKNOWN:
		doctor_find(doctor, DOCTOR_UNKNOWN, "module", "run ddnsctl doctor as root",
			    "whether named has loaded %s cannot be seen by you", path);
		break;
	}
}

void
check_module(struct doctor *doctor)
{
	read_configuration(doctor);
	if (!doctor->named.is_read)
		return;
	if (doctor->named.dlz_count == 0)
		doctor_find(doctor, DOCTOR_ERROR, "named.conf", THREE_LINES,
			    "%s has no dlz statement that loads dlz_ddns.so",
			    doctor->named_conf_path);
	for (size_t i = 0; i < doctor->named.dlz_count; i++)
		if (check_file(doctor, doctor->named.dlz[i].module))
			check_loaded(doctor, doctor->named.dlz[i].module);
}
