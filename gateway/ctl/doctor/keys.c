// SPDX-License-Identifier: GPL-3.0-or-later
// The secret key file is there, is this database's, and opens every key.
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "gateway/ctl/doctor/doctor.h"
#include "gateway/secret.h"

enum { SHOWN_MAX = 5 };

/* Columns of CTL_SEALED_KEYS. */
enum { NAME, ALGORITHM, SECRET, KEY_ID };

#define RESTORE                                                                                \
	"put back the copy of the file that was kept apart from the dumps; keys that no file " \
	"opens "                                                                               \
	"are made anew (ddnsctl key delete, key add)"

static bool
from_hex(const char *text, uint8_t *out, size_t size, size_t *lengthp)
{
	size_t length = strlen(text) / 2;
	if (length > size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (sscanf(text + 2 * i, "%2hhx", &out[i]) != 1)
			return false;
	*lengthp = length;
	return true;
}

static bool
opens(const struct secret_key *key, const struct ddns_rows *rows, size_t row)
{
	uint8_t blob[SECRET_MAX + SECRET_OVERHEAD], secret[SECRET_MAX];
	size_t length;
	if (!from_hex(ddns_rows_text(rows, row, SECRET), blob, sizeof blob, &length))
		return false;
	enum ddns_result result =
		secret_decrypt(key, ddns_rows_text(rows, row, NAME),
			       ddns_rows_text(rows, row, ALGORITHM), blob, length, secret, &length);
	OPENSSL_cleanse(secret, sizeof secret);
	return result == DDNS_OK;
}

static void
try_keys(struct doctor *doctor, const struct secret_key *key, const struct ddns_rows *rows)
{
	char names[512] = "";
	size_t closed = 0, at = 0;
	for (size_t i = 0; i < ddns_rows_count(rows); i++) {
		if (opens(key, rows, i))
			continue;
		if (closed++ < SHOWN_MAX && at < sizeof names)
			at += (size_t)snprintf(names + at, sizeof names - at, "%s%.80s",
					       closed > 1 ? ", " : "",
					       ddns_rows_text(rows, i, NAME));
	}
	if (closed == 0)
		doctor_find(doctor, DOCTOR_FINE, "secret key", NULL, "opens every key (%zu)",
			    ddns_rows_count(rows));
	else
		doctor_find(doctor, DOCTOR_ERROR, "secret key", RESTORE,
			    "does not open %zu of %zu keys: %s%s", closed, ddns_rows_count(rows),
			    names, closed > SHOWN_MAX ? ", ..." : "");
}

/* Whether the file is the one that the database names. */
static bool
is_ours(struct doctor *doctor, const struct secret_key *key)
{
	struct ddns_rows *rows = NULL;
	if (session_query(doctor->session, DDNS_STATEMENT_CTL_SECRET_KEY_ID, NULL, 0, &rows) !=
	    DDNS_OK)
		return true; // the next query fails as well, and is told
	const char *id = ddns_rows_text(rows, 0, 0);
	bool is_set = id != NULL && id[0] != '\0', is_ours = is_set && strcmp(id, key->id) == 0;
	if (!is_set)
		doctor_find(doctor, DOCTOR_ERROR, "secret key",
			    "`ddns-schema install --secret-key FILE` tells the database",
			    "the database has not been told which file it is");
	else if (!is_ours)
		doctor_find(doctor, DOCTOR_ERROR, "secret key", RESTORE,
			    "%s (id %s) is not the one of this database (id %s)",
			    doctor->session->key_path, key->id, id);
	ddns_rows_free(rows);
	return is_ours;
}

void
check_keys(struct doctor *doctor)
{
	struct secret_key key;
	struct ddns_rows *rows = NULL;
	char error[512];

	if (!doctor->has_database)
		return;
	enum ddns_result result =
		secret_key_load(doctor->session->key_path, &key, error, sizeof error);
	if (result != DDNS_OK) {
		doctor_find(doctor, DOCTOR_ERROR, "secret key",
			    result == DDNS_NOT_FOUND
				    ? "--secret-key names the file that the gateways use; where it "
				      "is lost, put back its copy"
				    : "chown root:ddns-gateway and chmod 0640 the file, and run "
				      "this as root or name another with --secret-key",
			    "%s", error);
		return;
	}
	if (is_ours(doctor, &key)) {
		if (session_query(doctor->session, DDNS_STATEMENT_CTL_SEALED_KEYS, NULL, 0,
				  &rows) == DDNS_OK)
			try_keys(doctor, &key, rows);
		else
			doctor_find(doctor, DOCTOR_UNKNOWN, "secret key",
				    "use a role that is a member of ddns_admin",
				    "the keys cannot be read: %s", doctor->session->message);
	}
	ddns_rows_free(rows);
	secret_key_clear(&key);
}
