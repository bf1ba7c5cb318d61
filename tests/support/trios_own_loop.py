"""Runs a program on trio's own loop in the order of a run of ours: the reference for it.

Trio's loop takes all that its run queue lists, then clears it, once a pass. The queue here lists
one task, the one whose turn it is, and keeps the others. Trio's own tasks (the init task and the
one of run_sync_soon) go first: their order is no decision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import trio
from trio._core import _run as trio_run

from raceexplore import Run, World
from raceexplore.kernel.fence.clock import VirtualClock
from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.standing.walk import site_of
from raceexplore.kernel.trio_loop.runtime import TrioRuntime


class Happened(NamedTuple):
    """One event: its task, where it came to rest, when, and what it noted."""

    task: str
    file: str
    line: int
    call: str
    time_s: float
    notes: tuple[str, ...]


class Stopped(Exception):
    """Nothing can run, and no deadline will come."""


class TurnsQueue:
    """A run queue that gives trio's loop one task a pass: the next of ``turns``."""

    def __init__(self, turns: list[str], paths: dict[Any, TaskInfo]) -> None:
        self.turns, self.paths = turns, paths
        self.tasks: list[Any] = []
        self.given: Any = None

    def append(self, task: Any) -> None:
        self.tasks.append(task)

    def __len__(self) -> int:
        return len(self.tasks)

    def __iter__(self) -> Iterator[Any]:
        self.given = None
        if self.tasks:
            own = [task for task in self.tasks if self.paths[task].path.startswith("trio")]
            self.given = own[0] if own else self.next()
            yield self.given

    def next(self) -> Any:
        path = self.turns.pop(0)
        found = [task for task in self.tasks if self.paths[task].path == path]
        ready = [self.paths[task].path for task in self.tasks]
        assert len(found) == 1, f"it is the turn of {path}, but ready are {ready}"
        return found[0]

    def clear(self) -> None:
        if self.given is not None:
            self.tasks.remove(self.given)


class NamingRunner(trio_run.Runner):
    """Trio's Runner, with its queue replaced, and with its tasks named as ours are."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.paths: dict[Any, TaskInfo] = {}

    def spawn_impl(self, async_fn: Any, args: Any, nursery: Any, name: Any, **more: Any) -> Any:
        spawner = trio_run.GLOBAL_RUN_CONTEXT.__dict__.get("task")
        task = super().spawn_impl(async_fn, args, nursery, name, **more)
        if nursery is None:
            self.paths[task] = TaskInfo(None, "trio", 0)
        elif self.main_task is None:
            self.paths[task] = TaskInfo(None, "main", 1)
        else:
            label = async_fn if name is None else name
            self.paths[task] = TaskInfo(self.paths[spawner], label, len(self.paths))
        return task


class JumpingClock(VirtualClock):
    """Virtual time that jumps to the deadline that trio's loop is about to wait for."""

    def deadline_to_sleep_time(self, deadline: float) -> float:
        runner = trio_run.GLOBAL_RUN_CONTEXT.runner
        if runner.waiting_for_idle or runner.main_task_outcome is not None:
            return 1.0  # trio winds up its own tasks by waking itself through a socket
        if deadline == math.inf:
            raise Stopped
        self.jump_to(deadline)
        return 0.0


class Noting(trio.abc.Instrument):
    """Notes each event of the program's tasks, and lets the world be recorded."""

    def __init__(self, paths: dict[Any, TaskInfo], draws: list[int]) -> None:
        self.paths, self.draws = paths, draws
        self.happened: list[Happened] = []
        self.notes: list[str] = []

    def after_task_step(self, task: Any) -> None:
        path = self.paths[task].path
        if not path.startswith("trio"):
            end, now = site_of(task.coro), trio.current_time()
            here = (path, end.file, end.line, end.call, now, tuple(self.notes))
            self.happened.append(Happened(*here))
            self.notes.clear()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def draw(self, label: str, index: int, value: object, *, counts: bool = True) -> None:
        """Nothing to record: the draws are the other run's."""

    def pick(self, kind: str, label: str, bound: int, *, anybodys: bool = False) -> int:
        return self.draws.pop(0)

    def now(self) -> float:
        return trio.current_time()


def happened_in(run: Run) -> list[Happened]:
    """Return the events of a recorded run of ours."""
    return [
        Happened(e.task, e.end.file, e.end.line, e.end.call, e.time_s, e.notes)
        for e in run.events
        if not e.task.startswith("trio")
    ]


def run_on_trios_loop(
    program: Callable[[World], Any], run: Run
) -> tuple[list[Happened], BaseException | None]:
    """Return the events, and what was raised, of ``program`` in the order of ``run``."""
    turns = [event.task for event in run.events if not event.task.startswith("trio")]
    noting = Noting({}, [index for event in run.events for _, index, _ in event.draws])

    def make_runner(**parts: Any) -> NamingRunner:
        runner = NamingRunner(**parts)
        runner.runq = TurnsQueue(turns, runner.paths)  # type: ignore[assignment]
        noting.paths = runner.paths
        return runner

    world = World(noting, TrioRuntime(None, id, None), noting)  # type: ignore[arg-type]
    real, trio_run.Runner = trio_run.Runner, make_runner  # type: ignore[misc, assignment]
    error: BaseException | None = None
    try:
        trio.run(program, world, clock=JumpingClock(), instruments=[noting])
    except BaseException as raised:  # noqa: BLE001 whatever it is, it is compared
        error = raised
    finally:
        trio_run.Runner = real  # type: ignore[misc]
    assert not turns, f"the program has ended, but it would be the turn of {turns[0]}"
    return noting.happened, error
