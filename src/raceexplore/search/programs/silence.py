"""Silence: a program that is run a thousand times prints and stops for a debugger only once."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Site


class Nowhere(io.TextIOBase):
    """Where the output of thousands of runs goes: takes all text and keeps none.

    Whoever holds on to it, as a logging handler does, is heard again when prints are.
    """

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Forget ``text``, unless prints are heard by now."""
        now = sys.stderr
        return len(text) if isinstance(now, Nowhere | Following) else now.write(text)


class Following(io.TextIOBase):
    """What a program prints to while it is loaded, and may hold on to: a logging handler does.

    What is written to it later goes where prints go then, to nowhere for most runs. beginning:
    where they went while it was loaded.
    """

    encoding = "utf-8"

    def __init__(self, beginning: TextIO) -> None:
        self._beginning = beginning

    def write(self, text: str) -> int:
        """Write ``text`` to standard error as it is now."""
        now = self._beginning if isinstance(sys.stderr, Following) else sys.stderr
        return now.write(text)

    def flush(self) -> None:
        """Flush where it writes to."""
        if not isinstance(sys.stderr, Following):
            sys.stderr.flush()


@contextmanager
def silence() -> Iterator[dict[Site, None]]:
    """Print nothing and stop at no ``breakpoint()`` within the block; see `breakpoints_passed`."""
    with ExitStack() as undo:
        undo.enter_context(redirect_stdout(Nowhere()))
        undo.enter_context(redirect_stderr(Nowhere()))
        passed = undo.enter_context(breakpoints_passed())
        yield passed


def be_silent() -> None:
    """Print nothing from now on, and stop at no ``breakpoint()``: for a process of our own."""
    sys.stdout = sys.stderr = Nowhere()
    sys.breakpointhook = lambda *_, **__: None


@contextmanager
def breakpoints_passed() -> Iterator[dict[Site, None]]:
    """Stop at no ``breakpoint()`` within the block; yield the places of those that were passed.

    Those that PYTHONBREAKPOINT=0 turns off are not among them.
    """
    from raceexplore.kernel.events.trace import Site  # here, so that --help need not load it

    places: dict[Site, None] = {}

    def passed(*_: object, **__: object) -> None:
        frame = sys._getframe(1)  # noqa: SLF001 the one way to a caller's line
        if os.environ.get("PYTHONBREAKPOINT") != "0":
            code = frame.f_code
            places[Site(code.co_filename, frame.f_lineno, code.co_qualname)] = None

    before = sys.breakpointhook
    sys.breakpointhook = passed
    try:
        yield places
    finally:
        sys.breakpointhook = before
