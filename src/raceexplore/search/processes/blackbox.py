"""The decisions of a run that may end its process, written to a file before each is taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import Deviation, Schedule

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler


class Recorded:
    """A scheduler that does as ``inner`` does, and writes each deviation to the file ``path``."""

    def __init__(self, inner: Scheduler, path: str) -> None:
        self.inner, self.path = inner, Path(path)
        self.path.write_text("")

    def begin(self) -> bool:
        """Let ``inner`` begin."""
        return self.inner.begin()

    def choose(self, point: ChoicePoint) -> int:
        """Return what ``inner`` chooses."""
        index = self.inner.choose(point)
        if index:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_deviation(point, index)) + "\n")
        return index

    def end(self, run: Run) -> None:
        """Let ``inner`` learn."""
        self.inner.end(run)


def _deviation(point: ChoicePoint, index: int) -> Deviation:
    if point.kind == "task":
        path, count = point.at
        return Deviation("task", path, count, point.tasks[index].path)
    return Deviation(point.kind, point.label, point.ordinal, index)


def recorded(path: Path) -> Schedule:
    """Return the schedule up to the last decision that got into the file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return Schedule(Deviation(*json.loads(line)) for line in lines if line.endswith("]"))
