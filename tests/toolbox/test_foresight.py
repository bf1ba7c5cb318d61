"""Foresight: in runs that are not recorded, what was executed is told by counting events."""

from __future__ import annotations

from types import SimpleNamespace

import trio

from raceexplore import Limits, Replay, Settings, TaskInfo, World
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.toolbox import Foresight, footprint


async def two(world: World) -> None:
    async def task(name: str) -> None:
        for _ in range(3):
            await world.step(writes=[name])

    world.touch(write=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task, "a")
        nursery.start_soon(task, "b")
    world.touch(write=False)


def test_what_was_executed_is_told_of_those_that_wait_or_ended_too() -> None:
    with guarded():
        run = observed_run(as_program(two), Replay(), limits=Limits(), settings=Settings())
    foresight = Foresight()
    foresight.learn(run)
    foresight.begin()
    did = {(event.task, event.nth): footprint(event) for event in run.events}
    main = TaskInfo(None, "main", 0)
    one, other = TaskInfo(main, two, 1), TaskInfo(main, two, 2)
    one._path, other._path = "main/task#1", "main/task#2"

    def executed(last: TaskInfo, *steps: int, tasks: list[TaskInfo]):
        main.steps, one.steps, other.steps = steps
        point = SimpleNamespace(events=(), at=(last.path, last.steps))
        return foresight.executed(point, tasks)  # type: ignore[arg-type]

    assert executed(main, 2, 0, 0, tasks=[one, other]) == [
        ("main", did["main", 1]), ("main", did["main", 2])
    ]  # fmt: skip
    assert executed(one, 2, 2, 0, tasks=[one, other]) == [
        ("main/task#1", did["main/task#1", 1]), ("main/task#1", did["main/task#1", 2])
    ]  # fmt: skip
    # it ended, and is no option any more; the other went on meanwhile
    assert executed(one, 2, 4, 1, tasks=[other]) == [
        ("main/task#2", did["main/task#2", 1]),
        ("main/task#1", did["main/task#1", 3]),
        ("main/task#1", did["main/task#1", 4]),
    ]
    assert executed(other, 2, 4, 2, tasks=[other]) == [("main/task#2", did["main/task#2", 2])]
