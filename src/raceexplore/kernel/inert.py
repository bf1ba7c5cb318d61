"""Stand-ins for the parts of trio that face the outside world: no socket, no signal, no thread."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.errors import OutsideWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Nothing:
    """A reusable outcome: trio's Value may be unwrapped only once, one for each checkpoint."""

    __slots__ = ()

    def unwrap(self) -> None:
        """Return None."""


NOTHING = Nothing()


class InertIO:
    """Stands for trio's I/O manager; whatever would wait for the world is refused."""

    def statistics(self) -> None:
        """Return nothing: there is no I/O."""

    def close(self) -> None:
        """Nothing to close."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*args: object, **kwargs: object) -> Any:
            raise OutsideWorld(
                f"trio.lowlevel.{name} waits for real I/O, which no schedule controls"
            )

        return refuse


class InertSignals:
    """Stands for trio's Ctrl-C handling, which is raceexplore's own affair."""

    def install(self, *args: object) -> None:
        """Nothing to install."""

    def close(self) -> None:
        """Nothing to undo."""


class Soon:
    """Stands for trio's entry queue: run_sync_soon within the run, without a wake-up socket."""

    __slots__ = ("done", "jobs")

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self.done = False

    def run_sync_soon(
        self, sync_fn: Callable[..., object], *args: Any, idempotent: bool = False
    ) -> None:
        """Have the run loop call ``sync_fn`` before the next event."""
        if self.done:
            raise trio.RunFinishedError("run() has exited")
        if not (idempotent and (sync_fn, args) in self.jobs):
            self.jobs.append((sync_fn, args))

    def size(self) -> int:
        """Return the number of waiting jobs."""
        return len(self.jobs)

    def close(self) -> None:
        """Nothing to close."""


class Alive:
    """The running async generators, weakly, in the order they started."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self.items: dict[int, Any] = {}
        for item in items:
            self.add(item)

    def add(self, item: Any) -> None:
        """Remember ``item`` until it is gone."""
        key = id(item)  # never seen by a run: only the order of insertion is
        self.items[key] = weakref.ref(item, lambda _: self.items.pop(key, None))

    def __iter__(self) -> Iterator[Any]:
        return iter([item for ref in list(self.items.values()) if (item := ref()) is not None])
