// SPDX-License-Identifier: GPL-3.0-or-later
// The gateway's counters in Prometheus' text format.
#ifndef GATEWAY_HTTP_PROMETHEUS_H
#define GATEWAY_HTTP_PROMETHEUS_H

#include <stdio.h>

#include "gateway/http/status.h"

/* Version 0.0.4 of the exposition format.  Labels are of fixed sets: nothing of clients is in it.
 */
void prometheus_write(FILE *out, const struct status_sources *sources);

#endif
