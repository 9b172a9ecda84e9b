// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon's HTTP listeners, as the configuration wants them.
#ifndef GATEWAY_LISTENERS_H
#define GATEWAY_LISTENERS_H

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "sql/client/result.h"

/* Those of the doors, plain and over TLS, of redirects where they have their own, and of monitoring. */
struct listeners;

/* Whether the files that they need can be used.  What cannot is logged. */
enum ddns_result listeners_check(const struct config *config);

/*
 * Binds them, which may take privileges; nothing is answered yet.  Of the gateway only the metrics
 * need be there by now; it must outlive the listeners.  Failures are logged.
 */
enum ddns_result listeners_create(const struct config *config, struct gateway *gateway,
				  struct listeners **listenersp);

/* Starts their threads. */
enum ddns_result listeners_start(struct listeners *listeners);

/* Takes over what may change while they run, and reads the certificate again. */
void listeners_reload(struct listeners *listeners, const struct config *config);

/* To be called now and then: sees to the certificate.  How many milliseconds later again, -1: never.
 */
int listeners_watch(struct listeners *listeners);

/* Finishes what has come in at the doors, in at most timeout_ms, and ends all; takes NULL. */
void listeners_free(struct listeners *listeners, int timeout_ms);

#endif
