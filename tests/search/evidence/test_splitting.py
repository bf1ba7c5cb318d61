"""Splitting: a rare rate without bias, and an interval that covers it as often as it says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from command import Rx
from raceexplore import BadOption, World, explore, replay
from raceexplore.kernel.events.trace import Event
from raceexplore.kernel.fence.chance import derive
from raceexplore.search.evidence.sample import sample
from raceexplore.search.evidence.splitting import Levels, by_constraints, split, tree_interval
from raceexplore.search.programs.load import load_program
from raceexplore.search.programs.silence import silence
from raceexplore.sim import Uniform

MODELS = Path(__file__).resolve().parents[3] / "models"
STEP = 0.25
TRUTH = STEP**4


async def rare(world: World) -> None:
    """Four calls, all of which must be slow: in 0.39 % of all runs."""
    for number in range(4):
        if Uniform(0.0, 1.0).draw(world, f"call {number}") > STEP:
            return
        world.event("slow")
        await world.checkpoint()
    raise AssertionError("all were slow")


def notes() -> Levels:
    """Return how many calls were slow so far."""

    def level(events: Sequence[Event]) -> int:
        return sum(len(event.notes) for event in events)

    return level


def test_splitting_finds_a_rare_rate_that_sampling_hardly_sees() -> None:
    found = split(rare, notes, trees=300, ways=4, observe=False)
    assert found.interval.low < TRUTH < found.interval.high
    width = found.interval.high - found.interval.low
    plain = sample(rare, runs=found.runs).interval
    assert width < plain.high - plain.low  # for as many runs
    assert replay(rare, found.seed).outcome == "failed"


def test_intervals_of_trees_cover_the_rate_in_95_percent_of_2000_campaigns() -> None:
    draw, covered = random.Random(2), 0
    for _ in range(2_000):
        interval = tree_interval([share_of_tree(draw) for _ in range(150)])
        covered += interval.low <= TRUTH <= interval.high
    assert 0.93 <= covered / 2_000 <= 0.97


def share_of_tree(draw: random.Random) -> float:
    """Return what share of a tree of `rare` fails, split in four ways at each level but the last.

    Drawn without running anything: the slow test below runs it.
    """
    alive = 1
    for level in range(4):
        alive = sum(draw.random() < STEP for _ in range(alive)) * (4 if level < 3 else 1)
    return alive / 4**3


def test_one_way_is_plain_sampling() -> None:
    found = split(rare, notes, trees=200, ways=1, observe=False)
    assert (found.runs, found.rate) == (200, found.hits / 200)


def test_levels_that_say_nothing_cost_runs_and_no_bias() -> None:
    found = split(rare, lambda: lambda _: 0, trees=50, observe=False)
    assert found.runs == 50


def test_no_hit_gives_a_bound() -> None:
    async def sound(world: World) -> None:
        Uniform(0.0, 1.0).draw(world, "call")

    found = split(sound, notes, trees=100, observe=False)
    assert (found.rate, found.interval.low) == (0.0, 0.0)
    assert found.interval.high == pytest.approx(0.0362, abs=1e-4)


def test_the_orders_of_a_failure_are_levels() -> None:
    program = load_program(str(MODELS / "ticketing/buggy.py"))
    with silence():
        (bug,) = explore(program).failures
        assert bug.why is not None
        levels = by_constraints(bug.why.orders.constraints)
        found = split(program, levels, trees=120, ways=3)
        plain = sample(program, runs=1_000)
    assert found.hits > 0
    assert found.interval.low < plain.interval.high
    assert plain.interval.low < found.interval.high


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(BadOption, match="no order constraint"):
        by_constraints(())
    with pytest.raises(BadOption, match="two trees or more"):
        split(rare, notes, trees=1)


def test_the_command_splits_or_says_why_not(rx: Rx) -> None:
    program = (MODELS / "lost_update/buggy.py").read_text(encoding="utf-8")
    calm = "import trio\nasync def main():\n    await trio.sleep(1)\n"
    ended = rx("sample", "lost.py", "--split", "5", lost=program)
    assert ended.status == 0
    assert "no run failed" in ended.out
    ended = rx("sample", "calm.py", "--split", "5", calm=calm)
    assert ended.status == 3
    assert "so there are no orders to split on" in ended.out


@pytest.mark.slow
def test_intervals_of_splitting_cover_the_rate_in_95_percent_of_campaigns() -> None:
    campaigns, covered, total = 2_000, 0, 0.0
    for number in range(campaigns):
        entropy = derive(5, number)
        found = split(rare, notes, trees=150, ways=4, observe=False, entropy=entropy)
        covered += found.interval.low <= TRUTH <= found.interval.high
        total += found.rate
    assert total / campaigns == pytest.approx(TRUTH, rel=0.03)
    assert 0.93 <= covered / campaigns <= 0.97
