// SPDX-License-Identifier: GPL-3.0-or-later
// liburcu's flavour for threads that are not ours: they register themselves at their first read.
#ifndef DLZ_DDNS_RCU_H
#define DLZ_DDNS_RCU_H

/* Inline read sections; ThreadSanitizer only understands calls. */
#ifndef __SANITIZE_THREAD__
#define _LGPL_SOURCE
#endif
#include <urcu-bp.h>

#endif
