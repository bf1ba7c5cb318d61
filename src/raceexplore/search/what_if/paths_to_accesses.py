"""What each task of a run touched, and by which lines of which functions it got there."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.fence.hostile import home_of
from raceexplore.kernel.run import run_once
from raceexplore.kernel.standing.walk import frames, is_user_file
from raceexplore.kernel.trio_loop.loop import Loop
from raceexplore.observe.effects.locations import ALL
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.load import in_place
from raceexplore.search.what_if.statements import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType

    from raceexplore.kernel.events.footprint import Accesses
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler

Way = tuple[tuple[Code, int], ...]  # the program's own calls, outermost first, with their lines
_DRIVE = Loop.drive.__code__


class Touch(NamedTuple):
    """One access of a task. resource: the object's number in this run, and the part of it.

    way: the calls that led to it. primitive: the object is one of trio's.
    """

    resource: tuple[int, object]
    write: bool
    way: Way
    primitive: bool


class Stay(NamedTuple):
    """An event of a task: what it touched, and the calls it stood in after it.

    number: of the event in the run. left: another task had the next event.
    """

    number: int
    touches: tuple[Touch, ...]
    way: Way
    left: bool


class Trail(NamedTuple):
    """A run, and the events of each task in order."""

    run: Run
    tasks: dict[str, tuple[Stay, ...]]


def trail(program: Program, scheduler: Scheduler, limits: Limits, settings: Settings) -> Trail:
    """Run ``program`` once and return what its tasks touched.

    The program has to have a rewritten copy, which is what runs.
    """
    assert program.observed is not None
    ledger = _Tracker()
    ways: list[Way] = []
    hooks.attach(ledger)
    function = program.observed()
    try:
        with in_place(function):
            run = run_once(
                replace(program, function=function),
                scheduler,
                limits=limits,
                settings=settings,
                ledger=ledger,
                watch=lambda _, coroutine: ways.append(_way_of(coroutine)),
            )
    finally:
        hooks.attach(None)
    tasks: dict[str, list[Stay]] = {}
    for event, touches, way in zip(run.events, ledger.events, ways, strict=True):
        following = run.events[event.number + 1 : event.number + 2]
        left = bool(following) and following[0].task != event.task
        tasks.setdefault(event.task, []).append(Stay(event.number, touches, way, left))
    return Trail(run, {task: tuple(stays) for task, stays in tasks.items()})


def contended(trails: Iterable[Trail]) -> set[Way]:
    """Return by which calls tasks made accesses that conflict with another task's."""
    return {way for one in trails for way in _contended(one)}


def _contended(one: Trail) -> Iterator[Way]:
    users: dict[int, dict[tuple[str, Touch], None]] = {}
    for task, stays in one.tasks.items():
        for touch in (touch for stay in stays for touch in stay.touches):
            users.setdefault(touch.resource[0], {})[task, touch] = None
    for found in users.values():
        for task, touch in found:
            if any(other != task and conflict(touch, rival) for other, rival in found):
                yield touch.way


def conflict(one: Touch, other: Touch) -> bool:
    """Return whether two accesses are to the same part of an object, and one is a write."""
    if one.resource[0] != other.resource[0] or not (one.write or other.write):
        return False
    keys = one.resource[1], other.resource[1]
    return ALL in keys or keys[0] == keys[1]


class _Tracker(Ledger):
    """A ledger that also keeps by which lines each access was made.

    events: the accesses of each event so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[Touch, ...]] = []
        self._touched: dict[Touch, None] = {}

    def read(self, obj: object, key: object) -> None:
        """Note that the current event has read ``key`` of ``obj``."""
        super().read(obj, key)
        self._note(obj, key, write=False)

    def write(self, obj: object, key: object) -> None:
        """Note that the current event has written ``key`` of ``obj``."""
        super().write(obj, key)
        self._note(obj, key, write=True)

    def close(self, task: str, nth: int) -> tuple[Accesses, str]:
        """Return the accesses of the ``nth`` event of ``task``, and why it is opaque, if it is."""
        touched, self._touched = self._touched, {}
        closed = super().close(task, nth)
        self.events.append(tuple(touched))
        return closed

    def forget(self) -> None:
        """Forget what has been noted since the last event."""
        self._touched.clear()
        super().forget()

    def _note(self, obj: object, key: object, *, write: bool) -> None:
        way = _way_here(sys._getframe(2))  # noqa: SLF001 the one way to the calling code
        if way:
            primitive = home_of(type(obj)).partition(".")[0] == "trio"
            self._touched[Touch((self.ordinal(obj), key), write, way, primitive)] = None


def _way_here(frame: FrameType | None) -> Way:
    """Return the program's own calls from the task's first to ``frame``."""
    found = []
    while frame is not None and frame.f_code is not _DRIVE:
        if is_user_file(frame.f_code.co_filename):
            found.append((_code(frame.f_code), frame.f_lineno))
        frame = frame.f_back
    return tuple(found[::-1])


def _way_of(coroutine: Any) -> Way:
    """Return the program's own calls that a suspended coroutine stands in."""
    chain = frames(coroutine)
    return tuple(
        (_code(frame.f_code), line)
        for frame, line in chain
        if is_user_file(frame.f_code.co_filename)
    )


def _code(code: CodeType) -> Code:
    return Code(code.co_filename, code.co_qualname, code.co_firstlineno)
