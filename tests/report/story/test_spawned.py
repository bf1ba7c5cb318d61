"""Tasks that the world starts, in reports: their own code, and nobody who has begun the run."""

from __future__ import annotations

import pytest

from command import Rx

PROGRAM = """
import {loop}

async def work(box):
    box.append(1)
    await {loop}.sleep(1)
    box.append(2)

async def main(world):
    box = []
    world.spawn(work, box, name="w")
    await {loop}.sleep(1)
    assert len(box) == 2
"""


@pytest.mark.parametrize("loop", ["trio", "asyncio"])
def test_a_started_task_starts_at_its_own_code_and_is_cancelled_by_no_script(
    rx: Rx, loop: str
) -> None:
    ended = rx("run", "spawned.py", spawned=PROGRAM.format(loop=loop))
    (starts,) = [line for line in ended.out.splitlines() if "async def work(box)" in line]
    assert starts.split()[3:6] == ["starts", "4", "async"]
    assert "_run(" not in ended.out
    assert "_guard(" not in ended.out
    # the end of the run, which the failure brings, and no line of whoever has begun the run
    assert "main cancels it" not in ended.out
