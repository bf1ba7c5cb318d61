"""What asyncio's own objects share is observed: ``dpor`` finds what ``dfs`` finds."""

from __future__ import annotations

from pathlib import Path

import pytest

import random_asyncio
from raceexplore import Program, explore
from raceexplore.kernel.fence.guard import guarded
from raceexplore.observe.load import load_observed
from raceexplore.search.programs.load import load_program
from sweeps import Sweep, complaints

SMALL = (15, 22, 46, 131, 214)  # of few schedules each

HEAD = """
import asyncio

async def main(world):
    shown = []

    async def leaf():
        await asyncio.sleep(0)
        shown.append(1)
"""
RELATIVE = {
    "what all_tasks gives": "    for task in asyncio.all_tasks():\n        shown.append(task)\n",
    "a name that asyncio counts": "    shown.append(asyncio.create_task(leaf()).get_name())\n",
    "a task that is left": "    asyncio.create_task(leaf())\n    await asyncio.sleep(0)\n",
    "where a task stands": (
        "    task = asyncio.create_task(leaf())\n"
        "    await asyncio.sleep(0)\n"
        "    shown.append(task.get_stack())\n"
        "    await task\n"
    ),
    "a task of another class": (
        "    class Mine(asyncio.Task):\n        pass\n"
        "    await Mine(leaf(), loop=asyncio.get_running_loop())\n"
    ),
    "a handler of errors": (
        "    loop = asyncio.get_running_loop()\n"
        "    loop.set_exception_handler(lambda loop, context: shown.append(context))\n"
    ),
}


def program(source: str, folder: Path) -> Program:
    path = folder / "drawn.py"
    path.write_text(source)
    main = load_observed(path, "drawn").main
    return Program(main, path.name, True, observed=lambda: main, runtime="asyncio")


def exactness(
    numbers: range | tuple[int, ...], folder: Path, runs_max: int
) -> tuple[int, list[object]]:
    """Return how many of the programs were small enough, and what is wrong with which of them."""
    wrong, looked_at = list[object](), 0
    with guarded():
        for number in numbers:
            complaint, reduced = complaints(
                program(random_asyncio.program(number), folder), runs_max
            )
            looked_at += reduced.complete
            if complaint or (reduced.complete and (reduced.opaque or reduced.blocked)):
                wrong.append((number, complaint, reduced.opaque, reduced.blocked))
    return looked_at, wrong


def test_drawn_programs_have_one_execution_a_class_and_none_is_opaque(tmp_path: Path) -> None:
    assert exactness(SMALL, tmp_path, 300) == (len(SMALL), [])


@pytest.mark.slow
def test_a_thousand_drawn_programs_have_one_execution_a_class(tmp_path: Path) -> None:
    looked_at, wrong = exactness(range(2_100), tmp_path, 60)
    assert (looked_at >= 1_000, wrong) == (True, [])


@pytest.mark.parametrize("source", RELATIVE.values(), ids=RELATIVE.keys())
def test_what_is_not_observed_makes_a_certificate_relative(source: str, tmp_path: Path) -> None:
    with guarded():
        assert Sweep(program(HEAD + source, tmp_path), "dpor").opaque > 0


def test_a_lock_that_nobody_has_is_taken_at_once_so_that_no_order_of_two_locks_deadlocks(
    tmp_path: Path,
) -> None:
    path = tmp_path / "two_locks.py"
    path.write_text("""
import asyncio

async def main():
    first, second = asyncio.Lock(), asyncio.Lock()

    async def both(one, other):
        async with one, other:
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(both(first, second))
        group.create_task(both(second, first))
""")
    campaign = explore(load_program(str(path)), scheduler="prove")
    assert (campaign.complete, campaign.certificate) == (True, ("all 4 trace classes explored",))


SPAWNED = """
import asyncio

async def main(world):
    async def worker():
        await world.checkpoint()

    async def visitor():
        assert handle.done in (False, True)

    handle = world.spawn(worker, name="worker")
    world.spawn(visitor, name="visitor")
    await world.sleep(1)
"""


def test_who_asks_whether_a_spawned_task_is_done_is_ordered_with_its_end(tmp_path: Path) -> None:
    (tmp_path / "spawned.py").write_text(SPAWNED, encoding="utf-8")
    proof = explore(load_program(str(tmp_path / "spawned.py")), scheduler="dpor")
    assert (proof.complete, proof.classes, proof.relative) == (True, 2, ())
