// SPDX-License-Identifier: GPL-3.0-or-later
// The entry points that named calls.  All that knows BIND is in this file.
#include <dlfcn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dns/clientinfo.h>
#include <dns/dlz_dlopen.h>
#include <isc/log.h>
#include <isc/result.h>
#undef CHECK // BIND's; ours is another

#include "dlz_ddns/log.h"
#include "dlz_ddns/lookup.h"
#include "dlz_ddns/store.h"
#include "sql/client/conninfo.h"

enum {
	FIRST_LOAD_MS = 20000, // how long the first instance waits for data
	STOP_MS = 5000,
};

#define EXPORT __attribute__((visibility("default")))
EXPORT dlz_dlopen_version_t dlz_version;
EXPORT dlz_dlopen_create_t dlz_create;
EXPORT dlz_dlopen_destroy_t dlz_destroy;
EXPORT dlz_dlopen_findzonedb_t dlz_findzonedb;
EXPORT dlz_dlopen_lookup_t dlz_lookup;
EXPORT dlz_dlopen_allowzonexfr_t dlz_allowzonexfr;
EXPORT dlz_dlopen_allnodes_t dlz_allnodes;

/*
 * One `dlz` statement.  It is never freed: where a zone of named.conf is tied to it, named asks the
 * old instance after a reload until that zone is loaded anew.
 */
struct instance {
	struct lookup_instance lookup;
	struct store *store;
};

typedef void named_log_function(int level, const char *format, ...);

/* What named hands to dlz_create: the same functions each time. */
static struct {
	_Atomic(named_log_function *) log;
	_Atomic(dns_sdlz_putrr_t *) putrr;
	_Atomic(dns_sdlz_putnamedrr_t *) putnamedrr;
} named;

/* ---- result codes ---- */

enum code {
	CODE_NOMEMORY,
	CODE_NOPERM,
	CODE_NOTFOUND,
	CODE_FAILURE,
	CODE_NOMORE,
	CODE_DEFAULT,
	CODE_NXDOMAIN,
	CODE_EMPTYNAME,
	CODES,
};

/*
 * The numbers move between versions of named, while its interface to modules says nothing of it. So
 * they are asked of the named that runs.  Those that a version has no name for keep their old
 * number; 0 (success) marks what must then do without.
 */
static struct {
	const char *id;
	isc_result_t value;
	bool is_known;
} codes[CODES] = {
	[CODE_NOMEMORY] = {.id = "ISC_R_NOMEMORY", .value = 1},
	[CODE_NOPERM] = {.id = "ISC_R_NOPERM", .value = 6},
	[CODE_NOTFOUND] = {.id = "ISC_R_NOTFOUND", .value = 23},
	[CODE_FAILURE] = {.id = "ISC_R_FAILURE", .value = 25},
	[CODE_NOMORE] = {.id = "ISC_R_NOMORE", .value = 29},
	[CODE_DEFAULT] = {.id = "ISC_R_DEFAULT", .value = 68},
	[CODE_NXDOMAIN] = {.id = "DNS_R_NXDOMAIN", .value = 0},
	[CODE_EMPTYNAME] = {.id = "DNS_R_EMPTYNAME", .value = 0},
};

typedef const char *toid_function(isc_result_t);

static bool
all_codes_known(void)
{
	for (int i = 0; i < CODES; i++)
		if (!codes[i].is_known)
			return false;
	return true;
}

/*
 * Stops when all are found: from 9.18.17 on the function is a bare look into a table, and reads
 * whatever lies behind it for a number that is too large.
 */
static void
scan_codes(toid_function *toid, isc_result_t from, isc_result_t to)
{
	for (isc_result_t value = from; value <= to && !all_codes_known(); value++) {
		const char *id = toid(value);
		for (int i = 0; id != NULL && i < CODES; i++)
			if (!codes[i].is_known && strcmp(codes[i].id, id) == 0) {
				codes[i].value = value;
				codes[i].is_known = true;
			}
	}
}

/* False: this named does not even say what it calls "not found". */
static bool
resolve_codes(void)
{
	toid_function *toid = (toid_function *)dlsym(RTLD_DEFAULT, "isc_result_toid");
	if (toid == NULL)
		return false;
	scan_codes(toid, 0, 400);
	scan_codes(toid, 196608, 196640); // dns results, up to 9.16
	return codes[CODE_NOTFOUND].is_known;
}

static isc_result_t
code(enum code which)
{
	return codes[which].value;
}

/* ---- logging ---- */

static void
write_log(enum log_level level, const char *text)
{
	// named aborts at level 0: there is none here
	static const int levels[] = {
		[LOG_LEVEL_ERROR] = ISC_LOG_ERROR,
		[LOG_LEVEL_WARNING] = ISC_LOG_WARNING,
		[LOG_LEVEL_NOTICE] = ISC_LOG_NOTICE,
		[LOG_LEVEL_INFO] = ISC_LOG_INFO,
	};
	named_log_function *log = atomic_load(&named.log);
	log(levels[level], "%s", text);
}

/* From 9.20 on named's log is guarded by RCU, which threads of ours are not registered with. */
static bool
log_takes_any_thread(void)
{
	return dlsym(RTLD_DEFAULT, "isc_loopmgr_create") == NULL;
}

/* ---- arguments ---- */

/* Joins the words of named.conf to a connection string; *is_onlyp: our one word was among them. */
static char *
join_arguments(unsigned int argc, char *argv[], bool *is_onlyp)
{
	size_t size = 1;
	for (unsigned int i = 1; i < argc; i++)
		size += strlen(argv[i]) + 1;
	char *conninfo = calloc(1, size);
	if (conninfo == NULL)
		return NULL;
	char *end = conninfo;
	for (unsigned int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "only-dlz") == 0) {
			*is_onlyp = true;
			continue;
		}
		if (end != conninfo)
			*end++ = ' ';
		end = stpcpy(end, argv[i]);
	}
	return conninfo;
}

/* The helpers that named passes by name. */
static bool
take_helpers(va_list helpers)
{
	const char *name;
	while ((name = va_arg(helpers, const char *)) != NULL) {
		void *helper = va_arg(helpers, void *);
		if (strcmp(name, "log") == 0)
			atomic_store(&named.log, (named_log_function *)helper);
		else if (strcmp(name, "putrr") == 0)
			atomic_store(&named.putrr, (dns_sdlz_putrr_t *)helper);
		else if (strcmp(name, "putnamedrr") == 0)
			atomic_store(&named.putnamedrr, (dns_sdlz_putnamedrr_t *)helper);
	}
	if (atomic_load(&named.log) == NULL)
		return false;
	log_open(write_log, log_takes_any_thread());
	if (atomic_load(&named.putrr) != NULL && atomic_load(&named.putnamedrr) != NULL)
		return true;
	log_line(LOG_LEVEL_ERROR, "dlz_ddns: this named does not offer putrr and putnamedrr");
	return false;
}

/* ---- life ---- */

int
dlz_version(unsigned int *flags)
{
	*flags |= DNS_SDLZFLAG_THREADSAFE;
	return DLZ_DLOPEN_VERSION;
}

static struct instance *
create_instance(const char *name, unsigned int argc, char *argv[])
{
	char error[256] = "no memory";
	bool is_ready = false;
	struct instance *instance = calloc(1, sizeof(*instance));
	char *conninfo =
		instance != NULL ? join_arguments(argc, argv, &instance->lookup.is_only) : NULL;

	if (instance == NULL || conninfo == NULL) {
		log_line(LOG_LEVEL_ERROR, "dlz_ddns: %s: no memory", name);
	} else if (ddns_conninfo_check(conninfo, error, sizeof(error)) != DDNS_OK) {
		log_line(LOG_LEVEL_ERROR,
			 "dlz_ddns: %s: %s (the words are only-dlz and those of a libpq connection "
			 "string)",
			 name, error);
	} else {
		instance->store = store_attach(conninfo, name, FIRST_LOAD_MS, &is_ready);
		if (instance->store == NULL)
			log_line(LOG_LEVEL_ERROR, "dlz_ddns: %s: cannot start its thread", name);
	}
	free(conninfo);
	if (instance == NULL || instance->store == NULL) {
		free(instance);
		return NULL;
	}
	instance->lookup.mirror = store_mirror(instance->store);
	if (!is_ready)
		log_line(LOG_LEVEL_WARNING,
			 "dlz_ddns: %s: nothing loaded yet: until it is, names that are in no zone "
			 "of named's own are answered with SERVFAIL",
			 name);
	return instance;
}

isc_result_t
dlz_create(const char *dlzname, unsigned int argc, char *argv[], void **dbdata, ...)
{
	va_list helpers;
	va_start(helpers, dbdata);
	bool has_helpers = take_helpers(helpers);
	va_end(helpers);
	*dbdata = NULL; // named calls dlz_destroy after a failure too if this is set
	if (!has_helpers)
		return code(CODE_FAILURE);
	if (!resolve_codes()) {
		log_line(LOG_LEVEL_ERROR,
			 "dlz_ddns: %s: this named does not tell its result codes: "
			 "answers would be wrong",
			 dlzname);
		return code(CODE_FAILURE);
	}
	*dbdata = create_instance(dlzname, argc, argv);
	log_drain();
	return *dbdata != NULL ? ISC_R_SUCCESS : code(CODE_FAILURE);
}

void
dlz_destroy(void *dbdata)
{
	struct instance *instance = dbdata;
	if (instance == NULL || instance->store == NULL)
		return;
	store_detach(instance->store, STOP_MS);
	instance->store = NULL;
	log_drain();
	if (!store_is_in_use())
		log_close();
}

/* ---- answers ---- */

isc_result_t
dlz_findzonedb(void *dbdata, const char *name, dns_clientinfomethods_t *methods,
	       dns_clientinfo_t *clientinfo)
{
	const struct instance *instance = dbdata;
	(void)clientinfo;
	log_drain();
	// errors are none of the choices: named would refuse the query, or abort while it loads a
	// zone
	switch (lookup_zone(&instance->lookup, name, methods != NULL)) {
	case LOOKUP_OURS:
		return ISC_R_SUCCESS;
	case LOOKUP_NO_ZONE:
		return code(CODE_NOMORE);
	case LOOKUP_NOT_OURS:
		break;
	}
	return code(CODE_NOTFOUND);
}

/* What became of a record, in our words. */
static enum ddns_result
result_of(isc_result_t result)
{
	if (result == ISC_R_SUCCESS)
		return DDNS_OK;
	return result == code(CODE_NOMEMORY) ? DDNS_NO_MEMORY : DDNS_BAD_INPUT;
}

static enum ddns_result
put_rr(void *context, const char *owner, const char *type, uint32_t ttl, const char *rdata)
{
	(void)owner;
	dns_sdlz_putrr_t *putrr = atomic_load_explicit(&named.putrr, memory_order_relaxed);
	return result_of(putrr(context, type, ttl, rdata));
}

static enum ddns_result
put_named_rr(void *context, const char *owner, const char *type, uint32_t ttl, const char *rdata)
{
	dns_sdlz_putnamedrr_t *putnamedrr =
		atomic_load_explicit(&named.putnamedrr, memory_order_relaxed);
	return result_of(putnamedrr(context, owner, type, ttl, rdata));
}

static void
report_refused(void *context, const char *zone, const char *owner, const char *type,
	       const char *rdata)
{
	(void)context;
	log_line(LOG_LEVEL_ERROR,
		 "dlz_ddns: zone '%s': named refuses '%s' %s '%.120s': it is left out from now on",
		 zone, owner, type, rdata);
}

/* Only plain questions may be ended early or synthesised for; an update would fail by it. */
static enum lookup_kind
kind_of(const dns_clientinfo_t *clientinfo)
{
	if (clientinfo == NULL)
		return LOOKUP_ORIGIN;
	if (clientinfo->data == NULL || (clientinfo->version >= 2 && clientinfo->dbversion != NULL))
		return LOOKUP_EXACT;
	return LOOKUP_QUERY;
}

isc_result_t
dlz_lookup(const char *zone, const char *name, void *dbdata, dns_sdlzlookup_t *lookup,
	   dns_clientinfomethods_t *methods, dns_clientinfo_t *clientinfo)
{
	const struct instance *instance = dbdata;
	const struct lookup_sink sink = {lookup, put_rr, report_refused};
	bool may_end = codes[CODE_NXDOMAIN].is_known;
	(void)methods;
	log_drain();
	switch (lookup_name(&instance->lookup, zone, name, kind_of(clientinfo), may_end, &sink)) {
	case LOOKUP_FOUND:
	case LOOKUP_EMPTY:
		return ISC_R_SUCCESS;
	case LOOKUP_EMPTY_END:
		// success without a record would make SERVFAIL of a question for ANY
		return code(CODE_EMPTYNAME);
	case LOOKUP_NO_NAME:
		return code(CODE_NXDOMAIN);
	case LOOKUP_NOT_FOUND:
		return code(CODE_NOTFOUND);
	case LOOKUP_FAILED:
		break;
	}
	return code(CODE_FAILURE);
}

isc_result_t
dlz_allowzonexfr(void *dbdata, const char *name, const char *client)
{
	const struct instance *instance = dbdata;
	log_drain();
	switch (lookup_may_transfer(&instance->lookup, name, client)) {
	case LOOKUP_TRANSFER_YES:
		return ISC_R_SUCCESS;
	case LOOKUP_TRANSFER_NAMED:
		return code(CODE_DEFAULT);
	case LOOKUP_TRANSFER_NO_ZONE:
		return code(CODE_NOTFOUND);
	case LOOKUP_TRANSFER_NO:
		break;
	}
	return code(CODE_NOPERM);
}

isc_result_t
dlz_allnodes(const char *zone, void *dbdata, dns_sdlzallnodes_t *allnodes)
{
	const struct instance *instance = dbdata;
	const struct lookup_sink sink = {allnodes, put_named_rr, report_refused};
	log_drain();
	switch (lookup_transfer(&instance->lookup, zone, &sink)) {
	case DDNS_OK:
		return ISC_R_SUCCESS;
	case DDNS_NOT_FOUND:
		return code(CODE_NOTFOUND);
	case DDNS_DENIED:
	case DDNS_CONFLICT:
	case DDNS_BAD_INPUT:
	case DDNS_RETRY:
	case DDNS_UNAVAILABLE:
	case DDNS_NO_MEMORY:
	case DDNS_INTERNAL:
		break;
	}
	return code(CODE_FAILURE);
}
