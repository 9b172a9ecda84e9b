// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd is told about the service: sd_notify(3) without its library.
#ifndef GATEWAY_SYSTEMD_H
#define GATEWAY_SYSTEMD_H

/*
 * Sends a state such as "READY=1" to the manager, where NOTIFY_SOCKET names one; else nothing.
 * Several assignments are parted by newlines.
 */
void systemd_notify(const char *state);

/* "RELOADING=1" with the time stamp that Type=notify-reload asks for. */
void systemd_notify_reloading(void);

/* Milliseconds between two "WATCHDOG=1" (half of what the manager allows), 0: none are wanted. */
int systemd_watchdog_ms(void);

#endif
