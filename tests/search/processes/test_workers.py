"""Worker processes: the campaign is equal for any number of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raceexplore import OutsideWorld, Program, Settings, explore
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox.by_name import names
from random_programs import program as drawn
from shared import BUDGET, RARE, SEES, Written, alike, share_at_once, writer

MODELS = ["cancelled_checkout", "lock_order", "lost_update", "ticketing"]
KINDS = ["buggy", "fixed", "wrong_fix"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    share_at_once(monkeypatch)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return writer(tmp_path)


@pytest.mark.parametrize("scheduler", names())
def test_any_number_of_processes_gives_the_same_campaign(scheduler: str) -> None:
    found = alike(load_program("models/lost_update/buggy.py"), scheduler=scheduler)
    assert found.runs == BUDGET or found.complete
    assert found.failures
    alike(load_program("models/ticketing/fixed.py"), counts=(1, 3), scheduler=scheduler)


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["first", "never"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("scheduler", [*names(), "pct:depth=2", "pct:depth=3,length=20"])
def test_the_campaigns_of_all_models_are_equal(scheduler: str, model: str, stop: str) -> None:
    for kind in KINDS:
        program = load_program(f"models/{model}/{kind}.py")
        alike(program, scheduler=scheduler, stop=stop, budget=400)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_the_campaigns_of_drawn_programs_are_equal(seed: int, tmp_path: Path) -> None:
    (tmp_path / f"drawn_{seed}.py").write_text(drawn(seed, branches=seed % 2 == 0), "utf-8")
    program = load_program(str(tmp_path / f"drawn_{seed}.py"))
    settings = Settings("elastic" if seed % 5 == 0 else "strict", entropy=seed)
    shared = [name for name in names() if name not in {"dfs", "dpor", "roundrobin"}]
    for scheduler in ("portfolio", shared[seed % len(shared)]):
        asked: dict[str, Any] = {"scheduler": scheduler, "entropy": seed, "settings": settings}
        alike(program, budget=260, stop="never" if seed % 3 else "first", **asked)


@pytest.mark.parametrize("scheduler", ["random", "urw", "portfolio"])
def test_the_shrunk_failure_is_the_same(scheduler: str) -> None:
    program = load_program("models/lock_order/buggy.py")
    for entropy in range(3):
        alike(program, scheduler=scheduler, stop="first", shrink=True, entropy=entropy)


def test_a_portfolio_completes_after_the_same_run(written: Written) -> None:
    campaign = alike(written(SHARES), scheduler="portfolio", budget=2000)
    assert campaign.complete
    assert campaign.covered == "every trace class"
    assert campaign.runs > 300


def test_a_portfolio_that_sees_nothing_compares_schedules(written: Written) -> None:
    program = Program(written(PASSES).function, "blind")
    campaign = alike(program, counts=(1, 2), scheduler="portfolio", budget=300)
    assert campaign.classes is not None


SHARES = """
class Shelf:
    taken = put = 0

async def move(shelf):
    for _ in range(2):
        taken = shelf.taken
        await trio.lowlevel.checkpoint()
        shelf.put = taken

async def main():
    shelf = Shelf()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(move, shelf)
"""
PASSES = """
async def three_events():
    await trio.sleep(0)
    await trio.sleep(0)

async def main():
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(three_events)
"""


@pytest.mark.parametrize(
    ("scheduler", "runs", "covered"),
    [
        # 6 schedules have no preemption, 36 have one, 150 two
        ("icb:bound=2", 6 + 36 + 150, "every schedule of at most 2 preemptions"),
        ("icb", 300, ""),
        ("delay:bound=2", None, "every schedule of at most 2 delays"),
        ("delay", 300, ""),
    ],
)
def test_a_search_that_looks_ahead_goes_in_the_same_order(
    written: Written, scheduler: str, runs: int | None, covered: str
) -> None:
    asked: dict[str, Any] = {"scheduler": scheduler, "budget": 300}
    campaign = alike(written(PASSES), **asked)
    assert campaign.covered == covered
    assert campaign.runs == runs or runs is None
    found = alike(written(SEES), **asked)
    assert len(found.failures) > 1


@pytest.mark.parametrize("scheduler", ["random", "urw", "pos", "portfolio:prove=0,burst=20"])
def test_a_rare_failure_is_found_by_the_same_run(written: Written, scheduler: str) -> None:
    found = alike(written(RARE), scheduler=scheduler, stop="first", budget=20_000, counts=(1, 2))
    assert found.failures[0].first_run > 64
    assert found.runs == found.failures[0].first_run + 1


def test_what_the_runs_tell_beside_failures_is_the_same(
    written: Written,
) -> None:
    campaign = alike(written(SEES), scheduler="random", budget=500)
    assert campaign.never == ("d first",)
    assert len(campaign.warnings) == 1
    assert {f.kind for f in campaign.failures} == {"ValueError", "AssertionError"}


LEAVES = """
import socket

async def main():
    if (await drawn()).startswith("cba"):
        socket.socket()
"""


def test_a_refused_run_is_refused_in_the_same_words(written: Written) -> None:
    program, words = written(LEAVES), []
    for jobs in (1, 2):
        with pytest.raises(OutsideWorld) as error:
            explore(program, scheduler="random", budget=500, jobs=jobs)
        words.append(str(error.value))
    assert words[0] == words[1]
    assert "shared_program.py" in words[0]
