// SPDX-License-Identifier: GPL-3.0-or-later
// What the doors share: they get it as their context.
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "gateway/dns/door.h"
#include "gateway/dns/keyring.h"
#include "gateway/feed.h"
#include "gateway/metrics.h"
#include "gateway/redirect/redirect.h"
#include "gateway/update/attempts.h"
#include "gateway/update/authenticate.h"
#include "gateway/update/credential.h"
#include "gateway/update/hasher.h"
#include "gateway/update/writer.h"

struct gateway {
	char *realm; // of HTTP authentication
	struct metrics metrics;
	struct credentials *credentials;
	struct keyring *keyring;
	struct dns_door *dns; // NULL: switched off
	struct hasher *hasher;
	struct failures *failures;
	struct writer *writer;
	struct attempts *attempts;
	struct feed *feed;
	struct redirects *redirects;
};

#endif
