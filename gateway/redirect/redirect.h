// SPDX-License-Identifier: GPL-3.0-or-later
// The redirect listener: answers browsers by the Host that they ask for, from memory.
#ifndef GATEWAY_REDIRECT_REDIRECT_H
#define GATEWAY_REDIRECT_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/config.h"
#include "gateway/http/request.h"
#include "gateway/metrics.h"

struct redirects;
struct redirects_options {
	const char *database; // conninfo; copied
	/* The gateway's own names and addresses, as Host says them; copied. */
	const struct config_list *host_names;
	struct metrics *metrics;
};

/* Starts to read the redirects; what is logged is told in follow.h. */
enum ddns_result redirects_create(const struct redirects_options *options,
				  struct redirects **redirectsp);
void redirects_free(struct redirects *redirects); // takes NULL

bool redirects_is_loaded(const struct redirects *redirects);
size_t redirects_count(struct redirects *redirects); // names that are redirected

/*
 * Answers a request on a listener of redirects alone.
 *
 *	302	to the target; max-age is REDIRECT_MAX_AGE
 *	503	the offline page; or the redirects are not read yet
 *	400	no Host or a malformed one, a path that cannot go into a header
 *	404	nobody's name
 *	405	the method is neither GET nor HEAD
 *	414	the path is too long
 *	508	the target is a redirected name itself
 *
 * Never a cookie, whatever the request holds.
 */
enum { REDIRECT_MAX_AGE = 10 }; // seconds; at most 60
enum MHD_Result redirects_answer(struct redirects *redirects, struct http_request *request);

/*
 * Where doors share the listener: whether the request is for the redirects.  It is not if its Host
 * is one of the gateway's own names, or there is none, or a malformed one.  It is if its Host is a
 * redirected name, or where the gateway's own names are known, any other.  Where they are not
 * known, an update (is_update) is the doors': a host that is offline must be able to come back by
 * its name.
 */
bool redirects_are_asked(struct redirects *redirects, const struct http_request *request,
			 bool is_update);

#endif
