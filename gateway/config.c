// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the gateway's configuration file by libconfuse, and compares two readings.
#include "gateway/config.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/config_options.h"
#include "gateway/log.h"

static bool
is_list(enum option_type type)
{
	return type == OPTION_LISTEN || type == OPTION_HOSTS || type == OPTION_PREFIXES;
}

static char **
string_at(const struct config *config, const struct option *option)
{
	return (char **)((uintptr_t)config + option->offset);
}

static long *
number_at(const struct config *config, const struct option *option)
{
	return (long *)((uintptr_t)config + option->offset);
}

static struct config_list *
list_at(const struct config *config, const struct option *option)
{
	return (struct config_list *)((uintptr_t)config + option->offset);
}

/* libconfuse's own complaints, and ours through cfg_error. */
static void __attribute__((format(printf, 2, 0)))
report(cfg_t *cfg, const char *format, va_list arguments)
{
	char message[1024];
	vsnprintf(message, sizeof message, format, arguments);
	if (cfg != NULL && cfg->filename != NULL)
		log_error("%s:%d: %s", cfg->filename, cfg->line, message);
	else
		log_error("%s", message);
}

/*
 * libconfuse's table, made from ours: count + 1 elements, count of the defaults of lists, which
 * must stay until cfg_init has copied them.
 */
static void
describe(cfg_opt_t *opts, char (*defaults)[CONFIG_DEFAULT_SIZE])
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			opts[i] = (cfg_opt_t)CFG_STR(option->name, option->text, CFGF_NONE);
			break;
		case OPTION_NUMBER:
			opts[i] = (cfg_opt_t)CFG_INT(option->name, option->number, CFGF_NONE);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			config_list_default(option, defaults[i]);
			opts[i] = (cfg_opt_t)CFG_STR_LIST(option->name, defaults[i], CFGF_NONE);
			break;
		}
	}
	opts[config_option_count] = (cfg_opt_t)CFG_END();
}

static enum ddns_result
copy_list(cfg_t *cfg, const char *name, struct config_list *list)
{
	unsigned count = cfg_size(cfg, name);
	list->items = calloc(count + 1, sizeof *list->items);
	if (list->items == NULL)
		return DDNS_NO_MEMORY;
	for (; list->count < count; list->count++) {
		list->items[list->count] = strdup(cfg_getnstr(cfg, name, (unsigned)list->count));
		if (list->items[list->count] == NULL)
			return DDNS_NO_MEMORY;
	}
	return DDNS_OK;
}

static enum ddns_result
copy_values(cfg_t *cfg, struct config *config)
{
	enum ddns_result result = DDNS_OK;
	for (size_t i = 0; i < config_option_count && result == DDNS_OK; i++) {
		const struct option *option = &config_options[i];
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			*string_at(config, option) = strdup(cfg_getstr(cfg, option->name));
			if (*string_at(config, option) == NULL)
				result = DDNS_NO_MEMORY;
			break;
		case OPTION_NUMBER:
			*number_at(config, option) = cfg_getint(cfg, option->name);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			result = copy_list(cfg, option->name, list_at(config, option));
			break;
		}
	}
	return result;
}

/* What can be wrong although each value is right. */
static enum ddns_result
check_together(const char *path, const struct config *config)
{
	if (config->https_listen.count == 0 ||
	    (config->tls_certificate[0] != '\0' && config->tls_key[0] != '\0'))
		return DDNS_OK;
	log_error("%s: https-listen needs the files of a certificate and its key: set "
		  "tls-certificate and tls-key, too",
		  path);
	return DDNS_BAD_INPUT;
}

enum ddns_result
config_load(const char *path, struct config **configp)
{
	cfg_opt_t *opts = calloc(config_option_count + 1, sizeof *opts);
	char(*defaults)[CONFIG_DEFAULT_SIZE] = calloc(config_option_count, sizeof *defaults);
	struct config *config = NULL;
	cfg_t *cfg = NULL;
	enum ddns_result result = DDNS_NO_MEMORY;

	if (opts == NULL || defaults == NULL)
		goto cleanup;
	describe(opts, defaults);
	cfg = cfg_init(opts, CFGF_NONE);
	if (cfg == NULL)
		goto cleanup;
	cfg_set_error_function(cfg, report);
	for (size_t i = 0; i < config_option_count; i++)
		cfg_set_validate_func(cfg, config_options[i].name, config_check);
	switch (cfg_parse(cfg, path)) {
	case CFG_SUCCESS:
		break;
	case CFG_FILE_ERROR:
		log_error("cannot read the configuration '%s': %s", path, strerror(errno));
		result = DDNS_NOT_FOUND;
		goto cleanup;
	default:
		result = DDNS_BAD_INPUT;
		goto cleanup;
	}
	config = calloc(1, sizeof *config);
	if (config == NULL)
		goto cleanup;
	CHECK(copy_values(cfg, config));
	CHECK(check_together(path, config));
	*configp = config;
	config = NULL;

cleanup:
	config_free(config);
	if (cfg != NULL)
		cfg_free(cfg);
	free(defaults);
	free(opts);
	return result;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config_option_count; i++) {
		if (is_list(config_options[i].type)) {
			struct config_list *list = list_at(config, &config_options[i]);
			for (size_t item = 0; item < list->count; item++)
				free(list->items[item]);
			free(list->items);
		} else if (config_options[i].type != OPTION_NUMBER) {
			free(*string_at(config, &config_options[i]));
		}
	}
	free(config);
}

static bool
is_same_list(const struct config_list *a, const struct config_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

void
config_warn_fixed(const struct config *now, const struct config *next)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];
		bool is_same = false;
		switch (option->type) {
		case OPTION_STRING:
		case OPTION_TITLE:
		case OPTION_LEVEL:
		case OPTION_HEADER:
			is_same = strcmp(*string_at(now, option), *string_at(next, option)) == 0;
			break;
		case OPTION_NUMBER:
			is_same = *number_at(now, option) == *number_at(next, option);
			break;
		case OPTION_LISTEN:
		case OPTION_HOSTS:
		case OPTION_PREFIXES:
			is_same = is_same_list(list_at(now, option), list_at(next, option));
			break;
		}
		if (!is_same && !option->is_live)
			log_warning("the new value of '%s' counts after a restart only",
				    option->name);
	}
}
