# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes in gateway/dns/README, as they stand there."""

import os
import re
import textwrap

from ddns.build import SOURCE


def recipe(heading, number=0):
    """The indented block of this number under a heading."""
    with open(os.path.join(SOURCE, "gateway", "dns", "README"), encoding="utf-8") as file:
        text = file.read()
    section = re.search(rf"^{heading}\n-+\n(.*?)(?=^\S[^\n]*\n-+$|\Z)", text, re.MULTILINE | re.DOTALL)[1]
    blocks = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", section, re.MULTILINE)
    return textwrap.dedent(blocks[number]).strip("\n") + "\n"
