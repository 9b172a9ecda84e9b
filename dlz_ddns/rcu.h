// SPDX-License-Identifier: GPL-3.0-or-later
// liburcu's flavour for threads that are not ours: they register themselves at their first read.
#ifndef DLZ_DDNS_RCU_H
#define DLZ_DDNS_RCU_H

/*
 * Inline read sections, but for sanitizers: ThreadSanitizer only understands calls, and UBSan finds
 * that the library aligns its records less than its own header asks for.
 */
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define _LGPL_SOURCE
#endif
#include <urcu-bp.h>

/* What a grace period means: all that was read before it happened before what comes after it. */
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
extern char rcu_mark;
#undef rcu_read_unlock
#undef synchronize_rcu
#define rcu_read_unlock() (__tsan_release(&rcu_mark), urcu_bp_read_unlock())
#define synchronize_rcu() (urcu_bp_synchronize_rcu(), __tsan_acquire(&rcu_mark))
#endif

#endif
