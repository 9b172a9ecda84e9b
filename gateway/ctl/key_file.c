// SPDX-License-Identifier: GPL-3.0-or-later
// Reads BIND's key files: key clauses of named.conf(5), and K*.private.
#include "gateway/ctl/key_file.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "gateway/ctl/name.h"

enum { WORD_MAX = 2 * DDNS_DNAME_TEXT_MAX };

struct parser {
	const char *at, *end;
	unsigned line;
	char word[WORD_MAX + 1]; // the token's text
	bool is_quoted;
	struct key_file *file;
	char *error;
	size_t size;
};

static enum ddns_result __attribute__((format(printf, 2, 3)))
refuse(struct parser *parser, const char *format, ...)
{
	va_list args;
	int length = snprintf(parser->error, parser->size, "line %u: ", parser->line);
	va_start(args, format);
	vsnprintf(parser->error + length, parser->size - (size_t)length, format, args);
	va_end(args);
	return DDNS_BAD_INPUT;
}

/* The names there are for an algorithm, and its number in K*.private. */
static const struct {
	const char *name, *alias;
	int number;
} algorithms[] = {
	{"hmac-md5", "hmac-md5.sig-alg.reg.int", 157},
	{"hmac-sha1", NULL, 161},
	{"hmac-sha224", NULL, 162},
	{"hmac-sha256", NULL, 163},
	{"hmac-sha384", NULL, 164},
	{"hmac-sha512", NULL, 165},
};
enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms };

static enum ddns_result
set_algorithm(struct parser *parser, struct key_file_key *key)
{
	char *word = parser->word;
	size_t length = strlen(word);
	if (length > 1 && word[length - 1] == '.')
		word[--length] = '\0';
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (strcasecmp(word, algorithms[i].name) == 0 ||
		    (algorithms[i].alias != NULL && strcasecmp(word, algorithms[i].alias) == 0)) {
			snprintf(key->algorithm, sizeof key->algorithm, "%s", algorithms[i].name);
			return DDNS_OK;
		}
	}
	for (size_t i = 0; i < ALGORITHMS; i++) {
		size_t head = strlen(algorithms[i].name);
		if (strncasecmp(word, algorithms[i].name, head) == 0 && word[head] == '-')
			return refuse(
				parser,
				"'%.60s' cuts signatures short: set the key to %s at both ends",
				word, algorithms[i].name);
	}
	return refuse(parser,
		      "'%.60s' is no algorithm of keys here: hmac-md5, -sha1, -sha224, "
		      "-sha256, -sha384 and -sha512 are",
		      word);
}

/* Strict: whole groups of four, padding at the end only.  The word is no part of any message. */
static enum ddns_result
set_secret(struct parser *parser, struct key_file_key *key)
{
	uint8_t octets[KEY_FILE_TEXT_MAX / 4 * 3];
	size_t length = 0;
	for (const char *c = parser->word; *c != '\0'; c++) {
		if (isspace((unsigned char)*c))
			continue;
		if (length == KEY_FILE_TEXT_MAX)
			return refuse(parser, "the secret has more than %d octets", SECRET_MAX);
		key->text[length++] = *c;
	}
	key->text[length] = '\0';
	size_t body = strspn(key->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789+/");
	size_t padding = length - body;
	if (length == 0 || length % 4 != 0 || padding > 2 ||
	    strspn(key->text + body, "=") != padding)
		return refuse(parser, "the secret is not base64");
	EVP_DecodeBlock(octets, (const uint8_t *)key->text, (int)length);
	key->secret_length = length / 4 * 3 - padding;
	if (key->secret_length > SECRET_MAX) {
		OPENSSL_cleanse(octets, sizeof octets);
		return refuse(parser, "the secret has more than %d octets", SECRET_MAX);
	}
	memcpy(key->secret, octets, key->secret_length);
	OPENSSL_cleanse(octets, sizeof octets);
	key_file_encode(key->secret, key->secret_length, key->text);
	return DDNS_OK;
}

static enum ddns_result
set_name(struct parser *parser, struct key_file_key *key)
{
	char why[512];
	if (name_parse(parser->word, key->name, why, sizeof why) != DDNS_OK)
		return refuse(parser, "%s", why);
	if (key->name[0] == '\0' || strcmp(key->name, "@") == 0)
		return refuse(parser, "a key has a name");
	return DDNS_OK;
}

static enum ddns_result
append(struct parser *parser, const struct key_file_key *key)
{
	struct key_file *file = parser->file;
	struct key_file_key *larger = malloc((file->count + 1) * sizeof *larger);
	if (larger == NULL) {
		snprintf(parser->error, parser->size, "out of memory");
		return DDNS_NO_MEMORY;
	}
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->keys[i].name, key->name) == 0) {
			free(larger);
			return refuse(parser, "there is a key '%.300s' above already", key->name);
		}
		larger[i] = file->keys[i];
	}
	larger[file->count] = *key;
	size_t count = file->count + 1;
	key_file_free(file);
	*file = (struct key_file){larger, count};
	return DDNS_OK;
}

/* Blanks and the comments of C, C++ and the shell.  false: one is not closed. */
static bool
skip(struct parser *parser)
{
	while (parser->at < parser->end) {
		const char *at = parser->at;
		size_t left = (size_t)(parser->end - at);
		if (isspace((unsigned char)*at)) {
			parser->line += *at == '\n';
			parser->at++;
		} else if (*at == '#' || (left > 1 && at[0] == '/' && at[1] == '/')) {
			const char *end = memchr(at, '\n', left);
			parser->at = end != NULL ? end : parser->end;
		} else if (left > 1 && at[0] == '/' && at[1] == '*') {
			const char *end = memmem(at + 2, left - 2, "*/", 2);
			if (end == NULL)
				return false;
			for (; at < end; at++)
				parser->line += *at == '\n';
			parser->at = end + 2;
		} else {
			break;
		}
	}
	return true;
}

/* Reads a token into `word`: a brace or semicolon, a string, a word; "" at the end of the file. */
static enum ddns_result
next(struct parser *parser)
{
	size_t length = 0;
	parser->is_quoted = false;
	parser->word[0] = '\0';
	if (!skip(parser))
		return refuse(parser, "a comment is not closed");
	if (parser->at == parser->end)
		return DDNS_OK;
	char first = *parser->at;
	if (strchr("{};", first) != NULL && first != '\0') {
		parser->at++;
		snprintf(parser->word, sizeof parser->word, "%c", first);
		return DDNS_OK;
	}
	parser->is_quoted = first == '"';
	parser->at += parser->is_quoted;
	for (; parser->at < parser->end; parser->at++) {
		char c = *parser->at;
		if (c == '\0')
			return refuse(parser, "an octet 0 is in it");
		if (parser->is_quoted ? c == '"'
				      : isspace((unsigned char)c) || strchr("{};\"#", c) != NULL)
			break;
		if (c == '\n' || length == WORD_MAX)
			return refuse(parser, "a word or string is too long or not closed");
		parser->word[length++] = c;
	}
	parser->word[length] = '\0';
	if (!parser->is_quoted)
		return DDNS_OK;
	if (parser->at == parser->end)
		return refuse(parser, "a string is not closed");
	parser->at++;
	return DDNS_OK;
}

static bool
is_mark(const struct parser *parser, const char *mark)
{
	return !parser->is_quoted && strcmp(parser->word, mark) == 0;
}

static bool
is_end(const struct parser *parser)
{
	return !parser->is_quoted && parser->word[0] == '\0';
}

static enum ddns_result
expect(struct parser *parser, const char *mark)
{
	enum ddns_result result = next(parser);
	if (result != DDNS_OK || is_mark(parser, mark))
		return result;
	return refuse(parser, "'%s' is missing%s%.60s%s", mark, is_end(parser) ? "" : " before '",
		      parser->word, is_end(parser) ? "" : "'");
}

/* NAME { algorithm NAME; secret "BASE64"; }; */
static enum ddns_result
parse_clause(struct parser *parser)
{
	struct key_file_key key = {.secret_length = 0};
	enum ddns_result result;

	CHECK(next(parser));
	CHECK(set_name(parser, &key));
	CHECK(expect(parser, "{"));
	for (;;) {
		CHECK(next(parser));
		if (is_mark(parser, "}"))
			break;
		bool is_algorithm = strcasecmp(parser->word, "algorithm") == 0;
		if (!is_algorithm && strcasecmp(parser->word, "secret") != 0) {
			result = refuse(parser,
					"a key has an algorithm and a secret, and nothing else");
			goto cleanup;
		}
		CHECK(next(parser));
		CHECK(is_algorithm ? set_algorithm(parser, &key) : set_secret(parser, &key));
		CHECK(expect(parser, ";"));
	}
	if (key.algorithm[0] == '\0' || key.secret_length == 0)
		result = refuse(parser, "the key '%.300s' has no %s", key.name,
				key.algorithm[0] == '\0' ? "algorithm" : "secret");
	else
		result = expect(parser, ";");
	CHECK(result);
	result = append(parser, &key);
cleanup:
	OPENSSL_cleanse(&key, sizeof key);
	return result;
}

/* Passes over another statement, to its semicolon. */
static enum ddns_result
pass_over(struct parser *parser)
{
	unsigned begin = parser->line;
	size_t depth = 0;
	enum ddns_result result = DDNS_OK;
	while (depth > 0 || !is_mark(parser, ";")) {
		if (is_mark(parser, "{"))
			depth++;
		else if (is_mark(parser, "}") && depth-- == 0)
			return refuse(parser, "a '}' without its '{'");
		CHECK(next(parser));
		if (is_end(parser))
			return refuse(parser, "the statement of line %u is not ended", begin);
	}
cleanup:
	return result;
}

static enum ddns_result
parse_clauses(struct parser *parser)
{
	enum ddns_result result;
	for (;;) {
		CHECK(next(parser));
		if (is_end(parser))
			break;
		if (!parser->is_quoted && strcasecmp(parser->word, "key") == 0)
			CHECK(parse_clause(parser));
		else
			CHECK(pass_over(parser));
	}
cleanup:
	return result;
}

/* The first word of the companion that is no comment's: the owner of its KEY record. */
static enum ddns_result
parse_companion(struct parser *parser, const char *companion, struct key_file_key *key)
{
	if (companion == NULL) {
		snprintf(parser->error, parser->size,
			 "the file K*.key that belongs to it is not beside it: the key's name is "
			 "in there");
		return DDNS_NOT_FOUND;
	}
	for (const char *at = companion; *at != '\0';) {
		size_t length = strcspn(at, " \t\r\n;");
		if (length > 0) {
			snprintf(parser->word, sizeof parser->word, "%.*s", (int)length, at);
			return set_name(parser, key);
		}
		at += *at == ';' ? strcspn(at, "\n") : strspn(at, " \t\r\n");
	}
	snprintf(parser->error, parser->size, "there is no record in the K*.key beside it");
	return DDNS_NOT_FOUND;
}

/* Its lines are "Field: value". */
static enum ddns_result
parse_private(struct parser *parser, const char *companion)
{
	struct key_file_key key = {.secret_length = 0};
	enum ddns_result result = DDNS_OK;

	for (; parser->at < parser->end; parser->line++) {
		size_t left = (size_t)(parser->end - parser->at);
		const char *newline = memchr(parser->at, '\n', left);
		size_t length = newline != NULL ? (size_t)(newline - parser->at) : left;
		const char *colon = memchr(parser->at, ':', length);
		size_t head = colon != NULL ? (size_t)(colon - parser->at) : 0;
		if (length > WORD_MAX) {
			result = refuse(parser, "the line is too long");
			goto cleanup;
		}
		if (head == strlen("Algorithm") && strncmp(parser->at, "Algorithm", head) == 0) {
			snprintf(parser->word, sizeof parser->word, "%.*s",
				 (int)(length - head - 1), colon + 1);
			int number = atoi(parser->word);
			for (size_t i = 0; i < ALGORITHMS; i++)
				if (algorithms[i].number == number)
					snprintf(key.algorithm, sizeof key.algorithm, "%s",
						 algorithms[i].name);
			if (key.algorithm[0] == '\0') {
				result = refuse(parser, "algorithm %d is none of TSIG's", number);
				goto cleanup;
			}
		} else if (head == strlen("Key") && strncmp(parser->at, "Key", head) == 0) {
			snprintf(parser->word, sizeof parser->word, "%.*s",
				 (int)(length - head - 1), colon + 1);
			CHECK(set_secret(parser, &key));
		}
		parser->at += length + (newline != NULL);
	}
	if (key.algorithm[0] == '\0' || key.secret_length == 0) {
		result = refuse(parser, "there is no %s: it is not a TSIG key",
				key.algorithm[0] == '\0' ? "Algorithm" : "Key");
		goto cleanup;
	}
	CHECK(parse_companion(parser, companion, &key));
	result = append(parser, &key);
cleanup:
	OPENSSL_cleanse(&key, sizeof key);
	return result;
}

enum ddns_result
key_file_parse(const char *text, size_t length, const char *companion, struct key_file *file,
	       char *error, size_t size)
{
	static const char private_head[] = "Private-key-format:";
	struct parser parser = {.at = text,
				.end = text + length,
				.line = 1,
				.file = file,
				.error = error,
				.size = size};
	bool is_private = length >= sizeof private_head &&
			  memcmp(text, private_head, sizeof private_head - 1) == 0;
	enum ddns_result result;

	*file = (struct key_file){.keys = NULL};
	CHECK(is_private ? parse_private(&parser, companion) : parse_clauses(&parser));
	if (file->count == 0) {
		snprintf(error, size, "there is no key in it");
		result = DDNS_NOT_FOUND;
	}
cleanup:
	OPENSSL_cleanse(&parser, sizeof parser);
	return result;
}

void
key_file_free(struct key_file *file)
{
	if (file->keys != NULL)
		OPENSSL_cleanse(file->keys, file->count * sizeof *file->keys);
	free(file->keys);
	*file = (struct key_file){.keys = NULL};
}

void
key_file_encode(const uint8_t *secret, size_t length, char text[KEY_FILE_TEXT_MAX + 1])
{
	EVP_EncodeBlock((uint8_t *)text, secret, (int)length);
}
