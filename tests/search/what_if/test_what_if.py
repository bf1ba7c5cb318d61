"""What if a span were atomic: never a word more than the runs have shown."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

from raceexplore import Run, Settings, explore
from raceexplore.report.story.what_if_words import sentence
from raceexplore.search.programs.load import load_program
from raceexplore.search.what_if.statements import Span
from raceexplore.search.what_if.what_if import WhatIf, atomicity
from what_if import LIMITS, ROOT, answer, cure, found_in, named, power

# Each bug is a reading, an await, a writing.
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
NO_SECTION = """

async def first(stock):
    stock.sold = 2


async def second(stock):
    assert stock.sold == 2, "the second came first"
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
MEETING = """
import trio


class Stock:
    left = 2


async def buys(stock, mine, other):
    left = stock.left
    mine.set()
    await other.wait()
    stock.left = left - 1


async def main():
    stock, ann, bob = Stock(), trio.Event(), trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(buys, stock, ann, bob)
        nursery.start_soon(buys, stock, bob, ann)
    assert stock.left == 0, f"left {stock.left}"
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
        f"With lines 156-158 of sets atomic, it was not found again in 800 runs"
        f" (without, in {failing} of 200); lines 161, 163 of checks touch the same data."
    )


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


def test_a_section_that_cures_what_was_asked_about_and_no_more_says_so(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(TWO_BUGS.replace("buys, buys, sells, sells", "buys, buys, first, second"))
    with file.open("a") as end:
        end.write(NO_SECTION)
    campaign = explore(load_program(str(file)), scheduler="dfs", stop="never", limits=LIMITS)
    (asked,) = [found.run for found in campaign.failures if found.message == "left 1"]
    found = cure(asked)
    assert named(found) == {("buys", "left = stock.left", "stock.left = left - 1")}
    assert found.others == "AssertionError: the second came first"
    assert sentence(answer(asked), asked.program) == (
        "With lines 11-13 of buys atomic, no schedule fails in this way"
        f" (all {found.every} explored); but a run fails otherwise: {found.others}."
    )


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
        "import json, sys; from raceexplore.search.programs.load import load_program;"
        "from raceexplore import Limits, explore;"
        "from raceexplore.search.what_if.what_if import atomicity;"
        "from raceexplore.report.story.what_if_words import atomicity_value as value;"
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


def test_a_section_in_which_tasks_wait_for_each_other_is_no_cure(tmp_path: Path) -> None:
    run = failing(tmp_path, MEETING)
    assert run.failure is not None
    assert run.failure.kind == "AssertionError"
    asked = WhatIf(run, LIMITS)
    waiting = span(asked, "left = stock.left", "stock.left = left - 1")
    for every_failure in (True, False):
        trial = asked.trial((waiting,), every_failure=every_failure)
        assert not trial.cured
        assert trial.why.startswith("deadlock")


def test_of_schedules_without_an_end_nothing_is_proved(tmp_path: Path) -> None:
    run = failing(tmp_path, POLLS)
    found = cure(run)
    first, last = "entered = door.entered", "door.entered = entered + 1"
    assert named(found) == {("enters", first, last)}
    assert found.every == 0
    asked = WhatIf(run, LIMITS)
    waits = asked.trial((span(asked, "while not door.is_open:", last),))
    # who polls inside keeps out others that would enter, but not the one that opens
    assert (waits.cured, waits.every) == (True, 6)


def test_a_lock_around_a_loop_that_polls_cures_as_what_if_says(tmp_path: Path) -> None:
    head, _, rest = POLLS.partition("    while not door.is_open:")
    body, _, tail = rest.partition("\n\n\n")
    inside = "    while not door.is_open:" + body
    locked = "\n".join(f"    {line}" for line in inside.split("\n"))
    text = head.replace("entered = 0", "entered = 0\n    lock = trio.Lock()")
    text += f"    async with door.lock:\n{locked}\n\n\n{tail}"
    (tmp_path / "locked.py").write_text(text, encoding="utf-8")
    program = load_program(str(tmp_path / "locked.py"))
    done = explore(program, scheduler="random", budget=300, limits=LIMITS)
    assert (done.failures, done.runs) == ((), 300)


def test_what_could_not_be_tried_is_not_told_as_tried() -> None:
    run = found_in("models/lost_update/buggy.py")
    gc.freeze()  # nobody finds functions among what is frozen
    try:
        found = atomicity(run, LIMITS)
    finally:
        gc.unfreeze()
    assert found is not None
    assert (found.cure, found.tried) == (None, 0)
    assert sentence(found, run.program) == (
        "What would cure it is not known: the functions of the loaded program were not found."
    )


def test_where_it_cannot_be_asked_it_is_not(tmp_path: Path) -> None:
    run = failing(tmp_path, TWO_BUGS, order="passes")
    assert atomicity(run, LIMITS) is None
