"""A task of a host, step by step: told of each point at which it lets others run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any


class Stepped:
    """Awaits a coroutine, and calls ``at_checkpoint`` whenever it is about to let others run.

    Reports look through it: it stands in the chain of awaits as the coroutine does itself.
    """

    def __init__(
        self, coroutine: Coroutine[Any, Any, object], at_checkpoint: Callable[[], object]
    ) -> None:
        self._coroutine: Any = coroutine
        self._at_checkpoint = at_checkpoint

    @property
    def cr_frame(self) -> Any:
        """The frame of the coroutine, for reports."""
        return self._coroutine.cr_frame

    @property
    def cr_await(self) -> Any:
        """What the coroutine awaits, for reports."""
        return self._coroutine.cr_await

    def __await__(self) -> Generator[Any, Any, object]:
        return self

    def __iter__(self) -> Stepped:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        """Go on to the next checkpoint."""
        trap = self._coroutine.send(value)
        self._at_checkpoint()
        return trap

    def throw(self, *error: Any) -> Any:
        """Go on with an exception, to the next checkpoint."""
        trap = self._coroutine.throw(*error)
        self._at_checkpoint()
        return trap

    def close(self) -> None:
        """Close the coroutine."""
        self._coroutine.close()
