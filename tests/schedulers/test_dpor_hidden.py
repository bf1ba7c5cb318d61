"""Where something holds tasks back that no access tells of: DPOR goes on, and claims less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from raceexplore import (
    ChoicePoint,
    Limits,
    Replay,
    Settings,
    World,
    by_name,
    explore,
)
from raceexplore.kernel.events.footprint import Accesses
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox import shown
from raceexplore.toolbox.wakeup_tree import Branch, Node, Step, validate

IN_TURN = """
import trio
from trio.testing import Sequencer

async def main():
    turns, order = Sequencer(), []
    async def take(turn):
        async with turns(turn):
            await trio.sleep(0)
        order.append(turn)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, 0)
        nursery.start_soon(take, 1)
"""
COUNTS_WAITERS = """
import trio

async def main():
    door = trio.Event()
    seen = []
    async def host():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(door.wait)
            await trio.sleep(0)
            seen.append(door.statistics().tasks_waiting)
            door.set()
    async def guest():
        seen.append(door.statistics().tasks_waiting)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(host)
        nursery.start_soon(guest)
"""
HOME_MADE = """
import trio

class Gate:
    def __init__(self):
        self.inside = None
        self.lot = trio.lowlevel.ParkingLot()
    async def __aenter__(self):
        while self.inside is not None:
            await self.lot.park()
        self.inside = trio.lowlevel.current_task()
        await trio.lowlevel.checkpoint()
    async def __aexit__(self, *_):
        self.inside = None
        self.lot.unpark()

async def main():
    gate, order = Gate(), []
    async def pass_through(name):
        async with gate:
            await trio.sleep(0)
        order.append(name)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pass_through, "ann")
        nursery.start_soon(pass_through, "bob")
"""


@pytest.fixture(autouse=True, scope="module")
def _guard() -> Iterator[None]:
    with guarded():
        yield


def executions(path: Path, runs_max: int = 200) -> Counter[tuple[str, ...]]:
    """Return how often each execution was made: its tasks, in the order of their events."""
    program, scheduler, found = load_program(str(path)), by_name("dpor"), Counter[tuple[str, ...]]()
    while scheduler.begin() and found.total() < runs_max:
        run = observed_run(program, scheduler, limits=Limits(), settings=Settings())
        scheduler.end(run)
        found[tuple(event.task for event in run.events)] += 1
    return found


@pytest.mark.parametrize("source", [IN_TURN, COUNTS_WAITERS, HOME_MADE])
def test_no_execution_is_made_again_and_again(tmp_path: Path, source: str) -> None:
    path = tmp_path / "held_back.py"
    path.write_text(source)
    found = executions(path)
    assert found.total() < 30
    assert max(found.values()) == 1


def test_what_holds_a_task_back_unseen_makes_the_certificate_relative(tmp_path: Path) -> None:
    path = tmp_path / "held_back.py"
    path.write_text(IN_TURN)
    campaign = explore(load_program(str(path)), scheduler="dpor")
    assert campaign.certificate[0].startswith("relative, so no proof: ")


def test_a_state_whose_plan_begins_with_a_sleeping_task_is_refused() -> None:
    step = Step("main/a", Accesses().footprint)
    with pytest.raises(AssertionError, match="to explore, but asleep"):
        validate([Node({"main/a": step}, [Branch(step)], taken=step)])


def test_two_runs_of_one_class_that_differ_end_the_claim_of_dpor() -> None:
    async def main(world: World) -> None:
        seen: list[int] = []

        async def look(number: int) -> None:
            world.touch(write=False)  # which is not true
            seen.append(number)

        world.touch(write=False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look, 1)
            nursery.start_soon(look, 2)
        world.event("seen", first=seen[0])

    class Backwards(Replay):
        def choose(self, point: ChoicePoint) -> int:
            return point.bound - 1

    program, scheduler = as_program(main), by_name("dpor")
    run = observed_run(program, Backwards(), limits=Limits(), settings=Settings())
    scheduler.classes.add(shown(run))  # type: ignore[attr-defined]
    campaign = explore(program, scheduler=scheduler)
    assert (campaign.complete, campaign.stopped, campaign.certificate) == (False, "doubt", ())
