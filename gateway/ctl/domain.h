// SPDX-License-Identifier: GPL-3.0-or-later
// The commands on domains that stand in a file of their own.
#ifndef GATEWAY_CTL_DOMAIN_H
#define GATEWAY_CTL_DOMAIN_H

#include "gateway/ctl/arguments.h"
#include "gateway/ctl/entity.h"
#include "gateway/ctl/session.h"

extern const struct entity domain_entity;

/* As struct command's run. */
enum ddns_result domain_online(struct session *session, const struct arguments *arguments);
enum ddns_result domain_offline(struct session *session, const struct arguments *arguments);
enum ddns_result domain_register(struct session *session, const struct arguments *arguments);
enum ddns_result domain_release(struct session *session, const struct arguments *arguments);

#endif
