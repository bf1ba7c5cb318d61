"""All runs of an exhaustive scheduler: the trace classes, and what each class shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from raceexplore import Limits, Program, Run, Settings, by_name
from raceexplore.observe.load import load_observed
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.toolbox import trace_key


class Sweep:
    """The runs of one exhaustive scheduler: the classes it met, and how the runs ended.

    torn: pairs of schedules of one class that did not show the same: what tells them apart was
    taken for independent. opaque: events that ran code nobody observes.
    """

    def __init__(self, program: Program, name: str, runs_max: int = 10_000) -> None:
        scheduler: Any = by_name(name)
        self.classes: Counter[int] = Counter()
        self.outcomes: set[tuple[str, ...]] = set()
        self.torn: list[tuple[object, object]] = []
        self.runs = self.opaque = 0
        self.complete = True
        shown: dict[int, tuple[object, Run]] = {}
        while scheduler.begin():
            if self.runs == runs_max:
                self.complete = False
                break
            run = observed_run(program, scheduler, limits=Limits(), settings=Settings())
            scheduler.end(run)
            self.runs += 1
            self.opaque += sum(bool(event.opaque) for event in run.events)
            key = trace_key(run.events)
            self.classes[key] += 1
            self.outcomes.add(outcome(run))
            known, first = shown.setdefault(key, (story(run), run))
            if known != story(run):
                self.torn.append((first.schedule.deviations, run.schedule.deviations))
        self.blocked = getattr(scheduler, "blocked", 0)


def outcome(run: Run) -> tuple[str, ...]:
    """Return how a run has ended, and what it has told."""
    notes = [note for event in run.events for note in event.notes]
    return (run.outcome, run.failure.fingerprint if run.failure else "", *notes)


def story(run: Run) -> object:
    """Return all that must be the same in the runs of one trace class: what each task did."""
    told = [
        (event.task, event.nth, event.end.line, event.time_s, event.notes, event.error)
        for event in run.events
    ]
    return run.outcome, run.failure and run.failure.fingerprint, sorted(told)


def complaints(program: Program, runs_max: int = 3_000) -> tuple[list[str], Sweep]:
    """Return in which way ``dpor`` is not what ``dfs`` says, and the runs of ``dpor``.

    Of a program with more than ``runs_max`` schedules only the runs of ``dfs``, and no complaint.
    """
    every = Sweep(program, "dfs", runs_max)
    if not every.complete:
        return [], every
    reduced = Sweep(program, "dpor", runs_max)
    wrong = {
        "one class shows different things": bool(every.torn),
        "a class is missing": bool(set(every.classes) - set(reduced.classes)),
        "a class is new": bool(set(reduced.classes) - set(every.classes)),
        "an outcome is missing": bool(every.outcomes - reduced.outcomes),
        "a class is explored twice": reduced.runs != len(reduced.classes) + reduced.blocked,
    }
    return [text for text, found in wrong.items() if found], reduced


class Comparison:
    """What ``dpor`` made of many programs, each of which `complaints` has looked at.

    wrong: the programs that it is not exact on. blocked: executions that were covered. relative:
    programs with events that nobody observes. long: programs that `dfs` cannot exhaust.
    """

    def __init__(self, folder: Path, programs: Iterable[tuple[int, str]]) -> None:
        self.wrong: list[tuple[int, list[str]]] = []
        self.relative: list[int] = []
        self.blocked = self.long = 0
        for number, source in programs:
            path = folder / f"generated_{number}.py"
            path.write_text(source)
            main = load_observed(path, "generated").main
            program = Program(main, path.name, wants_world=True, observed=lambda main=main: main)
            complaint, reduced = complaints(program)
            if complaint:
                self.wrong.append((number, complaint))
            if reduced.opaque:
                self.relative.append(number)
            self.long += not reduced.complete
            if reduced.complete:
                self.blocked += reduced.blocked
