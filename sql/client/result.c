// SPDX-License-Identifier: GPL-3.0-or-later
// Names of the results, for logs and tests.
#include "sql/client/result.h"

const char *
ddns_result_text(enum ddns_result result)
{
	switch (result) {
	case DDNS_OK:
		return "ok";
	case DDNS_NOT_FOUND:
		return "not found";
	case DDNS_DENIED:
		return "denied";
	case DDNS_CONFLICT:
		return "conflict";
	case DDNS_BAD_INPUT:
		return "bad input";
	case DDNS_RETRY:
		return "retry";
	case DDNS_UNAVAILABLE:
		return "unavailable";
	case DDNS_NO_MEMORY:
		return "out of memory";
	case DDNS_INTERNAL:
		return "internal error";
	}
	return "unknown result";
}
