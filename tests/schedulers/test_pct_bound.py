"""The bound that `pct` prints holds of every bug of depth 2; where tasks wait it prints none."""

from __future__ import annotations

import re
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import contested
from raceexplore import by_name, explore, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program


class Verdict(NamedTuple):
    """Whether a bound was printed, that of one run, and the exact chance of the rarest bug."""

    is_told: bool
    bound: float
    chance: float


def verdict(folder: Path, seed: int, *, blocking: bool) -> Verdict | None:
    """Return what there is to say of that program; None if it has too many schedules."""
    path = folder / f"contested_{seed}_{blocking}.py"
    path.write_text(contested.program(seed, blocking=blocking))
    program = load_program(str(path))
    with guarded():
        runs = contested.every_run(program)
        if not runs:
            return None
        tasks, steps = measured(program)
        drawn = list(contested.every_pct_run(program, tasks, steps))
    campaign = explore(program, scheduler="pct:depth=2", budget=150, shrink=False)
    told = [text for text in campaign.certificate if text.startswith("a bug of depth 2")]
    if told:
        assert re.findall(r"[nk] = (\d+)", told[0]) == [str(tasks), str(steps)]
    return Verdict(bool(told), 1 / (tasks * steps), contested.rarest(runs, drawn))


def measured(program: Any) -> tuple[int, int]:
    """Return the most tasks, and the most contested steps, that 60 runs of `pct` have."""
    scheduler: Any = by_name("pct:depth=2", entropy=1)
    for _ in range(60):
        scheduler.begin()
        scheduler.end(run_once(program, scheduler))
    steps, tasks = scheduler.knowledge
    return tasks, steps


def verdicts(folder: Path, number: int, *, blocking: bool) -> list[Verdict]:
    """Return the verdicts on the first ``number`` programs whose schedules can all be run."""
    every = (verdict(folder, seed, blocking=blocking) for seed in count())
    return list(islice((found for found in every if found is not None), number))


def holds(found: Verdict) -> bool:
    return not found.is_told or found.chance >= found.bound


def test_the_bound_holds_where_no_task_waits(tmp_path: Path) -> None:
    found = verdicts(tmp_path, 6, blocking=False)
    assert all(one.is_told and holds(one) for one in found)


def test_the_bound_is_left_out_where_it_would_be_false(tmp_path: Path) -> None:
    found = verdicts(tmp_path, 6, blocking=True)
    assert all(map(holds, found))
    assert sum(one.chance < one.bound for one in found) >= 1


@pytest.mark.slow
def test_the_bound_holds_or_is_left_out_on_200_programs_that_wait(tmp_path: Path) -> None:
    found = verdicts(tmp_path, 200, blocking=True)
    assert all(map(holds, found))
    assert sum(one.chance < one.bound for one in found) >= 10


@pytest.mark.slow
def test_the_bound_holds_on_200_programs_that_do_not_wait(tmp_path: Path) -> None:
    found = verdicts(tmp_path, 200, blocking=False)
    assert all(one.is_told and holds(one) for one in found)
