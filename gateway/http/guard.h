// SPDX-License-Identifier: GPL-3.0-or-later
// What libmicrohttpd lets through and we do not.
#ifndef GATEWAY_HTTP_GUARD_H
#define GATEWAY_HTTP_GUARD_H

#include "gateway/http/request.h"

/*
 * Looks at method and headers before anything is done with the request.  Whatever could be read as
 * two requests by one of two programs, or otherwise than by a proxy before us, is refused:
 * Content-Length together with Transfer-Encoding, either of them or Host or Authorization twice, a
 * length that is no number, another encoding than "chunked", a body on a method that has none,
 * blanks in a header's name, control bytes in its value, headers that leave no memory for a reply,
 * and a Host that contradicts an absolute target.
 *
 * Returns 0, or the status to refuse it with; *reasonp says why.
 */
unsigned guard_check(const struct http_request *request, const char **reasonp);

/* The path of a target, without scheme and authority where it has them ("http://host/path?query").
 */
char *guard_path(char *target);

#endif
