"""Pairs of runs: two programs meet the same day, run after run, and each fails or does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from raceexplore.kernel.program import Settings
from raceexplore.kernel.run import run_once
from raceexplore.search.evidence.intervals import Interval, clopper_pearson
from raceexplore.search.evidence.sample import Drawn
from raceexplore.search.evidence.sequential import mcnemar

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program


@dataclass(frozen=True, slots=True)
class Pairs:
    """How pairs of runs ended: the discordant table.

    both, only_before, only_after, neither: pairs in which these failed. cut: further pairs of
    which one run was cut by a limit.
    """

    both: int = 0
    only_before: int = 0
    only_after: int = 0
    neither: int = 0
    cut: int = 0

    @property
    def runs(self) -> int:
        """The pairs of which both runs came to an end."""
        return self.both + self.only_before + self.only_after + self.neither

    @property
    def before_failed(self) -> int:
        """The runs of the first program that failed."""
        return self.both + self.only_before

    @property
    def after_failed(self) -> int:
        """The runs of the second program that failed."""
        return self.both + self.only_after

    @property
    def p_value(self) -> float:
        """How likely so uneven a table is if both fail equally often (McNemar, exact)."""
        return mcnemar(self.only_before, self.only_after)

    def interval(self, failed: int) -> Interval:
        """Return where a rate of ``failed`` in these runs lies (Clopper and Pearson, 95 %)."""
        return clopper_pearson(failed, self.runs)


class Pairing:
    """Pairs in progress: run i of either program draws from the same entropy, label by label.

    A draw depends on the entropy, i, its label and its ordinal, so the same call takes as long in
    both, wherever it stands.
    """

    def __init__(self, before: Program, after: Program, entropy: int, limits: Limits) -> None:
        self.before, self.after, self.entropy = before, after, entropy
        self.table = Pairs()
        self.failing: list[Run] = []  # of the first program
        self.still: list[Run] = []  # failing runs of the second one
        self.draws = False  # has any run of the second one drawn anything?
        self.counts: Counter[str] = Counter()  # of the clean runs of the second one
        self._limits = limits
        self._settings = Settings(entropy=entropy)
        self._number = 0

    def step(self) -> None:
        """Run both programs once more."""
        before, after = self._run(self.before), self._run(self.after)
        self._number += 1
        table = self.table
        self.draws = self.draws or any(d.kind != "task" for d in after.schedule.deviations)
        if "cut" in (before.outcome, after.outcome):
            self.table = replace(table, cut=table.cut + 1)
            return
        if before.failure is not None:
            self.failing.append(before)
        if after.failure is not None:
            self.still.append(after)
        else:
            self.counts.update(after.counts)
        failed = before.failure is not None, after.failure is not None
        name = {(True, True): "both", (True, False): "only_before", (False, True): "only_after"}
        field = name.get(failed, "neither")
        self.table = replace(table, **{field: getattr(table, field) + 1})

    def _run(self, program: Program) -> Run:
        scheduler = Drawn(self.entropy)
        scheduler.number = self._number
        return run_once(program, scheduler, limits=self._limits, settings=self._settings)
