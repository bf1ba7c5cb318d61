"""The run that the fence serves: what its patches ask, and which run it is."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Guarded(Protocol):
    """The run that the guard serves."""

    entropy: int

    def now(self) -> float:
        """Return the virtual time, in seconds."""
        ...

    def stream(self) -> int:
        """Return the number of the stream that what the program draws follows."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass without a schedule point."""
        ...

    def leave(self, what: str, tool: str) -> NoReturn:
        """End the run, and raise `OutsideWorld`: the call ``what`` leaves the controlled world."""
        ...

    def end_process(self, what: str) -> NoReturn:
        """End the run as a failure: the call ``what`` would have ended the process."""
        ...

    def unraisable(self, error: BaseException, where: str) -> None:
        """Note an error that Python could only have printed."""
        ...

    def warn(self, text: str) -> None:
        """Note something that the reader should know once."""
        ...


class _State(threading.local):
    """The run in progress in this thread, and its number. Other threads are none of its business.

    A debugger's, an executor's: they live in real time, and must not draw of the run's bits.
    """

    run: Guarded | None = None
    serial = 0
    importing = False  # the program is being imported


state = _State()


@contextmanager
def paused() -> Iterator[None]:
    """Let patched functions be the real ones in the block: its calls are ours, and no program's."""
    run, state.run = state.run, None
    try:
        yield
    finally:
        state.run = run
