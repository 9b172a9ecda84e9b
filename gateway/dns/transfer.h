// SPDX-License-Identifier: GPL-3.0-or-later
// Zone transfers (AXFR, RFC 5936) for keys that may have all of a zone.
#ifndef GATEWAY_DNS_TRANSFER_H
#define GATEWAY_DNS_TRANSFER_H

#include "gateway/dns/exchange.h"
#include "gateway/dns/rr.h"
#include "sql/client/db.h"

/*
 * Answers a signed AXFR or IXFR over TCP with the whole zone out of one snapshot, each message
 * signed, and drops the exchange.  REFUSED: the key may not; NOTAUTH: no such zone.  The connection
 * is closed where it breaks off on the way, for the client to know: as it does with a client that
 * reads less than 16 KiB a second on average after its first ten seconds.
 */
void transfer_run(struct exchange *exchange, struct ddns_db *db, struct rr_reader *reader);

#endif
