"""A task whose body is a library's own: what it does is noted, or no claim is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Rx

FANOUT = """
import trio


class Topic:
    def __init__(self):
        self.ends = []

    def subscribe(self):
        send, receive = trio.open_memory_channel(4)
        self.ends.append(send)
        return receive

    async def publish(self, text):
        async with trio.open_nursery() as nursery:
            for send in self.ends:
                nursery.start_soon(send.send, text)


async def main():
    topic = Topic()
    ann, bob = topic.subscribe(), topic.subscribe()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(topic.publish, 1)
        nursery.start_soon(topic.publish, 2)
    one, other = ([end.receive_nowait() for _ in range(2)] for end in (ann, bob))
    assert one == other
"""
SIX = """
import trio


async def main():
    send, receive = trio.open_memory_channel(6)
    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(send.send, number)
    assert [receive.receive_nowait() for _ in range(6)] != [2, 0, 5, 1, 4, 3]
"""
WAITERS = """
import trio


async def main():
    door, seen = trio.Event(), []

    async def opens():
        seen.append(door.statistics().tasks_waiting)
        door.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(door.wait)
        nursery.start_soon(opens)
        nursery.start_soon(door.wait)
    assert seen != [1]
"""
OWNER = """
import trio


async def main():
    key, late = trio.Lock(), []

    async def looks():
        late.append(key.locked())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(key.acquire)
        nursery.start_soon(looks)
    assert late == [True]
"""
UNBOUND = """
import trio


async def main():
    doors, seen = [trio.Event(), trio.Event()], []

    async def opens(door):
        door.set()

    async def looks():
        seen.append(any(map(trio.Event.is_set, doors)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(opens, doors[1])
        nursery.start_soon(looks)
    assert seen == [True]
"""
PARTIAL = """
from functools import partial

import trio


async def main():
    send, receive = trio.open_memory_channel(3)
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(partial(send.send, number))
    assert [receive.receive_nowait() for _ in range(3)] != [2, 0, 1]
"""
MOCKED = """
from unittest.mock import AsyncMock

import trio


async def main():
    call = AsyncMock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(call, 1)
        nursery.start_soon(call, 2)
    assert call.await_args_list[0].args == (1,)
"""
PROGRAMS = {
    "fanout": FANOUT, "six": SIX, "waiters": WAITERS, "owner": OWNER, "unbound": UNBOUND,
    "partial": PARTIAL, "mocked": MOCKED,
}  # fmt: skip


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "bodies.py").write_text(PROGRAMS[request.param])
    return "bodies.py"


def never_called_complete(rx: Rx, program: str, entropies: range) -> None:
    for entropy in entropies:
        for command in (("prove",), ("run", "--budget", "600")):
            told = rx(*command, program, "--entropy", str(entropy), "--no-explain")
            assert told.status in ({1, 3} if command == ("prove",) else {0, 1}), told.out
            assert "complete: every trace class\n" not in told.out


def test_it_is_never_called_complete(rx: Rx, program: str) -> None:
    never_called_complete(rx, program, range(1))


@pytest.mark.slow
def test_it_is_never_called_complete_for_20_entropies(rx: Rx, program: str) -> None:
    never_called_complete(rx, program, range(20))
