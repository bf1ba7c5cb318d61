"""Each story keeps its promise: the bug is found, the wrong fix is broken, the fix holds."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from raceexplore import Limits, Program, Replay, Settings, by_name, explore, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox import trace_key

MODELS = Path(__file__).resolve().parents[2] / "models"
STORIES = ("cancelled_checkout", "lock_order", "lost_update", "ticketing")  # of no service
FILES = [
    MODELS / story / f"{file}.py" for story in STORIES for file in ("buggy", "fixed", "wrong_fix")
]
BROKEN = [p for p in FILES if p.name != "fixed.py"]
FIXED = [p for p in FILES if p.name == "fixed.py"]
SAMPLERS = ("random", "sticky", "pct")
# what the first failure of a story is, whichever of its two broken versions shows it
KINDS = {
    "cancelled_checkout": "AssertionError",
    "lock_order": "deadlock",
    "lost_update": "AssertionError",
    "ticketing": "invariant",
}


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@cache
def program(path: Path) -> Program:
    return load_program(str(path))


@pytest.mark.parametrize("path", sorted(MODELS.glob("*/")), ids=lambda path: path.name)
def test_each_story_has_a_bug_a_fix_and_a_wrong_fix(path: Path) -> None:
    files = [file.stem for file in path.glob("*.py")]
    assert {"buggy", "fixed"} <= set(files) or not files
    assert any(file.startswith("wrong_fix") for file in files) or not files


@pytest.mark.parametrize("path", sorted(MODELS.glob("*/*.py")), ids=name)
def test_a_model_is_short_and_says_in_three_sentences_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    if path.name.startswith(("buggy", "fixed", "wrong_fix")):
        doc = ast.get_docstring(ast.parse(text)) or ""
        assert " ".join(doc.split()).replace(". ", ".\n").count("\n") == 2


@pytest.mark.parametrize("path", FILES, ids=name)
def test_on_the_quiet_day_nothing_fails(path: Path) -> None:
    run = run_once(program(path), Replay())
    assert (run.outcome, run.schedule.size) == ("passed", 0)


@pytest.mark.parametrize("scheduler", SAMPLERS)
@pytest.mark.parametrize("path", BROKEN, ids=name)
def test_a_bug_is_found_within_ten_thousand_runs(path: Path, scheduler: str) -> None:
    for entropy in range(5):
        campaign = explore(program(path), scheduler=scheduler, entropy=entropy, shrink=False)
        assert [found.kind for found in campaign.failures] == [KINDS[path.parent.name]]


@pytest.mark.parametrize("path", BROKEN, ids=name)
def test_a_bug_shrinks_to_at_most_three_deviations(path: Path) -> None:
    (found,) = explore(program(path), scheduler="random").failures
    assert found.one_minimal
    assert found.run.schedule.size <= 3
    assert len(found.run.seed) < 120


@pytest.mark.parametrize("scheduler", SAMPLERS)
@pytest.mark.parametrize("path", FIXED, ids=name)
def test_a_fix_holds_for_five_hundred_runs(path: Path, scheduler: str) -> None:
    campaign = explore(program(path), scheduler=scheduler, budget=500, stop="never")
    assert (campaign.completed_runs, campaign.failures, campaign.never) == (500, (), ())


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", SAMPLERS)
@pytest.mark.parametrize("path", FIXED, ids=name)
def test_a_fix_holds_for_ten_thousand_runs(path: Path, scheduler: str) -> None:
    campaign = explore(program(path), scheduler=scheduler, stop="never", entropy=1)
    assert (campaign.completed_runs, campaign.failures) == (10_000, ())


@pytest.mark.parametrize("path", FIXED, ids=name)
def test_a_fix_holds_under_every_schedule_with_at_most_one_preemption(path: Path) -> None:
    campaign = explore(program(path), scheduler="dfs:preemptions=1")
    assert campaign.complete
    assert campaign.failures == ()


# ticketing: at the median the customers do not overlap; lock_order: 4! orders of the transfers.
CLASSES = {"cancelled_checkout": 4, "lock_order": 24, "lost_update": 6, "ticketing": 1}


@pytest.mark.parametrize("path", FIXED, ids=name)
def test_the_trace_classes_of_a_fix_are_those_that_dfs_sees(path: Path) -> None:
    classes = CLASSES[path.parent.name]
    proof = explore(program(path), scheduler="dpor")
    assert (proof.complete, proof.runs, proof.classes) == (True, classes, classes)
    seen, scheduler = set(), by_name("dfs")
    with guarded():
        while scheduler.begin():
            run = observed_run(program(path), scheduler, limits=Limits(), settings=Settings())
            scheduler.end(run)
            seen.add(trace_key(run.events))
    assert len(seen) == classes
