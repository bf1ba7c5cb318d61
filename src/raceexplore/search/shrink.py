"""Shrink a failing schedule: delete deviations while the same failure stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.kernel.program import Limits
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay

if TYPE_CHECKING:
    from raceexplore.kernel.choice import Schedule
    from raceexplore.kernel.outcome import Run


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The outcome of shrinking: the smallest run found, whether it is 1-minimal, the cost."""

    run: Run
    one_minimal: bool
    runs: int


def shrink(run: Run, *, budget: int = 2_000, limits: Limits = Limits()) -> Run:  # noqa: B008
    """Return a run with the same fingerprint and as few deviations as ``budget`` replays allow."""
    return Shrinking(run, budget, limits).shrink().run


class Shrinking:
    """ddmin over the deviations, then the 1-minimality pass.

    Source: Zeller and Hildebrandt, TSE 2002 (ddmin), on the sparse schedule, where every subset
    can be run.
    """

    def __init__(self, run: Run, budget: int, limits: Limits) -> None:
        self.best, self.budget, self.limits = run, budget, limits
        self.spent = 0

    def shrink(self) -> Shrunk:
        """Shrink until 1-minimal or out of budget."""
        self._try(self.best.schedule)  # what the run did not reach is dropped by replaying it
        chunk = self.best.schedule.size // 2
        while chunk >= 1 and self.spent < self.budget:
            if not self._delete_chunks(chunk):
                chunk = min(chunk // 2, self.best.schedule.size // 2 or 1)
        one_minimal = self._is_one_minimal()
        return Shrunk(self.best, one_minimal, self.spent)

    def _delete_chunks(self, size: int) -> bool:
        """Delete runs of ``size`` deviations, from the end; tell whether any could go."""
        shorter, start = False, self.best.schedule.size
        while start > 0 and self.spent < self.budget:
            start = min(start, self.best.schedule.size)
            begin = max(0, start - size)
            if self._try(self.best.schedule.without(*range(begin, start))):
                shorter = True
            start = begin
        return shorter

    def _is_one_minimal(self) -> bool:
        i = self.best.schedule.size - 1
        while i >= 0:
            if self.spent >= self.budget:
                return False
            if self._try(self.best.schedule.without(i)):
                i = self.best.schedule.size  # start over: an earlier one may have become needless
            i -= 1
        return True

    def _try(self, schedule: Schedule) -> bool:
        """Replay ``schedule``; keep it if it fails in the same way and is no larger."""
        self.spent += 1
        run = run_once(
            self.best.program, Replay(schedule), limits=self.limits, settings=self.best.settings
        )
        assert self.best.failure is not None
        if run.failure is None or run.failure.fingerprint != self.best.failure.fingerprint:
            return False
        if run.schedule.size > self.best.schedule.size:
            return False
        self.best = run
        return True
