// SPDX-License-Identifier: GPL-3.0-or-later
// Makes keys' secrets, encrypts and opens them by OpenSSL, and reads the file with the master key.
#include "gateway/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum {
	VERSION = 1,
	NONCE_SIZE = 12,
	TAG_SIZE = 16,
	HEAD_SIZE = 1 + NONCE_SIZE,
	KEY_FILE_SIZE = 2 * SECRET_KEY_SIZE + 1, // hexadecimal digits and the newline
	DRAWS_MAX = 1000, // 1 draw of 4 will do: this many failures mean a broken generator
};
_Static_assert(SECRET_OVERHEAD == HEAD_SIZE + TAG_SIZE, "the stored form's parts");
_Static_assert(SECRET_TEXT_LENGTH == SECRET_GENERATED_SIZE / 3 * 4, "base64 without padding");

static enum ddns_result __attribute__((format(printf, 4, 5)))
fail(enum ddns_result result, char *error, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return result;
}

/* Opens the file if it is one that others cannot read. */
static enum ddns_result
open_key_file(const char *path, int *fdp, char *error, size_t size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		int saved = errno;
		if (saved == ENOENT)
			return fail(DDNS_NOT_FOUND, error, size,
				    "there is no secret key file '%s': `ddns-schema install` makes "
				    "one, or name yours",
				    path);
		return fail(saved == EACCES ? DDNS_DENIED : DDNS_INTERNAL, error, size,
			    "cannot read the secret key file '%s': %s", path, strerror(saved));
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(DDNS_BAD_INPUT, error, size,
			    "the secret key file '%s' is not a regular file", path);
	}
	if (st.st_mode & (S_IROTH | S_IWOTH)) {
		close(fd);
		return fail(DDNS_DENIED, error, size,
			    "the secret key file '%s' is open to everybody (mode %04o): "
			    "chmod 0640 it",
			    path, (unsigned)(st.st_mode & 07777));
	}
	*fdp = fd;
	return DDNS_OK;
}

static bool
parse_key(char *text, size_t length, uint8_t bytes[SECRET_KEY_SIZE])
{
	if (length == KEY_FILE_SIZE && text[length - 1] == '\n')
		length--;
	if (length != 2 * SECRET_KEY_SIZE)
		return false;
	text[length] = '\0';
	return OPENSSL_hexstr2buf_ex(bytes, SECRET_KEY_SIZE, &length, text, '\0') == 1 &&
	       length == SECRET_KEY_SIZE;
}

static enum ddns_result
sha256(const void *data, size_t length, uint8_t hash[SECRET_HASH_SIZE])
{
	return EVP_Digest(data, length, hash, NULL, EVP_sha256(), NULL) == 1 ? DDNS_OK
									     : DDNS_INTERNAL;
}

enum ddns_result
secret_key_load(const char *path, struct secret_key *key, char *error, size_t size)
{
	char text[KEY_FILE_SIZE + 1]; // one more than it may hold, to see that there is more
	uint8_t hash[SECRET_HASH_SIZE];
	struct secret_key made;
	int fd = -1;
	size_t length = 0;
	ssize_t got;
	enum ddns_result result;

	CHECK(open_key_file(path, &fd, error, size));
	do {
		got = read(fd, text + length, sizeof text - length);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0 && length < sizeof text);
	if (got < 0) {
		result = fail(DDNS_INTERNAL, error, size,
			      "cannot read the secret key file '%s': %s", path, strerror(errno));
		goto cleanup;
	}
	if (!parse_key(text, length, made.bytes)) {
		result = fail(DDNS_BAD_INPUT, error, size,
			      "the secret key file '%s' is not one line of %d hexadecimal digits: "
			      "restore it from its backup",
			      path, 2 * SECRET_KEY_SIZE);
		goto cleanup;
	}
	result = sha256(made.bytes, sizeof made.bytes, hash);
	if (result != DDNS_OK) {
		result = fail(result, error, size, "OpenSSL has no SHA-256 to use");
		goto cleanup;
	}
	for (size_t i = 0; i < SECRET_KEY_ID_LENGTH / 2; i++)
		snprintf(made.id + 2 * i, 3, "%02x", hash[i]);
	*key = made;
cleanup:
	if (fd >= 0)
		close(fd);
	OPENSSL_cleanse(text, sizeof text);
	OPENSSL_cleanse(&made, sizeof made);
	return result;
}

void
secret_key_clear(struct secret_key *key)
{
	OPENSSL_cleanse(key, sizeof *key);
}

/* The name with its NUL, then the algorithm: one key's name cannot run into another's algorithm. */
static bool
authenticate(EVP_CIPHER_CTX *context, const char *name, const char *algorithm)
{
	int length;
	return EVP_CipherUpdate(context, NULL, &length, (const uint8_t *)name,
				(int)strlen(name) + 1) == 1 &&
	       EVP_CipherUpdate(context, NULL, &length, (const uint8_t *)algorithm,
				(int)strlen(algorithm)) == 1;
}

enum ddns_result
secret_encrypt(const struct secret_key *key, const char *name, const char *algorithm,
	       const uint8_t *secret, size_t length, uint8_t *out, size_t *out_length)
{
	EVP_CIPHER_CTX *context = NULL;
	uint8_t *nonce = out + 1, *body = out + HEAD_SIZE;
	int done, rest;
	enum ddns_result result = DDNS_INTERNAL;

	if (length == 0 || length > SECRET_MAX)
		return DDNS_BAD_INPUT;
	out[0] = VERSION;
	context = EVP_CIPHER_CTX_new();
	if (context == NULL || RAND_bytes(nonce, NONCE_SIZE) != 1 ||
	    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, nonce) != 1 ||
	    !authenticate(context, name, algorithm) ||
	    EVP_EncryptUpdate(context, body, &done, secret, (int)length) != 1 ||
	    EVP_EncryptFinal_ex(context, body + done, &rest) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, body + length) != 1)
		goto cleanup;
	*out_length = length + SECRET_OVERHEAD;
	result = DDNS_OK;
cleanup:
	EVP_CIPHER_CTX_free(context);
	return result;
}

enum ddns_result
secret_decrypt(const struct secret_key *key, const char *name, const char *algorithm,
	       const uint8_t *blob, size_t length, uint8_t *out, size_t *out_length)
{
	EVP_CIPHER_CTX *context = NULL;
	uint8_t plain[SECRET_MAX], tag[TAG_SIZE];
	int done, rest;
	enum ddns_result result = DDNS_INTERNAL;

	if (length <= SECRET_OVERHEAD || length > SECRET_MAX + SECRET_OVERHEAD ||
	    blob[0] != VERSION)
		return DDNS_BAD_INPUT;
	size_t size = length - SECRET_OVERHEAD;
	memcpy(tag, blob + length - TAG_SIZE, TAG_SIZE);
	context = EVP_CIPHER_CTX_new();
	if (context == NULL ||
	    EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, blob + 1) != 1 ||
	    !authenticate(context, name, algorithm) ||
	    EVP_DecryptUpdate(context, plain, &done, blob + HEAD_SIZE, (int)size) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) != 1)
		goto cleanup;
	if (EVP_DecryptFinal_ex(context, plain + done, &rest) != 1) {
		result = DDNS_DENIED; // the tag does not fit
		goto cleanup;
	}
	memcpy(out, plain, size);
	*out_length = size;
	result = DDNS_OK;
cleanup:
	OPENSSL_cleanse(plain, sizeof plain);
	EVP_CIPHER_CTX_free(context);
	return result;
}

enum ddns_result
secret_generate(uint8_t secret[SECRET_GENERATED_SIZE], char text[SECRET_TEXT_LENGTH + 1])
{
	for (int draw = 0; draw < DRAWS_MAX; draw++) {
		if (RAND_bytes(secret, SECRET_GENERATED_SIZE) != 1)
			return DDNS_INTERNAL;
		EVP_EncodeBlock((uint8_t *)text, secret, SECRET_GENERATED_SIZE);
		if (strpbrk(text, "+/=") == NULL)
			return DDNS_OK;
	}
	return DDNS_INTERNAL;
}

enum ddns_result
secret_hash(const char *text, uint8_t hash[SECRET_HASH_SIZE])
{
	return sha256(text, strlen(text), hash);
}
