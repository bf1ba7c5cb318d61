"""Order constraints: enough for the failure together, and each of them needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio

from raceexplore import (
    Deviation,
    Limits,
    Program,
    Replay,
    Run,
    Schedule,
    Settings,
    World,
    explore,
)
from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.search.why.guided import guided_run
from raceexplore.search.why.order_constraints import (
    Anchor,
    Index,
    OrderConstraint,
    as_plain,
    from_plain,
)
from raceexplore.search.why.sufficient import Sufficient, sufficient
from raceexplore.sim import LogNormal
from stories import MODELS, QUICK, ROOT, but_for_long

LIMITS = Limits(steps=2_000)
# What no order of accesses explains, and why; the rest of the models and classics is explained.
REFUSED = {
    "cancelled_checkout": "the draws alone make it fail",
}
PASSING = {"account", "lazy"}  # they fail on the default schedule: what makes it pass is told


# Whose failing run is looked at, where it is not the portfolio's: that one's is refused, though a
# failure, since keeping its orders of accesses does not make the run fail again.
FOUND_BY = {"circular_buffer": "random"}


def failing(path: str) -> Run:
    """The shrunk failing run, observed with values."""
    program = load_program(str(ROOT / path))
    finder = FOUND_BY.get(path.rpartition(":")[2], "portfolio")
    run = explore(program, scheduler=finder, budget=4_000, limits=LIMITS).failures[0].run
    return seen(program, run.schedule, run.settings)


def seen(program: Program, schedule: Schedule, settings: Settings) -> Run:
    return observed_run(program, Replay(schedule), limits=LIMITS, settings=settings, values=True)


def fails_the_same(run: Run, found: Sufficient, constraints: list[OrderConstraint]) -> bool:
    guidance = guided_run(
        run.program, constraints, settings=found.settings, limits=LIMITS, draws=found.draws
    )
    failure = guidance.run.failure
    assert run.failure is not None
    return failure is not None and failure.fingerprint == run.failure.fingerprint


def check(path: str, name: str) -> None:
    run = failing(path)
    with guarded():
        found = sufficient(run, LIMITS)
        if name in PASSING:
            assert found.cure is not None
            assert found.needed
            assert not found.guide.constraints
            return
        assert found.refusal == REFUSED.get(name, "")
        assert bool(found.needed) == (name not in REFUSED)
        # as it would be kept in a file and read again
        kept = list(from_plain(json.loads(json.dumps(as_plain(found.constraints)))))
        assert kept == list(found.constraints)
        if kept:
            assert fails_the_same(run, found, kept)
        for i in range(len(kept)):
            assert not fails_the_same(run, found, kept[:i] + kept[i + 1 :])


@pytest.mark.parametrize("path", but_for_long(MODELS))
def test_the_orders_of_a_models_bug_suffice_and_each_is_needed(path: str) -> None:
    check(path, Path(path).parent.name)


@pytest.mark.parametrize("path", but_for_long(QUICK))
def test_the_orders_of_a_classic_bug_suffice_and_each_is_needed(path: str) -> None:
    check(path, path.rpartition(":")[2])


@pytest.mark.slow
def test_the_orders_among_a_hundred_writers_suffice() -> None:
    check("benchmarks/power_programs/locks.py:two_stage100", "two_stage100")


def test_the_ticketing_failure_is_a_read_before_the_write_that_follows() -> None:
    found = sufficient(failing("models/ticketing/buggy.py"), LIMITS)
    assert [str(constraint) for constraint in found.constraints] == [
        "main/bob.reads Cache#1.left (backend.py:37) < main/ann.writes Cache#1.left (backend.py:43)"
    ]
    # no latency is needed for it, only that time may pass
    assert (found.settings.time, found.draws) == ("elastic", ())


TWO_ORDERS = """
import trio

class Door:
    last = ""
    open = False

async def main():
    door = Door()

    async def passes(name):
        door.last = name

    async def looks():
        for _ in range(2):
            await trio.lowlevel.checkpoint()
        if door.open:
            await trio.lowlevel.checkpoint()
            assert door.open, f"shut in between, after {door.last}"

    async def opens():
        for _ in range(4):
            await trio.lowlevel.checkpoint()
        door.open = True
        await trio.lowlevel.checkpoint()
        door.open = False

    async with trio.open_nursery() as nursery:
        nursery.start_soon(passes, "one", name="one")
        nursery.start_soon(passes, "two", name="two")
        nursery.start_soon(looks, name="looks")
        nursery.start_soon(opens, name="opens")
"""


def test_an_order_that_is_turned_round_but_not_needed_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "door.py").write_text(TWO_ORDERS)
    program = load_program(str(tmp_path / "door.py"))
    # two passes before one, although that does not matter
    schedule = Schedule(
        (
            Deviation("task", "main", 1, "main/two"),
            Deviation("task", "main/two", 1, "main/opens"),
            Deviation("task", "main/opens", 5, "main/one"),
            Deviation("task", "main/one", 1, "main/looks"),
            Deviation("task", "main/looks", 3, "main/opens"),
        )
    )
    found = sufficient(seen(program, schedule, Settings()), LIMITS)
    assert [(c.first.deed[:2], c.then.deed[:2]) for c in found.constraints] == [
        (("main/opens", "writes"), ("main/looks", "reads")),
        (("main/looks", "reads"), ("main/opens", "writes")),
        (("main/opens", "writes"), ("main/looks", "reads")),
    ]
    assert {c.first.label.partition(".")[2] for c in found.constraints} == {"open"}


BEFORE_S = LogNormal(median_s=1.0, sigma=1.0)


async def unobserved(world: World) -> None:
    """A lost update in code that is not rewritten: nobody sees what it touches."""
    balance = 0

    async def adds(wait_s: float) -> None:
        nonlocal balance
        await trio.sleep(wait_s)
        before = balance
        await BEFORE_S.sleep(world, "tell")
        balance = before + 1

    async with trio.open_nursery() as nursery:
        for number in range(2):
            nursery.start_soon(adds, 2.0 * number)
    assert balance == 2, "one is lost"


def test_orders_of_what_nobody_observes_are_orders_of_events() -> None:
    run = (
        explore(as_program(unobserved), scheduler="random", limits=LIMITS, observe=False)
        .failures[0]
        .run
    )
    with guarded():
        found = sufficient(seen(run.program, run.schedule, run.settings), LIMITS)
        assert [str(constraint).count(".runs ") for constraint in found.constraints] == [2]
        assert (found.settings.time, found.draws) == ("elastic", ())
        assert fails_the_same(run, found, list(found.constraints))


DEADLOCKING = """
import trio

async def main():
    turn, log = trio.Event(), []

    async def first():
        await trio.lowlevel.checkpoint()
        log.append("first")
        turn.set()

    async def second():
        await turn.wait()
        log.append("second")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(first)
        nursery.start_soon(second)
"""


def test_a_constraint_that_cannot_be_kept_is_dropped_and_reported(tmp_path: Path) -> None:
    (tmp_path / "turns.py").write_text(DEADLOCKING)
    program = load_program(str(tmp_path / "turns.py"))
    index = Index(seen(program, Schedule(), Settings()).events)
    written = {deed.task: deed for deed in index.count if deed.resource.endswith(".list")}
    first, second = (Anchor(written[f"main/{name}#1"], 1, 1) for name in ("first", "second"))
    turned = OrderConstraint(second, first)
    guidance = guided_run(program, [turned], settings=Settings(), limits=LIMITS)
    assert (guidance.run.outcome, guidance.broken) == ("passed", (turned,))
    kept = guided_run(program, [OrderConstraint(first, second)], settings=Settings(), limits=LIMITS)
    assert (kept.run.outcome, kept.broken) == ("passed", ())


POLLING = """
import trio

async def main():
    done = []

    async def polls():
        while not done:
            await trio.lowlevel.checkpoint()
        done.append("seen")

    async def acts():
        await trio.lowlevel.checkpoint()
        done.append("acted")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(polls)
        nursery.start_soon(acts)
"""


def test_a_task_is_not_held_back_for_ever_while_another_polls(tmp_path: Path) -> None:
    (tmp_path / "polls.py").write_text(POLLING)
    program = load_program(str(tmp_path / "polls.py"))
    index = Index(seen(program, Schedule(), Settings()).events)
    written = {deed.task: deed for deed in index.count if deed.what == "writes"}
    polls, acts = (Anchor(written[f"main/{name}#1"], 1, 1) for name in ("polls", "acts"))
    turned = OrderConstraint(polls, acts)
    limits = Limits(steps=20_000)
    guidance = guided_run(program, [turned], settings=Settings(), limits=limits)
    assert (guidance.run.outcome, guidance.broken) == ("passed", (turned,))


@pytest.mark.parametrize("rows", ["[]", [[1]], [["a"] * 20], [None], None, {}])
def test_damaged_constraints_are_refused(rows: object) -> None:
    with pytest.raises(BadSeed):
        from_plain(rows)
