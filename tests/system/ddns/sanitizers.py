# SPDX-License-Identifier: GPL-3.0-or-later
"""What stock programs need beside them to load what was built with AddressSanitizer."""

import os
import subprocess

from .steps import run

# On Debian 12 the run-time library leaves the lock of glibc's message catalogues taken, and whoever
# translates a message next waits for ever: libpq would.
NO_CATALOGUES = """\
char *bindtextdomain(const char *domain, const char *directory);
char *bindtextdomain(const char *domain, const char *directory) { (void)domain; return (char *)directory; }
"""


def is_sanitized(library):
    """True for a file that was built with --enable-sanitizers; what nm cannot read is named's to refuse."""
    return b"__asan_init" in subprocess.run(["nm", "-D", library], capture_output=True, check=False).stdout


def environment(directory):
    """For a stock program that loads such a file: it does not free all it has at its end, so leaks are not looked for."""
    stub = os.path.join(directory, "no-catalogues.so")
    if not os.path.exists(stub):
        run(["gcc", "-shared", "-fPIC", "-o", stub + ".new", "-x", "c", "-"], "compiling what named preloads", text=NO_CATALOGUES)
        os.rename(stub + ".new", stub)
    libraries = [run(["gcc", f"-print-file-name=lib{name}.so"], "asking gcc").strip() for name in ("asan", "ubsan")]
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"LD_PRELOAD": ":".join([*libraries, stub]), "ASAN_OPTIONS": f"{options}:detect_leaks=0".lstrip(":")}
