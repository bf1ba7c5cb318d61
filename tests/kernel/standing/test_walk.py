"""Where a suspended task stands: at the innermost await of the user's own, wherever that is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from raceexplore import Replay
from raceexplore.kernel.run import run_once


@asynccontextmanager
async def lease() -> AsyncIterator[None]:
    await trio.sleep(1)  # on the way in
    yield
    await trio.sleep(1)  # on the way out


async def ticks() -> AsyncIterator[int]:
    for number in range(2):
        await trio.sleep(1)  # between two
        yield number


async def entered() -> None:
    async with lease():
        pass


async def stacked() -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(lease())


async def looped() -> None:
    async for _ in ticks():
        pass


async def asked() -> None:
    await anext(ticks(), None)


LINES = {
    text: number
    for number, line in enumerate(Path(__file__).read_text(encoding="utf-8").split("\n"), 1)
    for text in ("on the way in", "on the way out", "between two")
    if line.endswith(f"# {text}")
}


@pytest.mark.parametrize(
    ("program", "places"),
    [
        (entered, ["on the way in", "on the way out"]),
        (stacked, ["on the way in", "on the way out"]),
        (looped, ["between two", "between two"]),
        (asked, ["between two"]),
    ],
)
def test_a_wait_inside_a_generator_is_placed_there(
    program: Callable[..., Any], places: list[str]
) -> None:
    scheduler = Replay()
    scheduler.begin()
    run = run_once(program, scheduler, record=True)
    ends = [event.end.line for event in run.events if event.end.file]
    assert ends == [LINES[place] for place in places]
