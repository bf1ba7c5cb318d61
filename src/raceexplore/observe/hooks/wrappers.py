"""Stand-ins for a context manager and an asynchronous iterator: each later step is noted too.

Their methods are plain functions that return the original's awaitable, so that no frame of ours is
on the stack while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Entered:
    """A context manager, noted as entered already, that is noted once more when it ends."""

    __slots__ = ("manager", "note")

    def __init__(self, manager: object, note: Callable[[object, str], object]) -> None:
        self.manager: Any = manager
        self.note = note

    def __enter__(self) -> object:
        return self.manager.__enter__()

    def __exit__(self, *error: object) -> object:
        self.note(self.manager, "__exit__")
        return self.manager.__exit__(*error)

    def __aenter__(self) -> object:
        return self.manager.__aenter__()

    def __aexit__(self, *error: object) -> object:
        self.note(self.manager, "__aexit__")
        return self.manager.__aexit__(*error)


class Received:
    """An asynchronous iterator over a channel that is noted at each step."""

    __slots__ = ("channel", "note")

    def __init__(self, channel: object, note: Callable[[object, str], object]) -> None:
        self.channel: Any = channel
        self.note = note

    def __aiter__(self) -> Received:
        return self

    def __anext__(self) -> object:
        self.note(self.channel, "__anext__")
        return self.channel.__anext__()
