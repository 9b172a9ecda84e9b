# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of many requests, as percentiles."""

import contextlib
import statistics
import time


class Times:
    """Seconds, gathered one by one."""

    def __init__(self, seconds=()):
        self.seconds = list(seconds)

    def __len__(self):
        return len(self.seconds)

    def __str__(self):
        return (f"{len(self)} times, p50 {self.percentile(50) * 1000:.2f} ms, p99 {self.percentile(99) * 1000:.2f} ms, "
                f"max {max(self.seconds) * 1000:.2f} ms")

    def add(self, seconds):
        self.seconds.append(seconds)

    @contextlib.contextmanager
    def measure(self):
        begin = time.monotonic()
        yield
        self.add(time.monotonic() - begin)

    def percentile(self, percent):
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


def median_percentile(rounds, percent):
    """The median of a percentile over several Times: one disturbed round does not count."""
    return statistics.median(times.percentile(percent) for times in rounds)
