// SPDX-License-Identifier: GPL-3.0-or-later
// ddns-gateway: the daemon that takes updates from clients and writes them into the database.
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "gateway/http/status.h"
#include "gateway/jobs/jobs.h"
#include "gateway/listeners.h"
#include "gateway/log.h"
#include "gateway/process.h"
#include "gateway/secret.h"
#include "gateway/systemd.h"
#include "sql/client/db.h"

#define DEFAULT_CONFIG "/etc/ddns/ddns-gateway.conf"

enum {
	FIRST_LOAD_MS = 5000, // how long the start waits for the database
	DRAIN_MS = 10000,     // how long the end waits for clients
};

static const char usage[] =
	"usage: ddns-gateway [-fnv] [-c FILE]\n"
	"\n"
	"Takes address updates over HTTP, as routers, ddclient and inadyn send them, and DNS\n"
	"UPDATE with TSIG, as nsupdate does, and writes them into the PostgreSQL database that\n"
	"named answers from.\n"
	"\n"
	"  -c, --config FILE   the configuration [" DEFAULT_CONFIG "]\n"
	"  -f, --foreground    stay in the foreground and log to standard error: for systemd,\n"
	"                      containers and trying out; else go to the background, log to "
	"syslog\n"
	"  -n, --check         check the configuration and end\n"
	"  -v, --verbose       log as much as log-level = debug does\n"
	"      --options       print every option of the configuration with its default\n"
	"      --help          this text\n"
	"      --version       the version\n"
	"\n"
	"SIGHUP reads the configuration again; SIGTERM finishes what has come in and ends.\n"
	"\n"
	"A first configuration needs no more than\n"
	"\n"
	"    database = \"host=/run/postgresql dbname=ddns\"\n"
	"    user = \"ddns-gateway\"\n"
	"\n"
	"and then an update is\n"
	"\n"
	"    curl -u NAME:PASSWORD 'http://localhost/nic/update?hostname=HOST&myip=192.0.2.1'\n";

struct arguments {
	const char *config;
	bool is_foreground, is_check, is_verbose;
};

/* All that is running. */
struct program {
	struct arguments arguments;
	struct config *config;
	struct secret_key secret_key;
	struct gateway gateway;
	struct listeners *listeners;
	struct jobs *jobs;
};

/* Reads the command line; where the program is to end, *statusp says how and the result is false.
 */
static bool
read_arguments(int argc, char **argv, struct arguments *arguments, int *statusp)
{
	enum { OPTION_OPTIONS = 256, OPTION_HELP, OPTION_VERSION };
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"foreground", no_argument, NULL, 'f'},
		{"check", no_argument, NULL, 'n'},
		{"verbose", no_argument, NULL, 'v'},
		{"options", no_argument, NULL, OPTION_OPTIONS},
		{"help", no_argument, NULL, OPTION_HELP},
		{"version", no_argument, NULL, OPTION_VERSION},
		{NULL, 0, NULL, 0},
	};
	*arguments = (struct arguments){.config = DEFAULT_CONFIG};
	*statusp = EXIT_SUCCESS;
	for (int c; (c = getopt_long(argc, argv, "c:fnv", options, NULL)) != -1;) {
		switch (c) {
		case 'c':
			arguments->config = optarg;
			break;
		case 'f':
			arguments->is_foreground = true;
			break;
		case 'n':
			arguments->is_check = true;
			break;
		case 'v':
			arguments->is_verbose = true;
			break;
		case OPTION_OPTIONS:
			config_print_options(stdout);
			return false;
		case OPTION_HELP:
			fputs(usage, stdout);
			return false;
		case OPTION_VERSION:
			puts("ddns-gateway " PACKAGE_VERSION);
			return false;
		default:
			fputs("try: ddns-gateway --help\n", stderr);
			*statusp = 2;
			return false;
		}
	}
	if (optind == argc)
		return true;
	fprintf(stderr, "ddns-gateway: '%s' is not understood; try: ddns-gateway --help\n",
		argv[optind]);
	*statusp = 2;
	return false;
}

static enum ddns_result
load_secret_key(struct program *program)
{
	char error[512];
	enum ddns_result result = secret_key_load(program->config->secret_key_file,
						  &program->secret_key, error, sizeof error);
	if (result != DDNS_OK)
		log_error("%s", error);
	return result;
}

static struct dns_door_limits
dns_limits(const struct config *config)
{
	enum { BURST = 10 }; // seconds' worth of what may come at once
	unsigned key = (unsigned)config->dns_key_rate;
	unsigned stranger = (unsigned)config->dns_query_rate;
	unsigned refusal = (unsigned)config->dns_refusal_rate;
	return (struct dns_door_limits){
		.connections =
			{
				.connections = (unsigned)config->dns_connections,
				.per_address = (unsigned)config->dns_connections_per_address,
				.messages = 100,
			},
		.key_rate = {key, BURST * key},
		.stranger_rate = {stranger, BURST * stranger},
		.refusal_rate = {refusal, BURST * refusal},
	};
}

/* Its sockets need privileges. */
static enum ddns_result
create_dns_door(struct program *program)
{
	const struct config *config = program->config;
	enum ddns_result result;
	const struct dns_door_options dns = {
		.database = config->database,
		.listen = (const char *const *)config->dns_listen.items,
		.listen_count = config->dns_listen.count,
		.keyring = program->gateway.keyring,
		.metrics = &program->gateway.metrics,
		.limits = dns_limits(config),
	};
	CHECK(dns_door_create(&dns, &program->gateway.dns));

cleanup:
	return result;
}

static struct failures_limits
login_limits(const struct config *config)
{
	return (struct failures_limits){
		.per_network = (unsigned)config->login_failures_per_network,
		.per_user = (unsigned)config->login_failures_per_user,
	};
}

static enum ddns_result
create_gateway(struct program *program)
{
	struct gateway *gateway = &program->gateway;
	const char *database = program->config->database;
	enum ddns_result result;
	metrics_init(&gateway->metrics);
	gateway->realm = strdup(program->config->http_realm);
	if (gateway->realm == NULL)
		return DDNS_NO_MEMORY;
	CHECK(credentials_create(&gateway->credentials));
	const struct hasher_options hasher = {
		.credentials = gateway->credentials,
		.metrics = &gateway->metrics,
		.database = database,
	};
	CHECK(hasher_create(&hasher, &gateway->hasher));
	const struct failures_limits failures = login_limits(program->config);
	CHECK(failures_create(&failures, &gateway->failures));
	const struct writer_options writer = {
		.database = database,
		.metrics = &gateway->metrics,
	};
	CHECK(writer_create(&writer, &gateway->writer));
	const struct attempts_options attempts = {
		.database = database,
		.metrics = &gateway->metrics,
	};
	CHECK(attempts_create(&attempts, &gateway->attempts));
	const struct feed_options feed = {
		.database = database,
		.credentials = gateway->credentials,
		.keyring = gateway->keyring,
		.secret_key_id = program->secret_key.id,
	};
	CHECK(feed_create(&feed, &gateway->feed));
	const struct redirects_options redirects = {
		.database = database,
		.host_names = &program->config->host_names,
		.metrics = &gateway->metrics,
	};
	CHECK(redirects_create(&redirects, &gateway->redirects));

cleanup:
	return result;
}

/*
 * Gives the database some time, so that the first client does not find us empty-handed.  Without it
 * we go on; with one whose secrets we cannot open, or whose schema is not ours, we do not.
 */
static enum ddns_result
wait_for_database(struct program *program)
{
	const struct timespec step = {.tv_nsec = 5000000};
	int64_t deadline = ddns_clock_ms() + FIRST_LOAD_MS;
	struct feed_status feed;
	struct writer_status writer;
	do {
		feed_status(program->gateway.feed, &feed);
		writer_status(program->gateway.writer, &writer);
		if (feed.is_foreign || feed.is_unfit)
			return DDNS_DENIED;
		if (feed.is_ready && writer.is_connected &&
		    redirects_is_loaded(program->gateway.redirects))
			return DDNS_OK;
		nanosleep(&step, NULL);
	} while (ddns_clock_ms() < deadline);
	log_warning("starting without the database: updates are answered by 911 until it is there");
	return DDNS_OK;
}

static enum ddns_result
create_jobs(struct program *program)
{
	const struct config *config = program->config;
	const struct jobs_options options = {
		.database = config->database,
		.name_servers = &config->name_servers,
		.notify_sources = &config->notify_source,
		.keyring = program->gateway.keyring,
		.metrics = &program->gateway.metrics,
	};
	return jobs_create(&options, &program->jobs);
}

static enum ddns_result
start(struct program *program)
{
	enum ddns_result result;
	process_set_limits();
	CHECK(load_secret_key(program));
	CHECK(listeners_create(program->config, &program->gateway, &program->listeners));
	CHECK(keyring_create(&program->secret_key, &program->gateway.keyring));
	if (program->config->dns_listen.count > 0)
		CHECK(create_dns_door(program));
	CHECK(process_drop_privileges(program->config->user));
	CHECK(create_gateway(program));
	CHECK(wait_for_database(program));
	if (program->gateway.dns != NULL) // before the listener that tells of it
		CHECK(dns_door_start(program->gateway.dns, program->gateway.attempts));
	CHECK(listeners_start(program->listeners));
	// last: it counts as listening what their clients can reach
	CHECK(create_jobs(program));

cleanup:
	return result;
}

static void
stop(struct program *program)
{
	struct gateway *gateway = &program->gateway;
	jobs_free(program->jobs);
	listeners_free(program->listeners, DRAIN_MS);
	redirects_free(gateway->redirects);
	dns_door_free(gateway->dns);
	feed_free(gateway->feed);
	keyring_free(gateway->keyring);
	hasher_free(gateway->hasher);
	failures_free(gateway->failures);
	writer_free(gateway->writer);
	attempts_free(gateway->attempts);
	credentials_free(gateway->credentials);
	free(gateway->realm);
	secret_key_clear(&program->secret_key);
}

/* SIGHUP: the new file counts whole or not at all. */
static void
reload(struct program *program)
{
	struct config *next;
	systemd_notify_reloading();
	if (config_load(program->arguments.config, &next) != DDNS_OK) {
		log_error("the configuration stays as it was");
	} else {
		const struct failures_limits failures = login_limits(next);
		config_warn_fixed(program->config, next);
		failures_set_limits(program->gateway.failures, &failures);
		listeners_reload(program->listeners, next);
		if (program->gateway.dns != NULL) {
			const struct dns_door_limits limits = dns_limits(next);
			dns_door_set_limits(program->gateway.dns, &limits);
		}
		log_set_level(program->arguments.is_verbose ? LOG_DEBUG
							    : config_log_priority(next));
		config_free(program->config);
		program->config = next;
		log_notice("the configuration was read again");
	}
	systemd_notify("READY=1");
}

/* Serves until a signal says stop. */
static void
serve(struct program *program, const sigset_t *signals)
{
	int watchdog_ms = systemd_watchdog_ms();
	int fd = signalfd(-1, signals, SFD_CLOEXEC);
	if (fd < 0) {
		log_error("cannot wait for signals: %s", strerror(errno));
		return;
	}
	systemd_notify("READY=1\nSTATUS=serving");
	log_notice("ddns-gateway %s is ready", PACKAGE_VERSION);
	for (;;) {
		struct pollfd event = {.fd = fd, .events = POLLIN};
		struct signalfd_siginfo info;
		int pause_ms = listeners_watch(program->listeners);
		if (watchdog_ms > 0 && (pause_ms < 0 || pause_ms > watchdog_ms))
			pause_ms = watchdog_ms;
		int count = poll(&event, 1, pause_ms);
		if (watchdog_ms > 0 && status_is_alive(&program->gateway))
			systemd_notify("WATCHDOG=1");
		if (count <= 0 || read(fd, &info, sizeof info) != sizeof info)
			continue;
		if (info.ssi_signo != SIGHUP)
			break;
		reload(program);
	}
	systemd_notify("STOPPING=1");
	log_notice("finishing what has come in");
	close(fd);
}

/* All threads inherit this: signals reach the main thread only, by its descriptor. */
static void
block_signals(sigset_t *signals)
{
	sigset_t all;
	sigemptyset(signals);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	all = *signals;
	sigaddset(&all, SIGPIPE);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

int
main(int argc, char **argv)
{
	static struct program program;
	sigset_t signals;
	int status;
	if (!read_arguments(argc, argv, &program.arguments, &status))
		return status;
	log_open();
	if (config_load(program.arguments.config, &program.config) != DDNS_OK)
		return EXIT_FAILURE;
	log_set_level(program.arguments.is_verbose ? LOG_DEBUG
						   : config_log_priority(program.config));
	status = EXIT_FAILURE;
	if (program.arguments.is_check) {
		if (listeners_check(program.config) == DDNS_OK) {
			log_info("the configuration '%s' is right", program.arguments.config);
			status = EXIT_SUCCESS;
		}
	} else if (program.arguments.is_foreground || process_fork() == DDNS_OK) {
		block_signals(&signals);
		if (start(&program) == DDNS_OK) {
			process_detach();
			serve(&program, &signals);
			status = EXIT_SUCCESS;
		}
		stop(&program);
		if (status == EXIT_SUCCESS)
			log_notice("ended");
	}
	config_free(program.config);
	return status;
}
