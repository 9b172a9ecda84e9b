// SPDX-License-Identifier: GPL-3.0-or-later
// The certificate of HTTPS with its private key, as two files have them at the moment.
#include "gateway/http/certificate.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gateway/log.h"

enum { KEY_ID_SIZE = 64 }; // room for the hash of a public key

/* What belongs together. */
struct pair {
	gnutls_x509_crt_t *chain;
	unsigned chain_count;
	gnutls_x509_privkey_t key;
};

/* By what a file is known to be another than before; all zero where there is none. */
struct file_mark {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written, changed;
};

struct marks {
	struct file_mark chain, key;
};

struct certificate {
	char *chain_path, *key_path; // the main thread's, like the marks
	struct marks tried;	     // what was read last, used or not
	struct marks seen;	     // at the last look
	pthread_mutex_t mutex;
	struct pair pair;
};

static _Atomic(struct certificate *) the_certificate;

static void
pair_clear(struct pair *pair)
{
	for (unsigned i = 0; i < pair->chain_count; i++)
		gnutls_x509_crt_deinit(pair->chain[i]);
	gnutls_free(pair->chain);
	if (pair->key != NULL)
		gnutls_x509_privkey_deinit(pair->key);
	*pair = (struct pair){0};
}

static enum ddns_result
read_file(const char *option, const char *path, gnutls_datum_t *data)
{
	errno = 0;
	int status = gnutls_load_file(path, data);
	if (status == GNUTLS_E_MEMORY_ERROR)
		return DDNS_NO_MEMORY;
	if (status >= 0)
		return DDNS_OK;
	log_error("%s: '%s' cannot be read: %s", option, path,
		  errno != 0 ? strerror(errno) : gnutls_strerror(status));
	return DDNS_NOT_FOUND;
}

static void
free_file(gnutls_datum_t *data)
{
	if (data->data == NULL)
		return;
	gnutls_memset(data->data, 0, data->size); // may be a key
	gnutls_free(data->data);
}

static enum ddns_result
read_chain(const char *path, struct pair *pair)
{
	gnutls_datum_t data = {0};
	enum ddns_result result;
	CHECK(read_file("tls-certificate", path, &data));
	int status = gnutls_x509_crt_list_import2(&pair->chain, &pair->chain_count, &data,
						  GNUTLS_X509_FMT_PEM, 0);
	if (status < 0) {
		log_error("tls-certificate: '%s' holds no certificate in PEM form: %s", path,
			  gnutls_strerror(status));
		result = DDNS_BAD_INPUT;
	}

cleanup:
	free_file(&data);
	return result;
}

static enum ddns_result
read_key(const char *path, struct pair *pair)
{
	gnutls_datum_t data = {0};
	enum ddns_result result;
	CHECK(read_file("tls-key", path, &data));
	if (gnutls_x509_privkey_init(&pair->key) < 0) {
		result = DDNS_NO_MEMORY;
		goto cleanup;
	}
	int status = gnutls_x509_privkey_import2(pair->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (status == GNUTLS_E_DECRYPTION_FAILED)
		log_error("tls-key: '%s' is encrypted: store the key without a password, readable "
			  "to the gateway alone",
			  path);
	else if (status < 0)
		log_error("tls-key: '%s' holds no private key in PEM form: %s", path,
			  gnutls_strerror(status));
	if (status < 0)
		result = DDNS_BAD_INPUT;

cleanup:
	free_file(&data);
	return result;
}

/* Whether the key is that of the first certificate. */
static bool
is_match(const struct pair *pair)
{
	unsigned char of_certificate[KEY_ID_SIZE], of_key[KEY_ID_SIZE];
	size_t certificate_size = KEY_ID_SIZE, key_size = KEY_ID_SIZE;
	return gnutls_x509_crt_get_key_id(pair->chain[0], GNUTLS_KEYID_USE_SHA256, of_certificate,
					  &certificate_size) == 0 &&
	       gnutls_x509_privkey_get_key_id(pair->key, GNUTLS_KEYID_USE_SHA256, of_key,
					      &key_size) == 0 &&
	       certificate_size == key_size && memcmp(of_certificate, of_key, key_size) == 0;
}

/* Reads and checks the files; nothing is left in pair on failure. */
static enum ddns_result
pair_read(const char *chain_path, const char *key_path, struct pair *pair)
{
	enum ddns_result result;
	*pair = (struct pair){0};
	CHECK(read_chain(chain_path, pair));
	CHECK(read_key(key_path, pair));
	if (!is_match(pair)) {
		log_error("tls-key: '%s' is not the key of the first certificate in '%s': name the "
			  "file that was made with it, and let the server's own certificate stand "
			  "before those of the authorities",
			  key_path, chain_path);
		result = DDNS_BAD_INPUT;
	}

cleanup:
	if (result != DDNS_OK)
		pair_clear(pair);
	return result;
}

/* Tells what is in use from now on. */
static void
report(const char *path, const struct pair *pair)
{
	char date[32] = "";
	struct tm utc;
	time_t expires = gnutls_x509_crt_get_expiration_time(pair->chain[0]);
	if (gmtime_r(&expires, &utc) != NULL)
		strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (expires <= time(NULL))
		log_warning("the certificate in '%s' expired at %s: renew it", path, date);
	else
		log_notice("the certificate in '%s' is good until %s", path, date);
}

static void
mark_file(const char *path, struct file_mark *mark)
{
	struct stat status;
	memset(mark, 0, sizeof *mark); // its padding too: marks are compared as bytes
	if (stat(path, &status) != 0)
		return;
	mark->device = status.st_dev;
	mark->inode = status.st_ino;
	mark->size = status.st_size;
	mark->written = status.st_mtim;
	mark->changed = status.st_ctim;
}

static void
mark_files(const struct certificate *certificate, struct marks *marks)
{
	mark_file(certificate->chain_path, &marks->chain);
	mark_file(certificate->key_path, &marks->key);
}

static bool
is_same(const struct marks *a, const struct marks *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

/* Reads the files and puts what they hold in use. */
static enum ddns_result
load(struct certificate *certificate)
{
	struct pair pair;
	mark_files(certificate, &certificate->tried);
	certificate->seen = certificate->tried;
	enum ddns_result result = pair_read(certificate->chain_path, certificate->key_path, &pair);
	if (result != DDNS_OK)
		return result;
	report(certificate->chain_path, &pair);
	pthread_mutex_lock(&certificate->mutex);
	struct pair old = certificate->pair;
	certificate->pair = pair;
	pthread_mutex_unlock(&certificate->mutex);
	pair_clear(&old);
	return DDNS_OK;
}

static void
load_or_keep(struct certificate *certificate)
{
	if (load(certificate) != DDNS_OK)
		log_error("the certificate that was in use stays in use");
}

static enum ddns_result
set_paths(struct certificate *certificate, const char *chain_path, const char *key_path)
{
	char *chain = strdup(chain_path), *key = strdup(key_path);
	if (chain == NULL || key == NULL) {
		free(chain);
		free(key);
		return DDNS_NO_MEMORY;
	}
	free(certificate->chain_path);
	free(certificate->key_path);
	certificate->chain_path = chain;
	certificate->key_path = key;
	return DDNS_OK;
}

enum ddns_result
certificate_create(const char *chain_path, const char *key_path, struct certificate **certificatep)
{
	struct certificate *certificate = calloc(1, sizeof *certificate);
	enum ddns_result result;
	if (certificate == NULL)
		return DDNS_NO_MEMORY;
	pthread_mutex_init(&certificate->mutex, NULL);
	CHECK(set_paths(certificate, chain_path, key_path));
	CHECK(load(certificate));
	atomic_store(&the_certificate, certificate);
	*certificatep = certificate;
	certificate = NULL;

cleanup:
	certificate_free(certificate);
	return result;
}

void
certificate_free(struct certificate *certificate)
{
	if (certificate == NULL)
		return;
	if (atomic_load(&the_certificate) == certificate)
		atomic_store(&the_certificate, NULL);
	pair_clear(&certificate->pair);
	pthread_mutex_destroy(&certificate->mutex);
	free(certificate->chain_path);
	free(certificate->key_path);
	free(certificate);
}

void
certificate_reload(struct certificate *certificate, const char *chain_path, const char *key_path)
{
	if (set_paths(certificate, chain_path, key_path) == DDNS_OK)
		load_or_keep(certificate);
}

void
certificate_watch(struct certificate *certificate)
{
	struct marks now;
	mark_files(certificate, &now);
	bool is_settled = is_same(&now, &certificate->seen);
	certificate->seen = now;
	if (is_settled && !is_same(&now, &certificate->tried))
		load_or_keep(certificate);
}

void
certificate_check_access(const struct certificate *certificate)
{
	const char *const paths[] = {certificate->chain_path, certificate->key_path};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (access(paths[i], R_OK) != 0)
			log_warning(
				"'%s' cannot be read by user id %u that the gateway has become: "
				"a renewed certificate will need a restart",
				paths[i], geteuid());
}

int64_t
certificate_expires(struct certificate *certificate)
{
	pthread_mutex_lock(&certificate->mutex);
	time_t expires = gnutls_x509_crt_get_expiration_time(certificate->pair.chain[0]);
	pthread_mutex_unlock(&certificate->mutex);
	return expires;
}

/* Under the mutex: copies that GnuTLS frees after the handshake, or nothing. */
static int
copy_pair(const struct pair *pair, gnutls_pcert_st **chainp, gnutls_privkey_t *keyp)
{
	unsigned count = 0;
	gnutls_privkey_t key = NULL;
	gnutls_pcert_st *chain = gnutls_calloc(pair->chain_count, sizeof *chain);
	int status = chain == NULL ? GNUTLS_E_MEMORY_ERROR : gnutls_privkey_init(&key);
	if (status == 0)
		status = gnutls_privkey_import_x509(key, pair->key, GNUTLS_PRIVKEY_IMPORT_COPY);
	while (status == 0 && count < pair->chain_count) {
		status = gnutls_pcert_import_x509(&chain[count], pair->chain[count], 0);
		if (status == 0)
			count++;
	}
	if (status == 0) {
		*chainp = chain;
		*keyp = key;
		return 0;
	}
	while (count > 0)
		gnutls_pcert_deinit(&chain[--count]);
	gnutls_free(chain);
	if (key != NULL)
		gnutls_privkey_deinit(key);
	return status;
}

int
certificate_retrieve(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
		     gnutls_pcert_st **certs, unsigned *certs_length, gnutls_ocsp_data_st **ocsp,
		     unsigned *ocsp_length, gnutls_privkey_t *key, unsigned *flags)
{
	struct certificate *certificate = atomic_load(&the_certificate);
	(void)session;
	(void)info;
	if (certificate == NULL)
		return -1;
	pthread_mutex_lock(&certificate->mutex);
	int status = copy_pair(&certificate->pair, certs, key);
	*certs_length = certificate->pair.chain_count;
	pthread_mutex_unlock(&certificate->mutex);
	*ocsp = NULL;
	*ocsp_length = 0;
	*flags = GNUTLS_CERT_RETR_DEINIT_ALL;
	return status == 0 ? 0 : -1;
}
