// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a value is one that its option takes.
#include <string.h>

#include "gateway/address.h"
#include "gateway/config.h"
#include "gateway/config_options.h"
#include "gateway/http/proxy.h"
#include "gateway/log.h"
#include "gateway/redirect/host.h"

static const struct {
	const char *name;
	int priority;
} levels[] = {
	{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
	{"info", LOG_INFO}, {"debug", LOG_DEBUG},
};
enum { LEVEL_COUNT = sizeof levels / sizeof *levels };

int
config_log_priority(const struct config *config)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, config->log_level) == 0)
			return levels[i].priority;
	return LOG_INFO;
}

static int
check_number(cfg_t *cfg, const struct option *option, long value)
{
	if (value >= option->least && value <= option->most)
		return 0;
	cfg_error(cfg, "%s = %ld: must be from %ld to %ld", option->name, value, option->least,
		  option->most);
	return -1;
}

static int
check_title(cfg_t *cfg, const char *name, const char *value)
{
	for (const char *at = value; *at != '\0'; at++) {
		if ((unsigned char)*at >= 0x20 && *at != 0x7f && *at != '"' && *at != '\\')
			continue;
		cfg_error(cfg,
			  "%s: double quotes, backslashes and control characters cannot be "
			  "in it",
			  name);
		return -1;
	}
	return 0;
}

static int
check_level(cfg_t *cfg, const char *value)
{
	for (size_t i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, value) == 0)
			return 0;
	cfg_error(cfg, "log-level = '%s': must be error, warning, notice, info or debug", value);
	return -1;
}

static int
check_header(cfg_t *cfg, const char *value)
{
	if (strcmp(value, PROXY_HEADER_USUAL) == 0 || strcmp(value, PROXY_HEADER_STANDARD) == 0)
		return 0;
	cfg_error(cfg, "forwarded-header = '%s': must be %s or %s", value, PROXY_HEADER_USUAL,
		  PROXY_HEADER_STANDARD);
	return -1;
}

static int
check_listen(cfg_t *cfg, const char *name, const char *value)
{
	struct listen_address address;
	if (listen_address_parse(value, &address) == DDNS_OK)
		return 0;
	cfg_error(cfg, "%s: '%s' is no ADDRESS:PORT, such as 192.0.2.1:80, *:80 or [::]:80", name,
		  value);
	return -1;
}

static int
check_host(cfg_t *cfg, const char *name, const char *value)
{
	struct host host;
	size_t length = strlen(value);
	bool has_port = value[0] == '[' ? value[length - 1] != ']' : strchr(value, ':') != NULL;
	if (!has_port && host_parse(value, &host) == DDNS_OK)
		return 0;
	cfg_error(cfg, "%s: '%s' is no host, such as ddns.example.org, 192.0.2.1 or [2001:db8::1]",
		  name, value);
	return -1;
}

static int
check_prefix(cfg_t *cfg, const char *name, const char *value)
{
	struct proxy_prefix prefix;
	if (proxy_prefix_parse(value, &prefix) == DDNS_OK)
		return 0;
	cfg_error(cfg,
		  "%s: '%s' is no address or prefix, such as 192.0.2.1, 10.0.0.0/8 or "
		  "2001:db8::/32",
		  name, value);
	return -1;
}

int
config_check(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct option *option = config_option_find(opt->name);
	unsigned last = cfg_opt_size(opt) - 1;
	switch (option->type) {
	case OPTION_STRING:
		return 0;
	case OPTION_TITLE:
		return check_title(cfg, option->name, cfg_opt_getnstr(opt, last));
	case OPTION_NUMBER:
		return check_number(cfg, option, cfg_opt_getnint(opt, last));
	case OPTION_HEADER:
		return check_header(cfg, cfg_opt_getnstr(opt, last));
	case OPTION_LEVEL:
		return check_level(cfg, cfg_opt_getnstr(opt, last));
	case OPTION_LISTEN:
		return check_listen(cfg, option->name, cfg_opt_getnstr(opt, last));
	case OPTION_HOSTS:
		return check_host(cfg, option->name, cfg_opt_getnstr(opt, last));
	case OPTION_PREFIXES:
		return check_prefix(cfg, option->name, cfg_opt_getnstr(opt, last));
	}
	return -1;
}
