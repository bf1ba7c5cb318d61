"""The recorder: turns what the run loop does into events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.trace import NOWHERE, Access, Event, Site
from raceexplore.kernel.walk import site_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.names import TaskInfo


class Ledger(Protocol):
    """Collects the accesses of the event that is running; the room observe/ has one."""

    def take(self) -> tuple[Access, ...]:
        """Return the accesses of the event that just ended, and forget them."""
        ...


class Recorder:
    """Collects the events of one run."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        self.events: list[Event] = []
        self.ledger = ledger
        self._sites: dict[Any, Site] = {}
        self._draws: list[tuple[str, int, str]] = []
        self._notes: list[str] = []
        self._declared: list[Access] | None = None
        self._resources: dict[object, int] = {}
        self._batch: set[Any] = set()
        self.passes = True

    def draw(self, label: str, index: int, value: object) -> None:
        """Note a draw of the running event."""
        self._draws.append((label, index, brief(value)))

    def note(self, text: str) -> None:
        """Note a line of `World.event`."""
        self._notes.append(text)

    def declare(self, resources: Sequence[object], *, write: bool) -> None:
        """Note what the running event says it uses."""
        self._declared = self._declared or []
        for name in resources:
            # declared names are numbered downwards, so that they never meet observed objects
            ordinal = self._resources.setdefault(name, -1 - len(self._resources))
            self._declared.append(Access((ordinal, None), write, str(name)))

    def event(
        self,
        task: Any,
        info: TaskInfo,
        nth: int,
        woken: tuple[str, ...],
        now: float,
        *,
        ready: bool = False,
        error: str = "",
    ) -> Event:
        """Note the end of the ``nth`` event of ``task`` and return it."""
        begin = self._sites.get(task)
        end = site_of(task.coro)
        if begin is None:
            code = task.coro.cr_code
            begin = Site(code.co_filename, code.co_firstlineno, code.co_qualname)
        self._sites[task] = end
        accesses = self.ledger.take() if self.ledger is not None else ()
        declared = self._declared is not None
        event = Event(
            number=len(self.events),
            task=info.path,
            nth=nth,
            begin=begin,
            end=end if end.file else NOWHERE,
            time_s=now,
            woken=woken,
            draws=tuple(self._draws),
            notes=tuple(self._notes),
            accesses=tuple(self._declared or ()) if declared else accesses,
            declared=declared,
            ready=ready,
            error=error,
        )
        self._draws.clear()
        self._notes.clear()
        self._declared = None
        self.events.append(event)
        return event

    def follow_pass(self, task: Any, ready: Sequence[Any]) -> None:
        """Note whether trio's loop, which steps every ready task once a pass, allows ``task``.

        ready: the tasks that are ready once ``task`` has done its event, itself included.
        """
        batch = self._batch
        if batch and task not in batch:
            self.passes = False
        batch.discard(task)
        if not batch:
            batch.update(ready)


def brief(value: object) -> str:
    """Return a short text for ``value`` that runs none of its code: plain types only."""
    if isinstance(value, (bool, int, float, str, bytes, type(None))):
        text = repr(value)
        return text if len(text) <= 40 else text[:37] + "..."
    return type(value).__name__
