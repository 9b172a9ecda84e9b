// SPDX-License-Identifier: GPL-3.0-or-later
// Reads files and standard input whole.
#include "gateway/ctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

enum { SIZE_FIRST = 64 * 1024 };

const char *
input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

static enum ddns_result
fail(const char *path, int number, char *error, size_t size)
{
	snprintf(error, size, "cannot read %s: %s", input_name(path), strerror(number));
	switch (number) {
	case ENOENT:
		return DDNS_NOT_FOUND;
	case EACCES:
		return DDNS_DENIED;
	case EISDIR:
	case EFBIG:
		return DDNS_BAD_INPUT;
	case ENOMEM:
		return DDNS_NO_MEMORY;
	default:
		return DDNS_INTERNAL;
	}
}

/* Larger by a copy, so that nothing of a secret stays where the old one was. */
static char *
enlarge(char *text, size_t length, size_t size)
{
	char *larger = malloc(size);
	if (larger != NULL && text != NULL) {
		memcpy(larger, text, length);
		OPENSSL_cleanse(text, length);
		free(text);
	}
	return larger;
}

enum ddns_result
input_read(const char *path, char **textp, size_t *lengthp, char *error, size_t size)
{
	bool is_standard = strcmp(path, "-") == 0;
	int fd = is_standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *text = NULL;
	size_t length = 0, room = 0;
	int number = fd < 0 ? errno : 0;
	ssize_t got = 1;

	while (number == 0 && got != 0) {
		if (room - length < 2) {
			size_t larger_room = room == 0 ? SIZE_FIRST : 2 * room;
			char *larger = enlarge(text, length, larger_room);
			if (larger == NULL) {
				number = ENOMEM;
				break;
			}
			text = larger;
			room = larger_room;
		}
		got = read(fd, text + length, room - length - 1);
		if (got < 0 && errno != EINTR)
			number = errno;
		else if (got > 0)
			length += (size_t)got;
		if (length > INPUT_MAX)
			number = EFBIG;
	}
	if (fd >= 0 && !is_standard)
		close(fd);
	if (number != 0) {
		if (text != NULL)
			OPENSSL_cleanse(text, length);
		free(text);
		return fail(path, number, error, size);
	}
	text[length] = '\0';
	*textp = text;
	*lengthp = length;
	return DDNS_OK;
}
