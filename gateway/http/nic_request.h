// SPDX-License-Identifier: GPL-3.0-or-later
// What the parameters of a dyndns2 update ask for.
#ifndef GATEWAY_HTTP_NIC_REQUEST_H
#define GATEWAY_HTTP_NIC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/http/query.h"
#include "gateway/update/addresses.h"
#include "sql/client/dname.h"

enum {
	NIC_HOSTS_MAX = 20,
	NIC_HOST_TEXT_SIZE = 256, // of a name as it was sent; longer ones are none
};

struct nic_host {
	char text[NIC_HOST_TEXT_SIZE];	    // as it was sent, cut to fit
	char name[DDNS_DNAME_TEXT_MAX + 1]; // stored form; "" where the text is no host name
};

struct nic_request {
	size_t host_count; // 0: none was named; NIC_HOSTS_MAX + 1: more than are taken
	struct nic_host hosts[NIC_HOSTS_MAX];
	struct addresses addresses;
	bool is_offline;
	char *options; // what else is to be set, a JSON object as struct update_request's; or NULL
};

/* Reads them.  nic_request_clear is due in any case.  DDNS_NO_MEMORY. */
enum ddns_result nic_request_read(const struct query *parameters, struct nic_request *nic);
void nic_request_clear(struct nic_request *nic);

#endif
