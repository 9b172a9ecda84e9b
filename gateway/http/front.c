// SPDX-License-Identifier: GPL-3.0-or-later
// The page at "/", and the routes of the doors' listener.
#include "gateway/http/front.h"

#include <string.h>

#include "gateway/http/bookmark.h"
#include "gateway/http/guard.h"
#include "gateway/http/myip.h"
#include "gateway/http/nic.h"

static const char page[] =
	"This is a dynamic DNS server: it keeps host names at the addresses of those who hold "
	"them.\n"
	"\n"
	"To set a host to the address that you come from:\n"
	"\n"
	"    curl -u NAME:PASSWORD 'http://THIS-SERVER/nic/update?hostname=HOST'\n"
	"\n"
	"To set it to another address, or to one of each family, add &myip=ADDRESS,ADDRESS.\n"
	"NAME is your login or the name of a key, PASSWORD your password or the key's secret.\n"
	"A key's secret alone does as well: as &token=SECRET, or as the bookmark /u/SECRET/ in a\n"
	"browser, for a key that is for one host.\n"
	"Routers, ddclient and inadyn do the same when they are set to dyndns2 and this server.\n"
	"The answer is \"good\" or \"nochg\" where the host now has that address.\n"
	"\n"
	"/myip tells the address that you come from.\n";

static enum MHD_Result
front_page(struct http_request *request)
{
	return http_reply_text(request, MHD_HTTP_OK, page);
}

enum {
	UPDATE_METHODS = HTTP_GET | HTTP_POST | HTTP_PUT,
	UPDATES = HTTP_ROUTE_UPDATES,
	UPDATES_COMMON = HTTP_ROUTE_UPDATES | HTTP_ROUTE_COMMON,
	BOOKMARK = HTTP_ROUTE_UPDATES | HTTP_ROUTE_COMMON | HTTP_ROUTE_SECRET,
};

const struct http_route front_routes[] = {
	{"/nic/update", UPDATE_METHODS, UPDATES, NULL, nic_update},
	{"/nic/dyndns", UPDATE_METHODS, UPDATES, NULL, nic_update},
	{"/nic/statdns", UPDATE_METHODS, UPDATES, NULL, nic_update},
	{"/v3/update", UPDATE_METHODS, UPDATES, NULL, nic_update},
	{"/v2/update", UPDATE_METHODS, UPDATES, NULL, nic_update},
	{"/dyndns/update", UPDATE_METHODS, UPDATES, NULL, nic_update},
	{"/update", UPDATE_METHODS, UPDATES_COMMON, NULL, nic_update},
	{"/api/update", UPDATE_METHODS, UPDATES_COMMON, NULL, nic_update},
	{BOOKMARK_PATH, HTTP_GET | HTTP_POST, BOOKMARK, NULL, bookmark_update},
	{"/myip", HTTP_GET, 0, NULL, myip_plain},
	{"/ip", HTTP_GET, 0, NULL, myip_plain},
	{"/checkip", HTTP_GET, 0, NULL, myip_page},
	{"/nic/checkip.html", HTTP_GET, 0, NULL, myip_page},
	{"/", UPDATE_METHODS, UPDATES_COMMON, "hostname", nic_update}, // where some clients send it
	{"/", HTTP_GET, 0, NULL, front_page},
};
const size_t front_route_count = sizeof front_routes / sizeof *front_routes;

bool
front_is_update(const struct http_request *request)
{
	const char *path = guard_path(request->target);
	path += path[0] == '/' ? strspn(path, "/") - 1 : 0;
	size_t length = strcspn(path, "?#");
	for (size_t i = 0; i < front_route_count; i++) {
		const struct http_route *route = &front_routes[i];
		if (route->flags == HTTP_ROUTE_UPDATES && route->parameter == NULL &&
		    strlen(route->path) == length && memcmp(route->path, path, length) == 0)
			return true;
	}
	return false;
}
