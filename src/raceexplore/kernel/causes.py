"""What made an event possible: who spawned or woke its task, and what it waited to end."""

from __future__ import annotations

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


class Causes:
    """Keeps who woke whom until the woken task has its next event."""

    def __init__(self) -> None:
        self._pending: dict[Any, list[int]] = {}
        self._exits: dict[Any, list[int]] = {}
        self._joining: dict[Any, Any] = {}
        self._last: dict[Any, int] = {}
        self._waiting: dict[Any, None] = {}  # tasks that had to wait and were not woken so far
        self._woken_by_clock: dict[Any, None] = {}
        self._before_clock: list[int] = []
        self._asked: dict[Any, list[object]] = {}
        self._interrupted: dict[Any, None] = {}
        self._released: dict[object, int] = {}

    def clock_fired(self) -> None:
        """Note that the clock fires: what it wakes comes after everything that was before."""
        self._before_clock = list(self._last.values())
        self._woken_by_clock = dict(self._waiting)

    def of(self, step: Step, number: int, call: str, touched: Sequence[Access]) -> tuple[int, ...]:
        """Return the numbers of the events that made event ``number`` possible.

        A task that the clock woke comes after everything: the clock fires once nobody can run.
        One that asked for a lock comes after its last release, whether it had to wait or not.
        ``call`` is the trio function in which the event has ended.
        """
        task = step.task
        causes = self._pending.pop(task, [])
        nursery = self._joining.pop(task, None)
        if nursery is not None:
            causes = [*causes, *self._exits.get(nursery, ())]
        elif not causes and task in self._woken_by_clock:
            causes = self._before_clock
        self._woken_by_clock.pop(task, None)
        self._interrupted.pop(task, None)
        releases = [self._released.get(lock) for lock in self._asked.pop(task, ())]
        causes = [*causes, *(event for event in releases if event is not None)]
        self._remember_locks(task, number, touched)
        self._remember(step, number, call)
        return tuple(sorted(set(causes)))

    def cancelled(self, task: Any) -> None:
        """Note that ``task`` was cancelled: it does not get the locks it asked for."""
        self._asked.pop(task, None)
        self._interrupted[task] = None

    def was_interrupted(self, task: Any) -> bool:
        """Return whether ``task`` goes on because it was cancelled while it waited."""
        return task in self._interrupted or task in self._woken_by_clock

    def _remember_locks(self, task: Any, number: int, touched: Sequence[Access]) -> None:
        for access in touched:
            lock, part = access.resource
            if part == "(queue)":
                self._asked.setdefault(task, []).append(lock)
            elif part == "(free)":
                self._released[lock] = number

    def _remember(self, step: Step, number: int, call: str) -> None:
        task = step.task
        self._last[task] = number
        self._waiting.pop(task, None)
        if not step.ready:
            self._waiting[task] = None
        for woken in step.woken:
            self._waiting.pop(woken, None)
            self._pending.setdefault(woken, []).append(number)
        if task.coro.cr_frame is None:
            self._exits.setdefault(task.parent_nursery, []).append(number)
        elif call == "NurseryManager.__aexit__" and task.child_nurseries:
            self._joining[task] = task.child_nurseries[-1]
