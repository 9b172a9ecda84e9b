// SPDX-License-Identifier: GPL-3.0-or-later
// Commands of `ddnsctl zone` that have a file of their own.
#ifndef GATEWAY_CTL_ZONE_H
#define GATEWAY_CTL_ZONE_H

#include "gateway/ctl/command.h"

enum ddns_result zone_delete(struct session *session, const struct arguments *arguments);
enum ddns_result zone_delegation(struct session *session, const struct arguments *arguments);
enum ddns_result zone_export(struct session *session, const struct arguments *arguments);
enum ddns_result zone_import(struct session *session, const struct arguments *arguments);

#endif
