"""``raceexplore chaos``: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Rx

PLANNED = ("chaos", "billing.py", "--plan", "plan.toml")
PROGRAM = """
from raceexplore import World
from raceexplore.sim.chaos import offer
from raceexplore.sim.hosts import Host


async def main(world: World) -> None:
    told = []
    host = Host(world, "worker")

    async def work() -> None:
        told.append("charged")
        await world.sleep(1)
        told.append("recorded")

    host.run(work)
    offer(world, "charged once", lambda: told.count("charged") <= 1)
    offer(world, "recorded", lambda: "recorded" in told)
    await world.sleep(5)
"""
PLAN = """
name = "evening"
[[fault]]
name = "kill"
kind = "pod-delete"
app = "{app}"
start = 0.5
total = 1
[[probe]]
name = "{check}"
mode = "EoT"
"""


def written(app: str, check: str) -> None:
    Path("plan.toml").write_text(PLAN.format(app=app, check=check), encoding="utf-8")


def test_a_program_that_holds_ends_with_0(rx: Rx) -> None:
    written("worker", "recorded")
    status, printed, _ = rx(
        "chaos", "billing.py", "--plan", "plan.toml", "--runs", "3", billing=PROGRAM
    )
    assert status == 0
    assert printed.startswith("HOLDS  billing.py:main under evening\n      all 3 runs held: a rate")
    assert "resilience score 100 of 100, on average over 3 runs" in printed


def test_a_program_that_fails_ends_with_1_and_tells_how_to_look(rx: Rx) -> None:
    written("worker", "charged once")
    status, printed, _ = rx(
        "chaos", "billing.py", "--plan", "plan.toml", "--runs", "2", billing=PROGRAM
    )
    assert status == 1
    assert "FAIL  billing.py:main under evening\n      2 of 2 runs failed" in printed
    assert "look   raceexplore chaos billing.py --plan plan.toml --only 0" in printed
    status, printed, _ = rx(
        "chaos", "billing.py", "--plan", "plan.toml", "--only", "0", billing=PROGRAM
    )
    assert status == 1
    assert "0.5000 s  kill strikes worker" in printed
    assert "5.0000 s  probe charged once fails: it is False, not bool == true" in printed


def test_a_plan_that_never_struck_ends_with_3(rx: Rx) -> None:
    written("wroker", "recorded")
    status, printed, _ = rx(
        "chaos", "billing.py", "--plan", "plan.toml", "--runs", "2", billing=PROGRAM
    )
    assert status == 3
    assert "INCONCLUSIVE  billing.py:main under evening" in printed
    assert "nothing is shown: kill never struck" in printed
    assert "nobody who is up is called 'wroker' (2 runs)" in printed


def test_json_has_all_of_it(rx: Rx) -> None:
    written("worker", "charged once")
    command = ("chaos", "billing.py", "--plan", "plan.toml", "--runs", "2", "--format", "json")
    status, printed, _ = rx(*command, billing=PROGRAM)
    value = json.loads(printed)
    assert (status, value["ruling"], value["failed"], value["score"]) == (1, "fail", [0, 1], 0)
    (fault,) = value["reports"][0]["faults"]
    assert fault["strikes"] == [{"at_s": 0.5, "victim": "worker", "amidst": []}]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "name one plan"),
        (("--plan", "plan.toml", "--engine", "plan.toml"), "name one plan"),
        (("--plan", "missing.toml"), "missing.toml"),
        (("--engine", "plan.toml"), "no ChaosEngine"),
        (("--plan", "plan.toml", "--beside-time"), "no fault of the plan is placed by event"),
    ],
)
def test_wrong_input_is_told_and_ends_with_2(
    rx: Rx, options: tuple[str, ...], complaint: str
) -> None:
    written("worker", "recorded")
    status, _, err = rx("chaos", "billing.py", *options, billing=PROGRAM)
    assert status == 2
    assert complaint in err
