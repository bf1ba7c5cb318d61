"""compare --load and --chaos: both programs under one load and one plan, and seeds of that."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Rx

SHOP = """\
from raceexplore import World
from raceexplore.sim import LogNormal
from raceexplore.sim.load import Load, Scenario, inject, ok

async def main(world: World):
    left, sold = [3], []
    way = LogNormal(0.001, 0.5)

    async def buy(request):
        if left[0] > 0:
            await way.sleep(world, "decrement")
            left[0] -= 1
            sold.append(request.number)
        return ok()

    await Load(world, [inject(1, 1.0, 5.0)]).run(Scenario(buy, name="buy"))
    assert len(sold) <= 3, f"{len(sold)} sold of 3"
"""
MENDED = SHOP.replace(
    '            await way.sleep(world, "decrement")\n            left[0] -= 1\n',
    '            left[0] -= 1\n            await way.sleep(world, "decrement")\n',
)
BILLING = """\
from raceexplore import World
from raceexplore.sim.chaos import offer
from raceexplore.sim.hosts import Host

async def main(world: World):
    told = []
    host = Host(world, "worker")

    async def work():
        if "charged" not in told:
            told.append("charged")
            await world.sleep(1)
            told.append("recorded")

    host.run(work)
    offer(world, "books balance", lambda: told.count("charged") == told.count("recorded"))
    await world.sleep(5)
"""
AT_ONCE = BILLING.replace("            await world.sleep(1)\n", "").replace(
    '        if "charged"', '        await world.sleep(1)\n        if "charged"'
)
PLAN = """\
name = "evening"
[[fault]]
name = "kill"
kind = "pod-delete"
app = "APP"
start = 0.5
total = 1
[[probe]]
name = "books balance"
mode = "MODE"
"""


def burst(scenario: str = "buy") -> None:
    simulations = [{"Inject": [5, "00:00:01", "00:00:01"]}]
    named = [{"ScenarioName": scenario, "LoadSimulationsSettings": simulations}]
    text = json.dumps({"GlobalSettings": {"ScenariosSettings": named}})
    Path("burst.json").write_text(text, encoding="utf-8")


def planned(app: str = "worker", mode: str = "EoT") -> None:
    text = PLAN.replace("APP", app).replace("MODE", mode)
    Path("plan.toml").write_text(text, encoding="utf-8")


def seed_in(printed: str) -> str:
    return next(word for word in printed.split() if word.startswith("rx1-"))


def test_a_load_stands_in_for_that_of_the_program(rx: Rx) -> None:
    burst()
    words = ("compare", "shop.py", "mended.py", "--exclude", "10%", "--load", "burst.json")
    ended = rx(*words, shop=SHOP, mended=MENDED)
    assert ended.status == 0
    assert ended.out.startswith("HOLDS  shop.py:main -> mended.py:main\n")
    assert "BEFORE fails in 31 of 31 runs" in ended.out
    assert "failing days of AssertionError  20 of 20  0" in ended.out
    assert "both programs were under the load of burst.json" in ended.out
    assert f"{seed_in(ended.out)} --load burst.json" in ended.out
    again = rx("replay", seed_in(ended.out), "--load", "burst.json")
    assert (again.status, again.out[:44]) == (1, "FAIL  shop.py:main  AssertionError: 5 sold o")
    assert rx("replay", seed_in(ended.out)).status == 4  # not without the load


def test_what_fails_under_a_load_has_a_seed_of_it(rx: Rx) -> None:
    burst()
    ended = rx("compare", "shop.py", "shop.py", "--load", "burst.json", shop=SHOP)
    assert ended.status == 1
    assert rx("replay", seed_in(ended.out), "--load", "burst.json").status == 1


@pytest.mark.parametrize("mode", ["EoT", "AtEveryStep"])
def test_faults_strike_both_and_a_probe_must_hold(rx: Rx, mode: str) -> None:
    planned(mode=mode)
    words = ("compare", "billing.py", "at_once.py", "--exclude", "10%", "--chaos", "plan.toml")
    ended = rx(*words, "--format", "json", billing=BILLING, at_once=AT_ONCE)
    value = json.loads(ended.out)
    assert (ended.status, value["verdict"]) == (0, "holds")
    assert value["strikes"] == {"kill": 31}
    assert value["pairs"]["only_before"] == 31
    seed = seed_in(rx(*words).out)
    again = rx("replay", seed, "--chaos", "plan.toml")
    assert again.status == 1
    assert "ProbeFailed: books balance: it is False, not bool == true" in again.out


def test_a_fault_that_never_struck_leaves_it_inconclusive(rx: Rx) -> None:
    planned(app="wroker")
    words = ("compare", "shop.py", "mended.py", "--exclude", "10%", "--load", "burst.json")
    burst()
    text = Path("plan.toml").read_text(encoding="utf-8").partition("[[probe]]")[0]
    Path("plan.toml").write_text(text, encoding="utf-8")
    ended = rx(*words, "--chaos", "plan.toml", shop=SHOP, mended=MENDED)
    assert ended.status == 3
    assert "kill struck in none of 31 clean runs of mended.py:main" in ended.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--load", "burst.json"], "burst.json: it has no scenario 'buy'; it has other"),
        (["--load", "shop.py"], "shop.py: not JSON"),
        (["--chaos", "burst.json"], "no ChaosEngine in it"),
        (["--chaos", "gone.toml"], "'gone.toml' does not exist"),
    ],
)
def test_wrong_files_are_one_line(rx: Rx, options: list[str], words: str) -> None:
    burst("other")
    ended = rx("compare", "shop.py", "shop.py", *options, shop=SHOP)
    assert ended.status == 2
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_load_that_no_program_runs_is_refused(rx: Rx) -> None:
    burst()
    ended = rx("compare", "b.py", "b.py", "--load", "burst.json", b=BILLING)
    assert ended.status == 2
    assert "the program runs no load that it could stand in for" in ended.err
