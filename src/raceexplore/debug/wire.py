"""What the process that shows one execution, and the one that starts them, say to each other."""

from __future__ import annotations

import bdb
import os
import sys
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Breakpoint(NamedTuple):
    """A breakpoint of pdb, as it is taken from one execution to the next."""

    file: str
    line: int
    temporary: bool
    condition: str | None
    function: str | None
    enabled: bool
    ignore: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What a user has set up at the prompt, and keeps when the run is executed again."""

    breakpoints: tuple[Breakpoint, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


class Ask(NamedTuple):
    """What the execution asks for.

    what: ``goto`` (the event ``number``), ``find`` (the first event before which ``text``
    holds; an answer comes back), ``bisect`` (the same, by halves), ``quit``, ``interrupted`` or
    ``crash`` (``text`` is why).
    """

    what: str
    number: int = 0
    text: str = ""
    carried: Carried = Carried()


class Found(NamedTuple):
    """The answer to ``find`` and ``bisect``.

    number: None if the expression never held; error: why not. looks: events that it looked at.
    """

    number: int | None
    error: str = ""
    looks: int = 0


def breakpoints_of(debugger: Any) -> tuple[Breakpoint, ...]:
    """Return the breakpoints of ``debugger``."""
    return tuple(
        Breakpoint(b.file, b.line, b.temporary, b.cond, b.funcname, b.enabled, b.ignore)
        for b in bdb.Breakpoint.bpbynumber
        if b is not None and b.line in debugger.breaks.get(b.file, ())
    )


def set_breakpoints(debugger: Any, breakpoints: tuple[Breakpoint, ...]) -> None:
    """Give ``debugger`` the breakpoints of an earlier execution."""
    for b in breakpoints:
        debugger.set_break(b.file, b.line, b.temporary, b.condition, b.function)
        made: Any = bdb.Breakpoint.bpbynumber[-1]
        made.ignore = b.ignore
        if not b.enabled:
            made.disable()


class Lines:
    """Standard input without reading ahead: the next execution needs the lines after this one."""

    encoding = "utf-8"

    def readline(self) -> str:
        """Return the next line; empty at the end."""
        line = bytearray()
        while byte := os.read(0, 1):
            line += byte
            if byte == b"\n":
                break
        return line.decode("utf-8", "replace")

    def isatty(self) -> bool:
        """Return that it is none."""
        return False


def standard_input() -> Any:
    """Return what a prompt reads from; None if that is a terminal, with line editing."""
    return None if sys.stdin.isatty() else Lines()
