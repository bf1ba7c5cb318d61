"""Feedback: keep the runs that show a new order of accesses, and change them a little."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import Any, ClassVar

from raceexplore import BadOption, ChoicePoint, Run, by_name
from raceexplore.toolbox import derive

Pair = tuple[object, ...]  # a place, and the two events that touched it one after the other
Kept = tuple[int, list[float]]  # the entropy of the data, the priorities


@dataclass
class Feedback:
    """Mutate the draws of runs in which two tasks touched something in an order never seen.

    Every second run is a fresh one of POS; the others take the stream of priorities of a kept
    run and redraw ``changes`` of them. Kept runs take turns, ``mutants`` runs each. A run is
    kept if, somewhere, two conflicting accesses of different tasks follow each other in an order
    that no run has shown: (task, place in the source) first and second, and what they touched.
    No guarantee for the mutants, which are not independent of each other; the fresh runs are POS.
    Source: choice streams mutated as in Fray's FEST (2026) and Hypothesis; ordered pairs as in
    Wolff et al., Greybox Fuzzing for Concurrency Testing, ASPLOS 2024, section 3.
    """

    observes: ClassVar[bool] = True

    mutants: int = 16
    changes: int = 5
    entropy: int = 0

    def __post_init__(self) -> None:
        if self.mutants < 1 or self.changes < 1:
            raise BadOption("feedback: mutants and changes must be at least 1")
        self.next_run = 0
        self._generator = Generator()
        self._base = by_name("pos")
        self._base.draw = self._draw  # type: ignore[attr-defined]
        self.knowledge: tuple[list[Kept], Any] = [], self._base.knowledge  # type: ignore[attr-defined]
        self._pairs: set[Pair] = set()

    def begin(self) -> bool:
        """Seed run i from (entropy, i) and what was kept before; every second one is a mutant."""
        index, self._data = self.next_run, derive(self.entropy, self.next_run)
        self._generator.seed(self._data)
        self._plan: list[float] = []
        kept, self._base.knowledge = self.knowledge  # type: ignore[attr-defined]
        if kept and index % 2:
            self._data, priorities = kept[index // 2 // self.mutants % len(kept)]
            self._plan = self._mutate(priorities)
        self.next_run += 1
        self._drawn: list[float] = []
        return self._base.begin()

    def _mutate(self, priorities: list[float]) -> list[float]:
        plan = list(priorities)
        for _ in range(min(self.changes, len(plan))):
            plan[int(self._generator.random() * len(plan))] = self._generator.random()
        return plan

    def _draw(self) -> float:
        planned = len(self._drawn) < len(self._plan)
        drawn = self._plan[len(self._drawn)] if planned else self._generator.random()
        self._drawn.append(drawn)
        return drawn

    def choose(self, point: ChoicePoint) -> int:
        """Return what POS chooses with these priorities."""
        if point.kind != "task":
            return point.keyed(self._data)
        return self._base.choose(point)

    def end(self, run: Run) -> None:
        """Keep the run if it shows something new."""
        self.study(self.lesson(run))

    def lesson(self, run: Run) -> tuple[Run, Kept, set[Pair]]:
        """Return the run, what made it, and the pairs of accesses that it shows."""
        return run, (self._data, self._drawn), _pairs(run)

    def study(self, lesson: tuple[Run, Kept, set[Pair]]) -> None:
        """Keep the run if it shows something new."""
        run, made, found = lesson
        kept, foresight = self.knowledge
        foresight.learn(run)
        if not found <= self._pairs:
            self._pairs |= found
            kept.append(made)


def _pairs(run: Run) -> set[Pair]:
    """Return the conflicting accesses of different tasks that follow each other in ``run``."""
    found: set[Pair] = set()
    last: dict[object, tuple[str, str, bool]] = {}
    for event in run.events:
        for access in event.accesses:
            now = (event.task, access.line or str(event.begin), access.write)
            before = last.get(access.resource, now)
            if before[0] != event.task and (before[2] or access.write):
                found.add((access.resource, before, now))
            last[access.resource] = now
    return found
