# SPDX-License-Identifier: GPL-3.0-or-later
"""A network and a mount namespace for the calling thread: there port 53 and /etc/resolv.conf are ours."""

import ctypes
import os
import subprocess

CLONE_FS, CLONE_NEWNS, CLONE_NEWNET = 0x200, 0x20000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """Between enter and leave, whatever this thread starts or opens is in it; the file system is the same but for resolv.conf."""

    def __init__(self):
        self._outside = []

    def enter(self, resolv_conf):
        """resolv_conf: the path of a file that stands in for /etc/resolv.conf."""
        self._outside = [os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC) for kind in ("net", "mnt")]
        _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
        try:
            # Nothing of what is mounted here is to be seen outside.
            _mount(None, "/", MS_REC | MS_PRIVATE)
            _mount(resolv_conf, os.path.realpath("/etc/resolv.conf"), MS_BIND)
            ip("link set lo up")
        except BaseException:
            self.leave()
            raise

    def leave(self):
        """Its servers and threads must have ended."""
        # A thread that shares its working directory with others may not change its mounts.
        _check(_libc.unshare(CLONE_FS), "unshare")
        cwd = os.getcwd()
        for descriptor in self._outside:
            _check(_libc.setns(descriptor, 0), "setns")
            os.close(descriptor)
        self._outside.clear()
        os.chdir(cwd)


def ip(words):
    """Runs ip(8)."""
    subprocess.run(["ip", *words.split()], check=True)


def _mount(source, target, flags):
    _check(_libc.mount(source.encode() if source else b"none", target.encode(), None, flags, None), f"mount {target}")


def _check(status, what):
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
