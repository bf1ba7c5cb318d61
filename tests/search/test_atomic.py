"""What if a span were atomic: the sections that fixed versions protect, and not a word too much."""

from __future__ import annotations

import json
import linecache
import subprocess
import sys
from pathlib import Path

import pytest

from critical_sections import (
    CURED_AFTER_ALL,
    MODELS,
    MODELS_WITHOUT,
    POWER,
    POWER_WITHOUT,
    SHORTER,
    Section,
)
from raceexplore import Limits, Run, Settings, explore
from raceexplore.report.atomicity import sentence
from raceexplore.search.atomic import Atomicity, Trial, WhatIf, atomicity
from raceexplore.search.load import load_program
from raceexplore.search.spans import Span

ROOT = Path(__file__).parent.parent.parent
LIMITS = Limits(steps=2_000)
SLOW = "two_stage100"


def found_in(reference: str) -> Run:
    """A shrunk failing run of the program."""
    program = load_program(str(ROOT / reference))
    for scheduler in ("portfolio", "sticky", "surw"):
        campaign = explore(program, scheduler=scheduler, budget=3_000, limits=LIMITS)
        if campaign.failures:
            return campaign.failures[0].run
    raise AssertionError(f"{reference} does not fail")


def answer(run: Run) -> Atomicity:
    found = atomicity(run, LIMITS)
    assert found is not None
    assert not found.refused
    return found


def cure(run: Run) -> Trial:
    found = answer(run)
    assert found.cure is not None
    return found.cure


def section(one: Span) -> Section:
    first, last = (linecache.getline(one.code.file, n).strip() for n in (one.first, one.last))
    return one.name, first, last


def named(trial: Trial) -> set[Section]:
    return {section(one) for one in trial.spans}


def power(name: str) -> str:
    return f"benchmarks/power_programs/{name}"


@pytest.mark.parametrize("name", MODELS)
def test_a_models_section_is_the_one_that_its_fixed_version_protects(name: str) -> None:
    assert named(cure(found_in(f"models/{name}"))) == set(MODELS[name])


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name.endswith(SLOW) else []) for name in POWER],
)
def test_a_classic_bugs_section_is_the_one_that_a_fixed_version_protects(name: str) -> None:
    assert named(cure(found_in(power(name)))) == set({**POWER, **SHORTER}[name])


def test_of_the_classic_bugs_that_a_section_cures_nine_of_ten_are_named_as_expected() -> None:
    as_expected = [name for name in POWER if name not in SHORTER]
    assert len(as_expected) >= 0.9 * len(POWER)


@pytest.mark.parametrize(
    "name", [*map("models/{}".format, MODELS_WITHOUT), *map(power, POWER_WITHOUT)]
)
def test_where_no_section_is_the_cure_none_is_named(name: str) -> None:
    found = answer(found_in(name)).cure
    expected = CURED_AFTER_ALL.get(Path(name).name)
    assert (named(found) if found else None) == (set(expected) if expected else None)


# The runs of a program with one small bug: a reading, an await, a writing.
TWO_BUGS = """
import trio


class Stock:
    left = 2
    sold = 0


async def buys(stock):
    left = stock.left
    await trio.lowlevel.checkpoint()
    stock.left = left - 1


async def sells(stock):
    sold = stock.sold
    await trio.lowlevel.checkpoint()
    stock.sold = sold + 1


async def main():
    stock = Stock()
    async with trio.open_nursery() as nursery:
        for task in (buys, buys, sells, sells):
            nursery.start_soon(task, stock)
    assert stock.left == 0, f"left {stock.left}"
    assert stock.sold == 2, f"sold {stock.sold}"
"""
# Fails only if a wait is long: schedules with every wait at its median prove nothing.
LATE = """
from raceexplore import World
from raceexplore.sim import LogNormal

import trio

WAIT = LogNormal(median_s=1.0, sigma=1.0)


async def main(world: World):
    sold = []

    async def buys(patience_s):
        with trio.move_on_after(patience_s):
            if not sold:
                await trio.sleep(WAIT.draw(world, "pay"))
                assert not sold, "sold twice"
                sold.append(patience_s)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(buys, 1.5)
        await trio.sleep(1.2)
        nursery.start_soon(buys, 9.0)
"""
# One schedule lets the two who poll take turns for ever; that is not the section's doing.
POLLS = """
import trio


class Door:
    is_open = False
    entered = 0


async def enters(door):
    while not door.is_open:
        await trio.lowlevel.checkpoint()
    entered = door.entered
    await trio.lowlevel.checkpoint()
    door.entered = entered + 1


async def opens(door):
    await trio.lowlevel.checkpoint()
    door.is_open = True


async def main():
    door = Door()
    async with trio.open_nursery() as nursery:
        for task in (enters, enters, opens):
            nursery.start_soon(task, door)
    assert door.entered == 2, f"{door.entered} entered"
"""


def failing(folder: Path, text: str, **settings: str) -> Run:
    (folder / "program.py").write_text(text, encoding="utf-8")
    program = load_program(str(folder / "program.py"))
    chosen = Settings(**settings)  # type: ignore[arg-type]
    (found, *_) = explore(program, scheduler="random", settings=chosen, limits=LIMITS).failures
    return found.run


def span(asked: WhatIf, first: str, last: str) -> Span:
    """The span of the program's own file between two lines of source."""
    file = str(asked.run.program.source)
    source = [line.strip() for line in Path(file).read_text(encoding="utf-8").splitlines()]
    return asked.span_at(file, source.index(first) + 1, source.index(last) + 1)


def test_what_is_proved_is_said_with_the_number_of_schedules() -> None:
    run = found_in("models/lost_update/buggy.py")
    assert sentence(answer(run), run.program) == (
        "With lines 14-16 of deposit atomic, no schedule fails (all 6 explored)."
    )


def test_what_is_not_proved_is_said_with_the_runs_that_were_tried() -> None:
    run = found_in(power("values.py:reorder10"))
    trial = cure(run)
    failing, sampled = trial.without
    assert (trial.every, trial.runs, sampled) == (0, 800, 200)
    assert failing > 20
    assert sentence(answer(run), run.program) == (
        f"With lines 167-169 of sets atomic, it was not found again in 800 runs"
        f" (without, in {failing} of 200); lines 172, 174 of checks touch the same data."
    )


# (function, line) of what touches the same data outside of the section
RIVALS = {
    "values.py:lost_update": [],  # main reads the sum when all have ended
    "locks.py:carter": [],  # the bystanders use the same lock, but it is a lock
    "locks.py:wrong_lock": [("adds", "data += 1")],
    "values.py:time_of_check": [
        ("swaps", 'files["report"] = "yours"'),
        ("swaps", 'files["report"] = "mine"'),
    ],
    "values.py:double_checked": [
        ("uses", "if instance is None:"),
        ("uses", 'assert instance["port"] == 80'),
    ],
}


@pytest.mark.parametrize("name", RIVALS)
def test_whoever_else_has_to_take_the_lock_is_named(name: str) -> None:
    rivals = [section(one) for one in cure(found_in(power(name))).rivals]
    assert rivals == [(function, line, line) for function, line in RIVALS[name]]


def test_schedules_with_every_wait_at_its_median_prove_nothing_where_a_long_one_is_needed(
    tmp_path: Path,
) -> None:
    run = failing(tmp_path, LATE)
    assert any(d.kind == "latency" for d in run.schedule.deviations)
    asked = WhatIf(run, LIMITS)
    trial = asked.trial((span(asked, "if not sold:", "sold.append(patience_s)"),))
    assert trial.cured
    assert trial.every == 0


def test_a_section_that_leaves_another_failure_is_no_cure(tmp_path: Path) -> None:
    run = failing(tmp_path, TWO_BUGS)
    asked = WhatIf(run, LIMITS)
    buys = span(asked, "left = stock.left", "stock.left = left - 1")
    sells = span(asked, "sold = stock.sold", "stock.sold = sold + 1")
    assert not asked.trial((buys,)).cured
    assert not asked.trial((sells,)).cured
    assert asked.trial((buys, sells)).cured
    found = answer(run).cure
    assert found is not None
    assert set(found.spans) == {buys, sells}


def test_taking_the_lock_after_the_read_is_no_cure() -> None:
    """The story's wrong fix; it would be one if taking a lock were no schedule point."""
    run = found_in("models/lost_update/buggy.py")
    asked = WhatIf(run, LIMITS)
    read, tell = "balance = account.balance", "await audit(amount)"
    write = "account.balance = balance + amount"
    assert not asked.trial((span(asked, tell, write),)).cured
    assert not asked.trial((span(asked, read, tell),)).cured
    assert asked.trial((span(asked, read, write),)).cured


def test_a_section_that_keeps_everybody_out_is_no_cure() -> None:
    """Who has no seat loses none: all time out while the main task is inside."""
    run = found_in("models/cancelled_checkout/buggy.py")
    asked = WhatIf(run, LIMITS)
    doors, hold = "await open_doors(world, checkout)", "seat = await theatre.hold()"
    trial = asked.trial((span(asked, doors, doors), span(asked, hold, hold)))
    assert not trial.cured
    assert trial.why == "a task gives up waiting for it"


def test_the_answer_is_the_same_whatever_strings_hash_to() -> None:
    script = (
        "import json, sys; from raceexplore.search.load import load_program;"
        "from raceexplore import Limits, explore; from raceexplore.search.atomic import atomicity;"
        "from raceexplore.report.atomicity import atomicity_value as value;"
        "run = explore(load_program(sys.argv[1]), limits=Limits(steps=2_000)).failures[0].run;"
        "print(json.dumps(value(atomicity(run, Limits(steps=2_000)))))"
    )
    program = str(ROOT / power("values.py:peterson"))
    told = [
        subprocess.run(
            [sys.executable, "-c", script, program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert json.loads(told[0])["cure"]["every_schedule"] == 56


def test_of_schedules_without_an_end_nothing_is_proved(tmp_path: Path) -> None:
    run = failing(tmp_path, POLLS)
    found = cure(run)
    first, last = "entered = door.entered", "door.entered = entered + 1"
    assert named(found) == {("enters", first, last)}
    assert found.every == 0
    asked = WhatIf(run, LIMITS)
    waits = asked.trial((span(asked, "while not door.is_open:", last),))
    assert waits.why.startswith("livelock")  # nobody opens while one polls inside


def test_where_it_cannot_be_asked_it_is_not(tmp_path: Path) -> None:
    run = failing(tmp_path, TWO_BUGS, order="passes")
    assert atomicity(run, LIMITS) is None
