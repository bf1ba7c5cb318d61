"""Stand-ins for the parts of trio that face the outside world: no socket, no signal, no thread."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.fence.outside import outside

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

    def __init__(self, abort: Callable[[BaseException], object]) -> None:
        self._abort = abort

    def statistics(self) -> None:
        """Return nothing: there is no I/O."""

    def close(self) -> None:
        """Nothing to close."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*args: object, **kwargs: object) -> Any:
            error = outside(f"trio.lowlevel.{name}()", "socket")
            self._abort(error)  # the program might catch what is raised here
            raise error

        return refuse


class InertSignals:
    """Stands for trio's Ctrl-C handling, which is raceexplore's own affair."""

    def install(self, *args: object) -> None:
        """Nothing to install."""

    def close(self) -> None:
        """Nothing to undo."""


Job = tuple["Callable[..., object]", tuple[Any, ...]]


class Soon:
    """Stands for trio's entry queue: run_sync_soon within the run, without a wake-up socket.

    chores: what the loop itself does before the next event, outside every task. queue and
    idempotent: what the program has given to run_sync_soon; a system task that ``hire`` starts,
    and that ends when there is nothing left, runs it: when it comes to that is a choice.
    """

    __slots__ = ("busy", "chores", "direct", "done", "hire", "idempotent", "queue")

    def __init__(self) -> None:
        self.chores: list[Job] = []
        self.queue: list[Job] = []
        self.idempotent: dict[Job, None] = {}
        self.hire: Callable[[], object] = lambda: None
        self.busy = self.done = self.direct = False

    def run_sync_soon(
        self, sync_fn: Callable[..., object], *args: Any, idempotent: bool = False
    ) -> None:
        """Have ``sync_fn(*args)`` called soon, in the context of a system task."""
        if self.done:
            raise trio.RunFinishedError("run() has exited")
        if self.direct:
            self.chores.append((sync_fn, args))
            return
        if idempotent:
            self.idempotent[sync_fn, args] = None
        else:
            self.queue.append((sync_fn, args))
        if not self.busy:
            # not at once: this may be called by a finalizer, in the middle of anything
            self.busy = True
            self.chores.append((self.hire, ()))

    def take(self) -> list[Job]:
        """Remove and return the jobs that wait now; those they add wait for the next time."""
        jobs = [*self.queue, *self.idempotent]
        self.queue.clear()
        self.idempotent.clear()
        return jobs

    def size(self) -> int:
        """Return the number of waiting jobs."""
        return len(self.queue) + len(self.idempotent)

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
