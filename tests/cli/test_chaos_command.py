"""``raceexplore chaos``: what it prints, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Rx
from raceexplore.kernel.seed import decode

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


CRASHED = """
name = "evening"
[[fault]]
name = "kill"
kind = "container-kill"
app = "worker"
during = ["pay", "record"]
among = 6
[[probe]]
name = "paid and recorded"
mode = "EoT"
"""
PAYS = """
from raceexplore import World
from raceexplore.sim.chaos import offer
from raceexplore.sim.hosts import Host
from raceexplore.sim.postgres import Postgres


async def main(world: World) -> None:
    db, host = Postgres(world, "CREATE TABLE done (what text)"), Host(world, "worker")

    async def work() -> None:
        async with db.connection(autocommit=True) as conn:
            for what in ("pay", "record"):
                await conn.execute("INSERT INTO done VALUES (%s)", (what,))

    host.start(work)
    offer(world, "paid and recorded", lambda: len(db.query("SELECT * FROM done")) != 1)
    await world.sleep(5)
"""


def test_a_failing_run_has_a_shrunk_seed_that_replays_under_the_plan(rx: Rx) -> None:
    plan = CRASHED.replace('"pay", "record"', '"postgres: INSERT"')
    Path("plan.toml").write_text(plan, encoding="utf-8")
    options = ("--plan", "plan.toml", "--runs", "12", "--format", "json")
    status, printed, _ = rx("chaos", "pays.py", *options, pays=PAYS)
    (kept,) = json.loads(printed)["seeds"]
    assert status == 1
    assert "ProbeFailed: paid and recorded" in kept["headline"]
    assert decode(kept["seed"]).schedule.size <= 1
    status, printed, _ = rx("replay", kept["seed"], "--chaos", "plan.toml", pays=PAYS)
    assert status == 1
    assert "reproduced: it ends as the seed says" in printed


def test_it_is_reported_as_run_is(rx: Rx) -> None:
    written("worker", "charged once")
    files = ("--html", "page.html", "--junit", "junit.xml", "--format", "markdown")
    status, printed, _ = rx(*PLANNED, "--runs", "2", *files, billing=PROGRAM)
    assert status == 1
    assert "### FAIL: billing.py:main under evening" in printed
    assert "| kill | 2 | 2 | 0 | 0 | 2 | 0 |" in printed
    assert '<failure type="fail" message="2 of 2 runs failed">' in Path("junit.xml").read_text()
    assert "billing.py:main under evening" in Path("page.html").read_text(encoding="utf-8")


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
