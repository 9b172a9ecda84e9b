// SPDX-License-Identifier: GPL-3.0-or-later
// Commands of `ddnsctl key` that have a file of their own.
#ifndef GATEWAY_CTL_KEY_H
#define GATEWAY_CTL_KEY_H

#include "gateway/ctl/command.h"

enum ddns_result key_import(struct session *session, const struct arguments *arguments);
enum ddns_result key_export(struct session *session, const struct arguments *arguments);

#endif
