"""What commands tell of the server is exact: a proof sees all that a search of every order sees."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from printed_outcomes import Outcomes

PROGRAM = """
import redis
import trio

from raceexplore.sim.redis import Redis

CLIENTS = {given!r}
TAKE = "local n = tonumber(redis.call('get', KEYS[1]) or '0') redis.call('set', KEYS[1], n + 2)"
ADD = TAKE + " return n"


async def client(redis_client, calls, results):
    for name, *args in calls:
        try:
            if name == "script":
                found = await redis_client.eval(ADD, 1, *args)
            elif name == "watched":
                async with redis_client.pipeline() as pipe:
                    await pipe.watch(args[0])
                    pipe.multi()
                    pipe.incr(args[0])
                    pipe.get("b")
                    found = await pipe.execute()
            else:
                found = await getattr(redis_client, name)(*args)
            results.append(found)
        except redis.RedisError as error:
            results.append(type(error).__name__)


async def main(world):
    server, results = Redis(world), []
    async with trio.open_nursery() as nursery:
        for calls in CLIENTS:
            results.append([])
            one = server.client(decode_responses=True)
            nursery.start_soon(client, one, calls, results[-1])
    left = server.client(decode_responses=True)
    print(results, await left.mget("a", "b"), await left.lrange("l", 0, -1))
"""
CALLS = [
    ("get", "a"), ("set", "a", 7), ("incr", "a"), ("incr", "b"), ("mget", "a", "b"),
    ("delete", "a"), ("setnx", "a", 3), ("rpush", "l", "x"), ("lpop", "l"), ("llen", "l"),
    ("script", "a"), ("watched", "a"), ("getset", "b", 5), ("rename", "a", "b"), ("exists", "b"),
]  # fmt: skip


def outcomes(
    folder: Path, capsys: pytest.CaptureFixture[str], clients: list[list[tuple[object, ...]]]
) -> Outcomes:
    return Outcomes(folder, capsys, PROGRAM.format(given=clients))


def drawn(entropy: int) -> list[list[tuple[object, ...]]]:
    """Return one or two commands for each of two clients."""
    chance = random.Random(entropy)
    return [chance.sample(CALLS, 1 + (entropy + number) % 2) for number in range(2)]


@pytest.mark.parametrize("entropy", [3, 8, 11])
def test_a_proof_sees_what_every_order_can_bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entropy: int
) -> None:
    outcomes(tmp_path, capsys, drawn(entropy)).agree()


def test_a_proof_sees_a_watched_key_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clients: list[list[tuple[object, ...]]] = [[("watched", "a")], [("incr", "a")]]
    assert outcomes(tmp_path, capsys, clients).agree() == 3


@pytest.mark.slow
@pytest.mark.parametrize("entropy", range(100, 180))
def test_a_proof_of_any_drawn_commands_sees_what_every_order_can_bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entropy: int
) -> None:
    outcomes(tmp_path, capsys, drawn(entropy)).agree()


SHARED = """
import trio

from raceexplore.sim.redis import Redis


async def queue(pipe, key, got):
    pipe.incr(key)
    await trio.sleep(0)
    pipe.incr(key)
    got.append(len(await pipe.execute()))


async def main(world):
    one = Redis(world).client(decode_responses=True)
    pipe, got = one.pipeline(), [[], []]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(queue, pipe, "a", got[0])
        nursery.start_soon(queue, pipe, "b", got[1])
    print(await one.mget("a", "b"), got)
"""


def test_a_proof_sees_what_comes_of_a_pipeline_that_two_tasks_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Outcomes(tmp_path, capsys, SHARED).agree() > 2
