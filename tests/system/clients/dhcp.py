# SPDX-License-Identifier: GPL-3.0-or-later
"""A DHCP client (RFC 2131) on a raw socket: it takes leases and gives them back, and configures nothing."""

import random
import socket
import struct
import time

DISCOVER, OFFER, REQUEST, ACK, RELEASE = 1, 2, 3, 5, 7
COOKIE = b"\x63\x82\x53\x63"
ETH_P_IP = 0x0800


class DhcpClient:
    """One machine, by its hardware address and host name, on an interface."""

    def __init__(self, interface, number, host_name):
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IP))
        self._socket.bind((interface, ETH_P_IP))
        self._hardware = bytes((2, 0, 0, 0, 0, number))
        self._host_name = host_name.encode()
        self._server = b""
        self.address = ""

    def close(self):
        self._socket.close()

    def lease(self):
        """Takes a lease (or renews it by the same four messages); the address."""
        name = (12, self._host_name)
        offer, options = self._ask(OFFER, (53, bytes((DISCOVER,))), name)
        self._server = options[54]
        ack, _ = self._ask(ACK, (53, bytes((REQUEST,))), (50, offer), (54, self._server), name)
        self.address = socket.inet_ntoa(ack)
        return self.address

    def release(self):
        """Gives the lease back; there is no answer to that."""
        self._send(random.getrandbits(32), socket.inet_aton(self.address), (53, bytes((RELEASE,))), (54, self._server))

    def _ask(self, expected, *options):
        """Sends, again if need be; (the address given, the options) of the answer."""
        number = random.getrandbits(32)
        for _ in range(5):
            self._send(number, bytes(4), *options)
            deadline = time.monotonic() + 2
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                try:
                    answer = _parse(self._socket.recv(2048), number)
                except TimeoutError:
                    break
                if answer and answer[1].get(53) == bytes((expected,)):
                    return answer
        raise AssertionError(f"no DHCP answer of type {expected}")

    def _send(self, number, address, *options):
        # Op, hardware type and length, hops, number, seconds, flags (answer by broadcast), addresses.
        bootp = struct.pack("!4BIHH4s12x16s192x", 1, 1, 6, 0, number, 0, 0x8000, address, self._hardware) + COOKIE
        bootp += b"".join(bytes((code, len(value))) + value for code, value in options) + b"\xff"
        bootp = bootp.ljust(300, b"\0")
        udp = struct.pack("!4H", 68, 67, 8 + len(bootp), 0) + bootp
        header = struct.pack("!2B3H2BH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, address, b"\xff" * 4)
        header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
        self._socket.send(b"\xff" * 6 + self._hardware + struct.pack("!H", ETH_P_IP) + header + udp)


def _parse(frame, number):
    """The address given and the options of an answer to the message of this number, else None."""
    packet = frame[14:]
    if len(packet) < 20 or packet[9] != 17:
        return None
    udp = packet[(packet[0] & 15) * 4:]
    bootp = udp[8:]
    if udp[:2] != struct.pack("!H", 67) or len(bootp) < 240 or bootp[:1] != b"\2" or bootp[236:240] != COOKIE:
        return None
    if struct.unpack("!I", bootp[4:8])[0] != number:
        return None
    options, at = {}, 240
    while at + 1 < len(bootp) and bootp[at] != 255:
        if bootp[at] == 0:
            at += 1
            continue
        options[bootp[at]] = bootp[at + 2:at + 2 + bootp[at + 1]]
        at += 2 + bootp[at + 1]
    return bootp[16:20], options


def _checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff
