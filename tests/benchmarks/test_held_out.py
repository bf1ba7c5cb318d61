"""The held-out programs are what they say: each fails under some schedules, its twin under none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from raceexplore import Limits, Run, Settings, by_name, explore, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def held_out() -> list[str]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import power

        return power.program_names("held_out")
    finally:
        sys.path.remove(str(BENCHMARKS))


NAMES = held_out()


def ends(name: str, spec: str, count: int) -> list[Run]:
    program, scheduler = load_program(str(BENCHMARKS / "held_out" / name)), by_name(spec)
    found = []
    with guarded():
        for _ in range(count):
            if scheduler.begin():
                found.append(run_once(program, scheduler, limits=Limits(), settings=Settings()))
                scheduler.end(found[-1])
    return found


def test_there_are_as_many_as_the_documents_say() -> None:
    assert len(NAMES) == 28


@pytest.mark.parametrize("name", NAMES)
def test_the_bug_is_one_of_schedules(name: str) -> None:
    assert [run.outcome for run in ends(name, "icb", 1)] == ["passed"]
    program = load_program(str(BENCHMARKS / "held_out" / name))
    campaign = explore(program, scheduler="portfolio", budget=10_000, shrink=False)
    assert campaign.failures


@pytest.mark.parametrize("name", NAMES)
def test_its_twin_passes(name: str) -> None:
    for spec in ("random", "icb", "urw"):
        runs = ends(f"{name}_fixed", spec, 200)
        assert [run.failure for run in runs if run.outcome != "passed"] == []
