"""Deadlines: each cancel scope has one at a time, however often it is moved."""

from __future__ import annotations

import pytest
import trio

from raceexplore import Settings, explore
from raceexplore.kernel.fence.clock import VirtualClock
from raceexplore.kernel.trio_loop.deadlines import Deadlines
from raceexplore.kernel.trio_loop.inert import Soon


async def checkpoint() -> None:
    await trio.lowlevel.checkpoint()


def kept_alive(times: int):
    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(checkpoint)
            with trio.move_on_after(5) as scope:
                for _ in range(times):
                    scope.deadline += 1
                    scope.deadline -= 1
                await trio.sleep_forever()

    return program


@pytest.mark.parametrize("times", [0, 1, 2, 7])
def test_a_deadline_moved_forth_and_back_is_one_deadline(times: int) -> None:
    campaign = explore(
        kept_alive(times), scheduler="dfs", settings=Settings(time="elastic"), stop="never"
    )
    assert (campaign.runs, campaign.complete) == (6, True)


def test_a_scope_that_goes_forth_and_back_for_ever_takes_no_more_room() -> None:
    deadlines = Deadlines(VirtualClock(), Soon(), lambda scope: 5.0, lambda scope: None)
    scope = object()
    for _ in range(5_000):
        deadlines.add(5.0, scope)
        deadlines.remove(5.0, scope)
        deadlines.add(6.0, scope)
        deadlines.remove(6.0, scope)
    deadlines.add(5.0, scope)
    assert len(deadlines.heap) <= 1_002
    assert len(deadlines.pop_ties(5.0)) == 1
