"""What the comment above `Loop` says holds after every event and at every choice."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import trio

from golden_programs import PROGRAMS
from raceexplore import Event, Limits, Run, Settings
from raceexplore.kernel import run as kernel_run
from raceexplore.kernel.choice import ChoicePoint
from raceexplore.kernel.run import run_once


async def cancelled_at_once() -> None:
    """Tasks that block where a cancel scope has been cancelled already."""

    async def block() -> None:
        for _ in range(3):
            with trio.CancelScope() as scope:
                scope.cancel()
                await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(block)


PROGRAMS_HERE = [cancelled_at_once, *PROGRAMS]
ALONE = {"generators", "leak", "livelock", "polling"}  # few of their events are a choice
SETTINGS = [Settings(order="any"), Settings(order="passes", fair_after=7), Settings(time="elastic")]


class Looking:
    """A scheduler that looks at the loop each time it is asked."""

    def __init__(self, entropy: int) -> None:
        self.draw, self.looks = Random(entropy), 0
        self.loop: Any = None

    def begin(self) -> bool:
        return True

    def choose(self, point: ChoicePoint) -> int:
        if point.kind == "task":
            loop: Any = self.loop
            paths = [info.path for info in point.tasks]
            assert len(set(paths)) == point.bound == len(paths)
            can_go_on = [t for t in loop.runner.tasks if t._next_send_fn is not None]
            asked = {loop.runner.infos[task].path for task in can_go_on} - set(paths)
            passes = {loop.runner.infos[t].path for t in loop.later if loop.later is not loop.ready}
            assert asked <= passes  # whoever is no option waits for the next pass
            if point.continues:
                actor = loop.kept if loop.last is loop.clockwork else loop.last
                assert paths[0] == loop.runner.infos[actor].path
                assert actor not in [*loop.ready, *loop.later]
            self.looks += 1
        return self.draw.randrange(point.bound)

    def end(self, run: Run) -> None:
        pass


def in_one_place(loop: Any, stepped: Any) -> None:
    """Check that each task is the one that acted, in one queue once, or blocked."""
    passes = loop.later is not loop.ready
    queued = [*loop.ready, *(loop.later if passes else [])]
    for task in loop.runner.tasks:
        blocked = task._next_send_fn is None
        places = queued.count(task) + (task is stepped and not blocked) + blocked
        assert places == 1, loop.runner.infos[task].path
    assert {task for task in queued if task not in loop.runner.tasks} == set()


@pytest.mark.parametrize("settings", SETTINGS, ids=["any", "passes", "elastic"])
@pytest.mark.parametrize("program", PROGRAMS_HERE, ids=lambda program: program.__name__)
def test_a_task_is_current_or_queued_once_or_blocked(
    program: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kernel_run.trio_run

    def known(scheduler: Any, *given: Any) -> Any:
        scheduler.loop = made(scheduler, *given)
        return scheduler.loop

    monkeypatch.setattr(kernel_run, "trio_run", known)
    looks = events = 0
    for entropy in range(10):
        scheduler = Looking(entropy)

        def look(event: Event, _: object, scheduler: Looking = scheduler) -> None:
            if event.number >= 0:
                in_one_place(scheduler.loop, scheduler.loop.last)

        run = run_once(
            program, scheduler, settings=settings, limits=Limits(steps=300), record=True, watch=look
        )
        looks += scheduler.looks
        events += len(run.events)
    assert events >= 10
    assert looks >= 10 or program.__name__ in ALONE
