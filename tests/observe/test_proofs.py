"""A proof finds the failure that one order shows, or says that it is none."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from command import Rx

FOUND, NOT_PROVED = 1, 3

SHOWN = {
    "a condition's wait that is cut short lets others in": """
        async def main():
            door, guests = trio.Condition(), [1]

            async def host():
                async with door:
                    seen = list(guests)
                    with trio.move_on_after(0):
                        await door.wait()
                    assert guests == seen

            async def late():
                try:
                    door.acquire_nowait()
                except trio.WouldBlock:
                    return
                guests.append(2)
                door.release()

            await both(host, late)
        """,
    "a task that ends breaks its lock": """
        async def main():
            key, seen = trio.Lock(), []

            async def forgets():
                await key.acquire()

            async def waits():
                try:
                    await key.acquire()
                except trio.BrokenResourceError:
                    seen.append("broken")

            async def looks():
                seen.append(key.statistics().tasks_waiting)

            await both(forgets, waits, looks)
            assert seen != [1, "broken"]
        """,
    "two who send on one stream": """
        from trio.testing import memory_stream_pair

        async def main():
            near, _ = memory_stream_pair()
            await both(partial(near.send_all, b"x"), partial(near.send_all, b"y"))
        """,
    "two who publish": """
        async def main():
            ends = [trio.open_memory_channel(4) for _ in range(2)]

            async def publish(text):
                await both(*[partial(send.send, text) for send, _ in ends])

            await both(partial(publish, 1), partial(publish, 2))
            one, other = ([take.receive_nowait() for _ in range(2)] for _, take in ends)
            assert one == other
        """,
    "who sends first": """
        async def main():
            send, take = trio.open_memory_channel(3)
            await both(*[partial(send.send, number) for number in range(3)])
            assert [take.receive_nowait() for _ in range(3)] != [2, 0, 1]
        """,
    "a channel of a generator that is closed": """
        @trio.as_safe_channel
        async def count():
            for number in range(2):
                await trio.sleep(1)
                yield number

        async def main():
            got = []

            async def take(numbers):
                try:
                    async for number in numbers:
                        got.append(number)
                except trio.ClosedResourceError:
                    pass

            async def close(numbers):
                await trio.sleep(1)
                await numbers.aclose()

            async with count() as numbers:
                await both(partial(take, numbers), partial(close, numbers))
            assert got
        """,
    "who is the idlest": """
        from operator import attrgetter

        class Till:
            queue = 0

        async def main():
            tills = [Till(), Till()]

            async def pay():
                till = min(tills, key=attrgetter("queue"))
                await trio.sleep(0)
                till.queue += 1

            await both(pay, pay)
            assert max(till.queue for till in tills) == 1
        """,
    "the order of what is dumped": """
        import json

        async def main():
            page = {}

            async def fill(key):
                page[key] = 0

            await both(partial(fill, "x"), partial(fill, "y"))
            assert json.dumps(page) == '{"x": 0, "y": 0}'
        """,
    "the order behind a lock of anyio": """
        import anyio

        async def main():
            turn, left = anyio.Lock(), []

            async def pass_through(name):
                async with turn:
                    await anyio.sleep(0)
                left.append(name)

            await both(partial(pass_through, 1), partial(pass_through, 2))
            assert left == [1, 2]
        """,
    "a release of one's own class": """
        class Turnstile:
            def __init__(self):
                self.inner = trio.Lock()

            async def __aenter__(self):
                await self.inner.acquire()

            async def __aexit__(self, *_):
                self.inner.release()

        async def main():
            turn, left = Turnstile(), []

            async def pass_through(name):
                async with turn:
                    await trio.sleep(0)
                left.append(name)

            await both(partial(pass_through, 1), partial(pass_through, 2))
            assert left == [1, 2]
        """,
}
HIDDEN = {
    "what threads do": """
        async def main():
            box = {"sum": 0}

            def add():
                box["sum"] = box["sum"] + 1

            await both(*[partial(trio.to_thread.run_sync, add)] * 2)
            assert box["sum"] == 2
        """,
    "what a sequencer does": """
        from trio.testing import Sequencer

        async def main():
            turns, left = Sequencer(), []

            async def take(number):
                async with turns(number):
                    await trio.sleep(0)
                left.append(number)

            await both(partial(take, 0), partial(take, 1))
            assert left
        """,
}
HEAD = """
from functools import partial

import trio

async def both(*tasks):
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)

"""


def prove(rx: Rx, source: str, folder: Path) -> tuple[int, str]:
    path = folder / "case.py"
    path.write_text(HEAD + textwrap.dedent(source), encoding="utf-8")
    ended = rx("prove", str(path), "--corpus", str(folder / "kept"))
    return ended.status, ended.out


@pytest.mark.parametrize("source", SHOWN.values(), ids=SHOWN)
def test_a_proof_finds_what_one_order_shows(rx: Rx, source: str, tmp_path: Path) -> None:
    code, told = prove(rx, source, tmp_path)
    assert code == FOUND, told


@pytest.mark.parametrize("source", HIDDEN.values(), ids=HIDDEN)
def test_a_proof_says_what_it_has_not_seen(rx: Rx, source: str, tmp_path: Path) -> None:
    code, told = prove(rx, source, tmp_path)
    assert code in {FOUND, NOT_PROVED}, told
    assert code == FOUND or "relative" in told
