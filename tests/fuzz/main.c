// SPDX-License-Identifier: GPL-3.0-or-later
// Without libFuzzer: gives each file of the corpus, or those named as arguments, to the target.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay(const char *path)
{
	static uint8_t wire[70000];
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		return 1;
	}
	size_t length = fread(wire, 1, sizeof(wire), file);
	fclose(file);
	// an allocation of exactly that size, so that sanitizers see a read beyond it
	uint8_t *copy = malloc(length > 0 ? length : 1);
	if (copy == NULL)
		return 1;
	for (size_t i = 0; i < length; i++)
		copy[i] = wire[i];
	(void)LLVMFuzzerTestOneInput(copy, length);
	free(copy);
	return 0;
}

int
main(int argc, char **argv)
{
	int failed = 0, count = 0;

	for (int i = 1; i < argc; i++, count++)
		failed |= replay(argv[i]);
	DIR *folder = argc == 1 ? opendir(CORPUS) : NULL;
	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", CORPUS, entry->d_name);
		failed |= replay(path);
		count++;
	}
	if (folder != NULL)
		closedir(folder);
	printf("%d inputs\n", count);
	return failed != 0 || count == 0;
}
