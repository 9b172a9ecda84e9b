# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the programs are that make built."""

import os

from .steps import StepFailed

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class Build:
    """A build directory and the source tree it belongs to."""

    def __init__(self, directory=None):
        """directory: by default what DDNS_BUILD names, else ./build of the source tree."""
        self.source = SOURCE
        self.directory = os.path.abspath(directory or os.environ.get("DDNS_BUILD") or os.path.join(SOURCE, "build"))

    def _find(self, *names):
        for name in names:
            path = os.path.join(self.directory, name)
            if os.path.exists(path):
                return path
        raise StepFailed(f"{self.directory} holds no {names[0]}: run ./quickstart, or make there")

    @property
    def module(self):
        return self._find(".libs/dlz_ddns.so", "dlz_ddns/.libs/dlz_ddns.so")

    @property
    def gateway(self):
        return self._find("ddns-gateway", "gateway/ddns-gateway")

    @property
    def ctl(self):
        return self._find("ddnsctl", "gateway/ddnsctl")

    @property
    def schema(self):
        return os.path.join(self.source, "sql", "ddns-schema")
