"""What made an event possible: who spawned or woke its task, and what it waited to end."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.trace import Access


class Step(NamedTuple):
    """One event, as the run loop hands it over.

    woken: tasks that it made ready. ready: the task itself could go on. error: the type of the
    exception that ended the task, or empty. interrupted: if the event began with `trio.Cancelled`,
    the innermost scope around the await that raised it. scopes: the cancel scopes that the task is
    in at the end of the event.
    """

    task: Any
    nth: int
    woken: Sequence[Any]
    now_s: float
    infos: Mapping[Any, TaskInfo]
    ready: bool = False
    error: str = ""
    interrupted: Any = None
    scopes: Sequence[Any] = ()


QUEUES = (
    ".Lock",
    ".StrictFIFOLock",
    ".Semaphore",
    ".CapacityLimiter",
    ".Event",
    ".Condition",
    ".MemoryChannelState",
    ".ParkingLot",
)


class Locks(NamedTuple):
    """What an event's accesses have to do with what tasks wait for.

    queues: the accesses to something of trio's that tasks wait for. requests: of these, to the
    queue of a lock. asked and released: names of locks.
    """

    queues: tuple[Access, ...]
    requests: tuple[Access, ...]
    asked: tuple[object, ...]
    released: tuple[object, ...]


@lru_cache(maxsize=5_000)
def locks_in(accesses: tuple[Access, ...]) -> Locks:
    """Return what ``accesses`` have to do with locks and queues."""
    queues = tuple([a for a in accesses if str(a.resource[0]).endswith(QUEUES)])
    return Locks(
        queues,
        tuple([access for access in queues if access.resource[1] == "(queue)"]),
        tuple([name for (name, part), *_ in accesses if part == "(queue)"]),
        tuple([name for (name, part), *_ in accesses if part == "(free)"]),
    )


class Causes:
    """Keeps who woke whom until the woken task has its next event."""

    def __init__(self) -> None:
        self._pending: dict[Any, Sequence[int]] = {}
        self._exits: dict[Any, list[int]] = {}
        self._joining: dict[Any, Any] = {}
        self._last: dict[Any, int] = {}
        self._waiting: dict[Any, None] = {}  # tasks that had to wait and were not woken so far
        self._woken_by_clock: dict[Any, None] = {}
        self._before_clock: list[int] = []
        self._asked: dict[Any, Sequence[object]] = {}
        self._interrupted: dict[Any, None] = {}
        self._released: dict[object, int] = {}

    def clock_fired(self) -> None:
        """Note that the clock fires: what it wakes comes after everything that was before."""
        self._before_clock = list(self._last.values())
        self._woken_by_clock = dict(self._waiting)

    def of(self, step: Step, number: int, call: str, locks: Locks) -> tuple[int, ...]:
        """Return the numbers of the events that made event ``number`` possible.

        A task that the clock woke comes after everything: the clock fires once nobody can run.
        One that asked for a lock comes after its last release, whether it had to wait or not.
        ``call`` is the trio function in which the event has ended; ``locks`` are what it touched.
        """
        task = step.task
        causes = self._pending.pop(task, ())
        nursery = self._joining.pop(task, None)
        if nursery is not None:
            causes = [*causes, *self._exits.get(nursery, ())]
        elif not causes and task in self._woken_by_clock:
            causes = self._before_clock
        self._woken_by_clock.pop(task, None)
        self._interrupted.pop(task, None)
        if task in self._asked:
            releases = [self._released.get(lock) for lock in self._asked.pop(task)]
            causes = [*causes, *[event for event in releases if event is not None]]
        for lock in locks.released:
            self._released[lock] = number
        if locks.asked:
            self._asked[task] = locks.asked
        self._remember(step, number, call)
        return tuple(sorted(set(causes))) if causes else ()

    def cancelled(self, task: Any) -> None:
        """Note that ``task`` was cancelled: it does not get the locks it asked for."""
        self._asked.pop(task, None)
        self._interrupted[task] = None

    def was_interrupted(self, task: Any) -> bool:
        """Return whether ``task`` goes on because it was cancelled while it waited."""
        return task in self._interrupted or task in self._woken_by_clock

    def _remember(self, step: Step, number: int, call: str) -> None:
        task = step.task
        self._last[task] = number
        self._waiting.pop(task, None)
        if not step.ready:
            self._waiting[task] = None
        for woken in step.woken:
            self._waiting.pop(woken, None)
            self._pending[woken] = [*self._pending.get(woken, ()), number]
        if task.coro.cr_frame is None:
            self._exits.setdefault(task.parent_nursery, []).append(number)
        elif call == "NurseryManager.__aexit__" and task.child_nurseries:
            self._joining[task] = task.child_nurseries[-1]
