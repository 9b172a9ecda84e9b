// SPDX-License-Identifier: GPL-3.0-or-later
// The daemon's HTTP listeners, as the configuration wants them.
#ifndef GATEWAY_LISTENERS_H
#define GATEWAY_LISTENERS_H

#include "gateway/config.h"
#include "gateway/gateway.h"
#include "sql/client/result.h"

/* Those of the doors, of redirects where they have their own, and of monitoring. */
struct listeners;

/*
 * Binds them, which may take privileges; nothing is answered yet.  Of the gateway only the metrics
 * need be there by now; it must outlive the listeners.  Failures are logged.
 */
enum ddns_result listeners_create(const struct config *config, struct gateway *gateway,
				  struct listeners **listenersp);

/* Starts their threads. */
enum ddns_result listeners_start(struct listeners *listeners);

/* Takes over what may change while they run. */
void listeners_reload(struct listeners *listeners, const struct config *config);

/* Finishes what has come in at the doors, in at most timeout_ms, and ends all; takes NULL. */
void listeners_free(struct listeners *listeners, int timeout_ms);

#endif
