"""What tests of ``what-if`` ask: the answer for a program that comes with the project."""

from __future__ import annotations

import linecache
from pathlib import Path

from critical_sections import Section
from raceexplore import Limits, Run, explore
from raceexplore.search.programs.load import load_program
from raceexplore.search.what_if.statements import Span
from raceexplore.search.what_if.what_if import Atomicity, Trial, atomicity

ROOT = Path(__file__).parents[2]
LIMITS = Limits(steps=2_000)


def found_in(reference: str) -> Run:
    """A shrunk failing run of the program."""
    program = load_program(str(ROOT / reference))
    for scheduler in ("portfolio", "sticky", "surw"):
        campaign = explore(program, scheduler=scheduler, budget=3_000, limits=LIMITS)
        if campaign.failures:
            return campaign.failures[0].run
    raise AssertionError(f"{reference} does not fail")


def answer(run: Run) -> Atomicity:
    found = atomicity(run, LIMITS)
    assert found is not None
    assert not found.refused
    return found


def cure(run: Run) -> Trial:
    found = answer(run)
    assert found.cure is not None
    return found.cure


def section(one: Span) -> Section:
    first, last = (linecache.getline(one.code.file, n).strip() for n in (one.first, one.last))
    return one.name, first, last


def named(trial: Trial) -> set[Section]:
    return {section(one) for one in trial.spans}


def power(name: str) -> str:
    return f"benchmarks/power_programs/{name}"
