"""``pytest --race``: the async tests of a project are explored as they are."""

from __future__ import annotations

import re

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import asyncio, unittest
import anyio, pytest, trio

async def both(start, checkpoint):
    order = []

    async def come(number):
        await checkpoint()
        order.append(number)

    await start(come)
    assert order == [0, 1]

@pytest.fixture
async def pause():
    yield lambda: asyncio.sleep(0)
    await asyncio.sleep(0)

@pytest.mark.asyncio
async def test_asyncio(pause):
    await both(lambda come: asyncio.gather(come(0), come(1)), pause)

@pytest.mark.anyio
async def test_anyio():
    async def start(come):
        async with anyio.create_task_group() as group:
            group.start_soon(come, 0)
            group.start_soon(come, 1)

    await both(start, anyio.lowlevel.checkpoint)

@pytest.mark.trio
async def test_trio():
    async def start(come):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(come, 0)
            nursery.start_soon(come, 1)

    await both(start, trio.lowlevel.checkpoint)

class Case(unittest.IsolatedAsyncioTestCase):
    async def test_case(self):
        await both(lambda come: asyncio.gather(come(0), come(1)), lambda: asyncio.sleep(0))

    def test_plain(self):
        pass

@pytest.mark.asyncio
async def test_right():
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))

@pytest.mark.asyncio
async def test_alone():
    await asyncio.sleep(0)

def test_sync():
    pass
"""


HOW = ("-p", "no:cacheprovider", "-p", "no:randomly", "-W", "ignore", "-n0", "--race")


def test_every_async_test_is_explored_and_one_without_a_choice_is_no_pass(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(TESTS)
    told = pytester.runpytest_subprocess("--race-budget=10", "-rs", *HOW)
    told.assert_outcomes(failed=4, passed=3, skipped=1)
    assert "raceexplore: there is nothing to explore" in told.stdout.str()


@pytest.mark.slow
def test_what_is_found_so_is_replayed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    text = pytester.runpytest_subprocess("--race-budget=10", *HOW).stdout.str()
    seeds = re.findall(r"replay  pytest (\S+ --race --race-replay=\S+)", text)
    assert len(seeds) == 4
    for seed in seeds:
        again = pytester.runpytest_subprocess(*HOW, *seed.split())
        again.assert_outcomes(failed=1)
