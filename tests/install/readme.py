# SPDX-License-Identifier: GPL-3.0-or-later
"""README's commands, as they stand there."""

import os
import re
import textwrap

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Readme:
    """The sections of README; what is indented in them is typed."""

    def __init__(self, path=os.path.join(SOURCE, "README")):
        with open(path, encoding="utf-8") as file:
            parts = re.split(r"^(\S.*)\n-{3,}\n", file.read(), flags=re.MULTILINE)
        self._sections = dict(zip(parts[1::2], parts[2::2]))

    def commands(self, section):
        """The section's blocks of commands, in order, each as it would be typed."""
        blocks = re.findall(r"(?:^ {4}.*\n)+", self._sections[section], flags=re.MULTILINE)
        assert blocks, f"README's section {section} has no commands"
        return [textwrap.dedent(block) for block in blocks]

    def packages(self):
        """What the section Install has apt-get install."""
        text = "\n".join(self.commands("Install")).replace("\\\n", " ")
        words = re.search(r"^apt-get install (.*)$", text, flags=re.MULTILINE).group(1).split()
        return [word for word in words if not word.startswith("-")]
