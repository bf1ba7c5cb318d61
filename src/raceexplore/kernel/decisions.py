"""The decisions of one run: asked of the scheduler, checked, and logged where not neutral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.choice import ChoicePoint, Deviation, Options, Schedule
from raceexplore.kernel.errors import BadChoice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.scheduler import Scheduler


class Running(Options, Protocol):
    """The run loop, as far as its decisions need it."""

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event."""
        ...


class Decisions:
    """Asks the scheduler and keeps the log.

    log: (actor, its count of events, chosen task, was it a preemption) of each switch, as the
        loop's own objects, and (kind, label, ordinal, index) of each draw.
    """

    def __init__(self, loop: Running, scheduler: Scheduler) -> None:
        self.loop, self.scheduler = loop, scheduler
        self.point = ChoicePoint(loop)
        self.log: list[tuple[Any, ...]] = []
        self.draws: dict[str, int] = {}

    def pick(self, kind: str, label: str, bound: int) -> int:
        """Return an index below ``bound`` for the draw ``label`` of the running task."""
        if bound < 2:
            return 0
        point = self.point
        label = f"{self.loop.last_actor()[0]}:{label}"
        ordinal = self.draws.get(label, 0)
        self.draws[label] = ordinal + 1
        point.kind, point.bound, point.continues = kind, bound, False
        point.label, point.ordinal = label, ordinal
        try:
            index = self.scheduler.choose(point)
            if not 0 <= index < bound:
                raise BadChoice(self.complaint(index))
        except BaseException as error:
            self.loop.abort(error)  # the program might catch what is raised here
            raise
        finally:
            point.kind, point.label = "task", ""
        if index:
            self.log.append((kind, label, ordinal, index))
        return index

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
        return sum(entry[3] for entry in self.log if not isinstance(entry[0], str))

    def schedule(self, infos: Mapping[Any, TaskInfo]) -> Schedule:
        """Return the log as a schedule; ``infos`` names the tasks in it."""
        return Schedule(tuple(_deviation(entry, infos) for entry in self.log))


def _deviation(entry: tuple[Any, ...], infos: Mapping[Any, TaskInfo]) -> Deviation:
    if isinstance(entry[0], str):
        return Deviation(*entry)
    actor, count, task, _ = entry
    return Deviation("task", infos[actor].path, count, infos[task].path)
