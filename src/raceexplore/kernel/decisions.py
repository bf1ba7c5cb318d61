"""The decisions of one run: asked of the scheduler, checked, and logged where not neutral."""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.choice import ChoicePoint, Deviation, Options, Schedule
from raceexplore.kernel.errors import BadChoice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.scheduler import Scheduler

_preempts = itemgetter(3)


WIDE = 1024  # options of one question; a draw that has more is several questions


class Running(Options, Protocol):
    """The run loop, as far as its decisions need it."""

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event."""
        ...


class Decisions:
    """Asks the scheduler and keeps the log.

    log: (actor, its count of events, chosen task, was it a preemption) of each switch, both tasks
        as numbers, and (kind, label, ordinal, False, index) of each draw. Numbers and not the
        tasks, which a run that is kept would keep alive.
    """

    def __init__(self, loop: Running, scheduler: Scheduler) -> None:
        self.loop, self.scheduler = loop, scheduler
        self.point = ChoicePoint(loop)
        self.log: list[tuple[Any, ...]] = []
        self.draws: dict[str, int] = {}

    def pick(self, kind: str, label: str, bound: int, *, anybodys: bool = False) -> int:
        """Return an index below ``bound`` for the draw ``label`` of the running task.

        anybodys: of no task; it is the same draw whoever asks for it.
        """
        if bound < 2:
            return 0
        if bound > WIDE:
            return self._digits(kind, label, bound, anybodys=anybodys)
        owner = "" if anybodys else self.loop.last_actor()[0]
        return self.ask(kind, f"{owner}:{label}", bound)

    def ask(self, kind: str, label: str, bound: int = 2, *, rare: bool = False) -> int:
        """Return an index below ``bound`` for the draw ``label``, which says whose it is.

        rare: see `ChoicePoint`.
        """
        point = self.point
        ordinal = self.draws.get(label, 0)
        if kind == "tie":
            ordinal -= 1  # it is about the latency of this label that has just been drawn
        else:
            self.draws[label] = ordinal + 1
        point.kind, point.bound, point.continues = kind, bound, False
        point.label, point.ordinal, point.rare = label, ordinal, rare
        try:
            index = self.scheduler.choose(point)
            if not 0 <= index < bound:
                raise BadChoice(self.complaint(index))
        except BaseException as error:
            self.loop.abort(error)  # the program might catch what is raised here
            raise
        finally:
            point.kind, point.label, point.rare = "task", "", False
        if index:
            self.log.append((kind, label, ordinal, False, index))
        return index

    def _digits(self, kind: str, label: str, bound: int, *, anybodys: bool) -> int:
        """Return an index below ``bound``, asked for digit by digit, the highest first.

        Whoever enumerates the options of a question need not hold a thousand million of them.
        """
        index, unit = 0, 1
        while unit * WIDE < bound:
            unit *= WIDE
        while unit:
            options = min(WIDE, (bound - 1 - index) // unit + 1)
            index += unit * self.pick(kind, label, options, anybodys=anybodys)
            unit //= WIDE
        return index

    def let_go(self) -> None:
        """Forget the loop, which has ended."""
        del self.loop
        self.point.let_go()

    def complaint(self, index: object) -> str:
        """Say what was wrong with ``index``."""
        path, count = self.loop.last_actor()
        return (
            f"{self.scheduler!r} chose {index!r} of {self.point.bound} options"
            f" after event {count} of {path}"
        )

    @property
    def preemptions(self) -> int:
        """The number of switches away from a task that could go on."""
        return sum(map(_preempts, self.log))

    def schedule(self, names: Mapping[int, TaskInfo]) -> Schedule:
        """Return the log as a schedule; ``names`` names the tasks in it, by their numbers."""
        return Schedule(spell=partial(_deviations, self.log, names))


def _deviations(
    log: Sequence[tuple[Any, ...]], names: Mapping[int, TaskInfo]
) -> Iterator[Deviation]:
    for first, second, third, _, *index in log:
        if index:
            yield Deviation(first, second, third, *index)
        else:
            yield Deviation("task", names[first].path, second, names[third].path)
