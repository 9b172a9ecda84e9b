# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume of its own for a cluster's data, small enough to be filled."""

import contextlib
import errno
import os
import subprocess

MARGIN = 24 << 20       # beside what the cluster has at the start

# A mount namespace of its own: what is mounted there goes with the last process in it.
HOLD = """\
set -e
mkdir -p "$1.volume"
mount -t tmpfs -o size="$2",mode=700 tmpfs "$1.volume"
cp -a "$1/." "$1.volume"
chown --reference="$1" "$1.volume"
mount --bind "$1.volume" "$1"
echo ready
exec sleep infinity
"""


class SmallDisk:
    """Takes the data of a stopped cluster; only root may.  Nobody but the cluster sees the volume."""

    def __init__(self, cluster):
        self._data = cluster.data
        used = sum(os.lstat(os.path.join(folder, name)).st_blocks * 512
                   for folder, _, names in os.walk(cluster.data) for name in names)
        self._holder = subprocess.Popen(  # pylint: disable=consider-using-with
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", HOLD, "hold", cluster.data, str(used + MARGIN)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            self.remove()
            raise AssertionError("the volume could not be mounted")
        cluster.wrapper = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt"]
        cluster.server.programs += ("nsenter",)

    @property
    def _filling(self):
        return f"/proc/{self._holder.pid}/root{self._data}.volume/filling"

    def fill(self):
        """Takes every byte that is left."""
        with open(self._filling, "ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with _until_full():
                    while file.write(b"x" * size):
                        pass

    def empty(self):
        """Gives back what fill took."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._filling)

    def remove(self):
        """After the cluster's end."""
        self._holder.kill()
        self._holder.communicate()


@contextlib.contextmanager
def _until_full():
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
