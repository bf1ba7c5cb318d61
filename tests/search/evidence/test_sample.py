"""sample: rates of drawn runs equal those that can be computed, and replay as any run does."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from command import Rx
from raceexplore import BadOption, World, replay
from raceexplore.search.evidence.sample import sample
from raceexplore.sim import Exponential, Fixed, Uniform


async def slow(world: World) -> None:
    """Fails if a call takes longer than its third quartile: in a quarter of all runs."""
    assert Uniform(0.0, 1.0).draw(world, "call") <= 0.75


async def race(world: World) -> None:
    """Two calls; the second, sent 1 s later, overtakes with probability exp(-1/2) / 2."""
    latency, done = Exponential(2.0), []

    async def call(name: str, at_s: float) -> None:
        await world.sleep(at_s)
        await latency.sleep(world, name)
        done.append(name)

    world.spawn(call, "first", 0.0)
    world.spawn(call, "second", 1.0)
    await world.sleep(1_000)
    assert done == ["first", "second"]


async def sound(world: World) -> None:
    await Fixed(1.0).sleep(world, "call")
    world.count("orders", 10)
    world.count("oversold", world.pick("oversold", [0, 0, 0, 1]))


def test_a_rate_that_is_known_lies_in_its_interval() -> None:
    drawn = sample(slow, runs=2_000)
    assert drawn.interval.low < 0.25 < drawn.interval.high
    assert drawn.rate == drawn.failed / 2_000


def test_tasks_go_in_the_order_of_virtual_time_so_a_race_has_its_closed_form() -> None:
    drawn = sample(race, runs=3_000, entropy=3)
    assert drawn.interval.low < math.exp(-0.5) / 2 < drawn.interval.high


def test_the_same_entropy_gives_the_same_sample_and_a_seed_replays() -> None:
    first, again = sample(slow, runs=200, entropy=5), sample(slow, runs=200, entropy=5)
    assert (first.failed, first.failures) == (again.failed, again.failures)
    assert sample(slow, runs=200, entropy=6).failures != first.failures
    run = replay(slow, first.failures[0].seed)
    assert run.outcome == "failed"


def test_what_is_counted_has_a_rate_per_what_it_is_counted_by() -> None:
    drawn = sample(sound, runs=1_000)
    rate, interval = drawn.per("oversold", "orders")
    assert interval.low < 0.025 < interval.high
    assert rate == sum(drawn.counts["oversold"]) / 10_000
    with pytest.raises(BadOption, match="counts no 'sold'; it counts orders, oversold"):
        drawn.per("sold", "orders")


PROGRAM = """\
from raceexplore import World
from raceexplore.sim import Uniform

async def main(world: World):
    world.count("orders", 10)
    slow = Uniform(0.0, 1.0).draw(world, "call") > 0.75
    world.count("late", int(slow))
    assert not slow, "too slow"
"""


def test_the_command_tells_rate_interval_and_mode(rx: Rx) -> None:
    ended = rx("sample", "slow.py", "--runs", "400", "--per", "late/orders", slow=PROGRAM)
    lines = ended.out.splitlines()
    assert ended.status == 1
    assert lines[0] == "FAILS  slow.py:main"
    assert lines[1] == "       83 of 400 runs failed: 20.8 % (95 %: 16.9 % to 25.1 %)"
    assert lines[4].startswith("  late per orders  83 of 4,000  2.08 %  1.")
    assert "strict time, drawn latencies and faults, tasks in the order" in ended.out
    assert "83 x AssertionError: too slow\n  raceexplore replay rx1-" in ended.out
    read = json.loads(rx("sample", "slow.py", "--runs", "400", "--format", "json").out)
    assert (read["failed"], read["rate"], read["counts"]["orders"]) == (83, 0.2075, 4000.0)


def test_no_failure_gives_the_rate_that_is_excluded_and_status_0(rx: Rx) -> None:
    text = "import trio\nasync def main():\n    await trio.sleep(1)\n"
    ended = rx("sample", "calm.py", "--runs", "1000", calm=text)
    assert ended.status == 0
    assert ended.out.splitlines()[1].strip() == (
        "none of 1,000 runs failed; a rate above 0.299 % is excluded with 95 % confidence"
    )


def test_markdown_page_and_junit_carry_the_rate(rx: Rx, tmp_path: Path) -> None:
    files = ["--html", "slow.html", "--junit", "slow.xml"]
    ended = rx("sample", "slow.py", "--runs", "400", "--format", "markdown", *files, slow=PROGRAM)
    rate = "83 of 400 runs failed: 20.8 % (95 %: 16.9 % to 25.1 %)"
    assert ended.out.startswith(f"### FAILS: slow.py:main\n\n{rate}\n")
    assert rate in (tmp_path / "slow.html").read_text(encoding="utf-8")
    failure = ET.parse(tmp_path / "slow.xml").find(".//failure")
    assert failure is not None
    assert failure.get("message") == rate


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--runs", "0"], "0 is not in the range"),
        (["--per", "late"], "--per is like oversold/orders, not 'late'"),
        (["--per", "lost/orders"], "the program counts no 'lost'"),
    ],
)
def test_wrong_options_are_one_line(rx: Rx, arguments: list[str], words: str) -> None:
    ended = rx("sample", "slow.py", "--runs", "10", *arguments, slow=PROGRAM)
    assert ended.status in (2, 4)
    assert words in ended.err
