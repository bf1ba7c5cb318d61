"""What comes from a program, a file or a stranger, made fit for a terminal and for a log of CI."""

from __future__ import annotations

import os

# what runners read as a command of their own, at the beginning of a line or anywhere in it
COMMANDS = ("::", "##[", "##vso[", "##teamcity[")


def clean(text: str) -> str:
    """Return ``text`` with what could move a terminal's cursor spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def harmless(line: str) -> str:
    """Return a line to print: clean, and where CI reads along, no command of its runner's."""
    line = clean(line)
    if os.environ.get("CI") or os.environ.get("GITHUB_ACTIONS"):
        if line.lstrip().startswith("::"):
            line = line.replace("::", ": :", 1)
        for command in COMMANDS[1:]:
            line = line.replace(command, f"# #{command[2:]}")
    return line
