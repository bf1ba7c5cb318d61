"""The run that the fence serves: what its patches ask, and which run it is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from raceexplore.kernel.errors import OutsideWorld


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

    def refuse(self, error: OutsideWorld) -> None:
        """End the run with ``error``."""
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


state = _State()
