// SPDX-License-Identifier: GPL-3.0-or-later
// The certificate of HTTPS: there, of its key, and good for some time yet.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "gateway/ctl/doctor/doctor.h"

enum { DAY = 24 * 60 * 60, SOON_DAYS = 14 }; // certbot renews 30 days before the end

#define RENEW "renew it (certbot renew): the gateway takes a new file over by itself"

static X509 *
read_certificate(const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
	fclose(file);
	return certificate;
}

static EVP_PKEY *
read_key(const char *path)
{
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	return key;
}

static void
check_time(struct doctor *doctor, const char *path, const X509 *certificate)
{
	int days, seconds;
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		doctor_find(doctor, DOCTOR_ERROR, "certificate", "set the clock, or renew it",
			    "%s is not valid yet", path);
	else if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
		doctor_find(doctor, DOCTOR_ERROR, "certificate", RENEW, "%s has no readable end",
			    path);
	else if (days < 0 || seconds < 0)
		doctor_find(doctor, DOCTOR_ERROR, "certificate", RENEW, "%s has expired", path);
	else
		doctor_find(doctor, days < SOON_DAYS ? DOCTOR_WARNING : DOCTOR_FINE, "certificate",
			    days < SOON_DAYS ? RENEW : NULL, "%s is valid for %d more day%s", path,
			    days, days == 1 ? "" : "s");
}

void
check_certificate(struct doctor *doctor)
{
	if (doctor->config == NULL || doctor->config->tls_certificate[0] == '\0')
		return;
	const char *path = doctor->config->tls_certificate, *key_path = doctor->config->tls_key;
	X509 *certificate = read_certificate(path);
	EVP_PKEY *key = read_key(key_path);
	if (certificate == NULL)
		doctor_find(doctor, DOCTOR_ERROR, "certificate",
			    "tls-certificate must name a file in PEM that the gateway may read",
			    "%s cannot be read", path);
	else if (key == NULL)
		doctor_find(doctor, DOCTOR_ERROR, "certificate",
			    "tls-key must name a file in PEM, without a passphrase, that the "
			    "gateway may read",
			    "%s cannot be read", key_path);
	else if (X509_check_private_key(certificate, key) != 1)
		doctor_find(doctor, DOCTOR_ERROR, "certificate",
			    "name the key that this certificate was made for",
			    "%s does not belong to %s", key_path, path);
	else
		check_time(doctor, path, certificate);
	ERR_clear_error();
	EVP_PKEY_free(key);
	X509_free(certificate);
}
