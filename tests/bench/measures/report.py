# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of several rounds, beside what is aimed at."""

import statistics

TITLES = ("min", "median", "max", "target")
WIDTH = 58


class Report:
    """Prints each round as it comes, and all figures together at the end."""

    def __init__(self):
        self._rows = []

    @staticmethod
    def say(text):
        print(text, flush=True)

    def add(self, what, values, *, most=None, least=None, digits=2):
        """A figure: its value in each round; at most or at least what its median shall be."""
        middle = statistics.median(values)
        target = f"<= {most:g}" if most is not None else f">= {least:g}" if least is not None else ""
        is_met = (most is None or middle <= most) and (least is None or middle >= least)
        cells = [f"{value:.{digits}f}" for value in (min(values), middle, max(values))] + [target]
        self._rows.append((what, cells, "" if not target else "met" if is_met else "NOT MET"))

    def show(self):
        if not self._rows:
            return
        print()
        print(" " * WIDTH + "".join(f"{title:>11}" for title in TITLES))
        for what, cells, verdict in self._rows:
            print(f"{what:<{WIDTH}}" + "".join(f"{cell:>11}" for cell in cells) + f"  {verdict}".rstrip())
