"""An architecture as runs of a program show it: who touches what, how, and for how long."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

from raceexplore.kernel.events.trace import Kind
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.evidence.sample import Drawn
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.predict.architecture import Architecture, Defence, Mode, Service, Usage
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from raceexplore.kernel.events.trace import Access, Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler

    Seen = Sequence[tuple[Event, tuple[Access, ...]]]

SHARED = (Kind.DATA, Kind.LOCK, Kind.SEMAPHORE, Kind.LIMITER, Kind.CHANNEL)
DRAWN_RUNS, RANDOM_RUNS = 6, 4


@dataclass(slots=True)
class _Use:
    """What one task did to one boundary. at: the seconds of its reads and writes, in order."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    windows: list[float] = field(default_factory=list)
    guarded: bool = True

    def note(self, time_s: float, *, write: bool) -> None:
        """Note a read or a write; a window ends with the write.

        A task that has written knows what is there: it may go on from that without a further read.
        """
        if write and self.reads:
            self.windows.append(time_s - max(self.reads[-1], *self.writes[-1:], 0.0))
        (self.writes if write else self.reads).append(time_s)


def boundary_of(access: Access) -> str:
    """Return the name of the boundary that ``access`` is at: its location, whichever the object.

    All rows of a table are one boundary, with their locks; each key of a Redis is one. Empty for
    what is no boundary: the runtime's own, and what nobody observes.
    """
    if access.kind not in SHARED or not access.label:
        return ""
    if access.line or access.kind is not Kind.DATA:
        return re.sub(r"\.?\((queue|free)\)$", "", re.sub(r"#\d+", "", access.label))
    name, key = access.resource  # of a simulated service
    whole = f"{name}{key}" if isinstance(key, str) and key.startswith("[") else str(name)
    return re.sub(r"\[\w+=.*", "", whole).removeprefix("lock on ")


def place_of(access: Access) -> str:
    """Return what two tasks must both touch to share it: the object itself, where it is one."""
    boundary = boundary_of(access)
    return access.label if boundary and access.line else boundary


def touched(run: Run) -> list[tuple[Event, tuple[Access, ...]]]:
    """Return the events of tasks in ``run``, each with what it did at boundaries.

    What every event of every task reads, the invariants read, and no task.
    """
    events = [event for event in run.events if "/" in event.task]
    reads = [{a.resource for a in event.accesses} for event in events]
    always = set.intersection(*reads) if len(reads) > 2 else set()
    return [
        (event, tuple(a for a in event.effects if boundary_of(a) and not _is_looked_at(a, always)))
        for event in events
    ]


def _is_looked_at(access: Access, always: set[tuple[object, object]]) -> bool:
    return not access.write and not access.line and access.resource in always


def first_runs(program: Program, settings: Settings, limits: Limits) -> list[Run]:
    """Return observed runs: the default one, some with drawn latencies, some of other orders."""
    drawn = [Drawn(settings.entropy) for _ in range(DRAWN_RUNS)]
    for number, each in enumerate(drawn):
        each.number = number
    schedulers: list[Scheduler] = [Replay(), *drawn]
    runs = [
        observed_run(program, scheduler, limits=limits, settings=settings, values=True)
        for scheduler in schedulers
    ]
    other = by_name("random", entropy=settings.entropy)
    for _ in range(RANDOM_RUNS):
        other.begin()
        runs.append(observed_run(program, other, limits=limits, settings=settings, values=True))
    return runs


def architecture_of(program: Program, runs: Sequence[Run]) -> Architecture:
    """Return the services (tasks of one function), and what they share, in ``runs``.

    Shared is what one task writes and another one uses. What the program's own task does before and
    after the others is setting up and looking at.
    """
    uses: dict[str, dict[str, list[_Use]]] = defaultdict(lambda: defaultdict(list))
    tasks: dict[str, set[str]] = defaultdict(set)
    shared: set[str] = set()
    for run in runs:
        seen = touched(run)
        functions = _functions(run.events)
        shared |= _shared(seen)
        for (task, boundary), use in _uses(seen).items():
            uses[boundary][functions[task]].append(use)
            tasks[functions[task]].add(task)
    seconds = sum(run.virtual_s for run in runs)
    calls = [
        _call(service, boundary, found, seconds, len(tasks[service]))
        for boundary, by_service in sorted(uses.items())
        if boundary in shared
        for service, found in sorted(by_service.items())
    ]
    named = sorted({call.service for call in calls})
    services = tuple(Service(name, len(tasks[name])) for name in named)
    source = f"{len(runs)} observed runs of {program.name}"
    return Architecture(services, tuple(calls), source=source)


def _functions(events: Iterable[Event]) -> dict[str, str]:
    """Return the function of each task: tasks of one are replicas of one service."""
    found: dict[str, str] = {}
    for event in events:
        name = event.begin.function.replace("<locals>.", "") or event.task
        found.setdefault(event.task, name)
    return found


def _uses(seen: Seen) -> dict[tuple[str, str], _Use]:
    found: dict[tuple[str, str], _Use] = defaultdict(_Use)
    holding: dict[str, set[str]] = defaultdict(set)
    for event, accesses in seen:
        for access in accesses:
            boundary = boundary_of(access)
            if access.kind is Kind.LOCK and access.write:
                holding[event.task].add(boundary)
            use = found[event.task, boundary]
            use.guarded = use.guarded and bool(holding[event.task] - {boundary})
            use.note(event.time_s, write=access.write)
    return found


def _shared(seen: Seen) -> set[str]:
    """Return the boundaries with a place that one task writes and another one uses."""
    users: dict[str, dict[str, bool]] = defaultdict(dict)
    names: dict[str, str] = {}
    for event, accesses in seen:
        for access in accesses:
            place = place_of(access)
            names[place] = boundary_of(access)
            users[place][event.task] = users[place].get(event.task, False) or access.write
    return {names[p] for p, found in users.items() if len(found) > 1 and any(found.values())}


def _call(service: str, boundary: str, uses: Sequence[_Use], seconds: float, tasks: int) -> Usage:
    writes, windows = (
        any(use.writes for use in uses),
        [window for use in uses for window in use.windows],
    )
    mode = Mode.UPDATE if windows else Mode.WRITE if writes else Mode.READ
    count = sum(len(use.windows) or len(use.writes) or len(use.reads) for use in uses)
    return Usage(
        service,
        boundary,
        mode,
        Defence.LOCK if all(use.guarded for use in uses) else Defence.NONE,
        count / seconds if seconds else 0.0,
        fmean(windows) if windows else 0.0,
        by_others=(tasks - 1) / tasks,
    )
