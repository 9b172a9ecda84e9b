// SPDX-License-Identifier: GPL-3.0-or-later
// The files beside this one, as strings: gateway/web/embed makes them at build time.
#ifndef GATEWAY_WEB_WEB_H
#define GATEWAY_WEB_WEB_H

extern const char web_page_css[]; // of all pages
extern const char web_bookmark_html[];
extern const char web_offline_en_html[];
extern const char web_offline_de_html[];

#endif
