"""A failure is found again by its order constraints after the program was edited."""

from __future__ import annotations

import json
import linecache
from pathlib import Path

import pytest

from raceexplore import Limits, Program, Replay, Run, explore
from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.search.why.guide import Guide, guided_attempts
from raceexplore.search.why.sufficient import sufficient

LIMITS = Limits(steps=2_000)
SHOP = """
import trio
from raceexplore.sim import LogNormal

CALL = LogNormal(median_s=0.001, sigma=1.0)

class Shop:
    def __init__(self):
        self.stock = 1
        self.sold = []

async def buy(world, shop, who):
    left = shop.stock
    await CALL.sleep(world, "pay")
    if left > 0:
        shop.stock = left - 1
        shop.sold.append(who)

async def customer(world, shop, number):
    await trio.sleep(number * 0.01)
    await buy(world, shop, number)

async def main(world):
    shop = Shop()
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(customer, world, shop, number)
    assert len(shop.sold) <= 1, "sold twice"
"""
EDITS = {
    "nothing": {},
    "a renamed variable": {"left": "count"},
    "a renamed attribute": {"stock": "tickets"},
    "a log line": {"    left = shop.stock\n": "    print('buying')\n    left = shop.stock\n"},
    "a look before": {"    left = shop.stock\n": "    print(shop.stock)\n    left = shop.stock\n"},
    "a look in another event": {
        "    left =": "    print(shop.stock)\n    await trio.sleep(0.001)\n    left ="
    },
    "an await before": {"    left =": "    await trio.lowlevel.checkpoint()\n    left ="},
    "an await between": {"    if left": "    await trio.lowlevel.checkpoint()\n    if left"},
    "another task": {
        "        for number": "        nursery.start_soon(trio.sleep, 1)\n        for number"
    },
    "another object": {"    shop = Shop()": "    shop = Shop()\n    shop = Shop()"},
    "a renamed function": {"customer": "visitor"},
    "another class name": {"Shop": "Store"},
    "slower calls": {"0.001": "0.002", "0.01": "0.03"},
    "lines further down": {"class Shop": "# why\n\n# so\n\nclass Shop"},
}  # fmt: skip


def program(folder: Path, text: str) -> Program:
    (folder / "shop.py").write_text(text, encoding="utf-8")
    linecache.checkcache()
    return load_program(str(folder / "shop.py"))


def paths(run: Run) -> list[str]:
    return list(dict.fromkeys(event.task for event in run.events))


def test_a_failure_is_found_again_after_each_edit(tmp_path: Path) -> None:
    then = program(tmp_path, SHOP)
    run = explore(then, scheduler="random", limits=LIMITS).failures[0].run
    with guarded():
        seen = observed_run(
            then, Replay(run.schedule), limits=LIMITS, settings=run.settings, values=True
        )
        found = sufficient(seen, LIMITS)
    guide = Guide.from_plain(json.loads(json.dumps(found.guide.as_plain())))
    assert guide == found.guide
    assert len(guide.constraints) == 1
    for name, changes in EDITS.items():
        text = SHOP
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        now = program(tmp_path, text)
        names = {path: path.replace("customer", "visitor") for path in paths(run)}
        renamed = names if "visitor" in text else {}
        with guarded():
            tried = guided_attempts(now, guide.under(renamed), settings=run.settings, limits=LIMITS)
            runs = list(tried)
        assert [r for r in runs if r.failure and r.failure.message == "sold twice"], name


def test_a_fixed_program_does_not_fail_for_being_guided(tmp_path: Path) -> None:
    then = program(tmp_path, SHOP)
    run = explore(then, scheduler="random", limits=LIMITS).failures[0].run
    with guarded():
        seen = observed_run(
            then, Replay(run.schedule), limits=LIMITS, settings=run.settings, values=True
        )
        guide = sufficient(seen, LIMITS).guide
        fixed = SHOP.replace("left = shop.stock\n    await", "await").replace("left", "shop.stock")
        now = program(tmp_path, fixed)
        runs = list(guided_attempts(now, guide, settings=run.settings, limits=LIMITS))
    assert runs
    assert {r.outcome for r in runs} == {"passed"}


@pytest.mark.parametrize(
    "rows", [[1], ["strict", [], [[1]]], ["never", [], []], ["strict", [["fault", "x", 0]], []], {}]
)
def test_a_damaged_guide_is_refused(rows: object) -> None:
    with pytest.raises(BadSeed):
        Guide.from_plain(rows)
