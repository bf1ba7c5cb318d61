"""What can happen to a Redis: failover, pauses, crashes, and clients that notice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
import trio

from raceexplore import World, explore
from raceexplore.sim.redis import Redis
from simulated import passed


def holders(acknowledge: int) -> Callable[[World], Awaitable[None]]:
    """Two clients take one lock; the master fails over at some moment."""

    async def program(world: World) -> None:
        server = Redis(world, replicas=2)
        held: list[str] = []

        async def take(name: str) -> None:
            client = server.client(node=server.master)
            try:
                if await client.set("lock", name, nx=True):
                    if acknowledge:
                        await client.wait(acknowledge, 0)
                    held.append(name)
            except redis.ResponseError:
                pass  # its server is the master no more

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, "a")
            await world.checkpoint()
            server.failover(world.pick("who is promoted", (0, 1)))
            nursery.start_soon(take, "b")
        assert len(held) < 2, f"{held} hold the lock"

    return program


@pytest.mark.parametrize("acknowledge", [0, 1])
def test_d3_d4_a_failover_gives_the_lock_to_two_also_after_wait_1_of_two_replicas(
    acknowledge: int,
) -> None:
    campaign = explore(holders(acknowledge), budget=1_000)
    assert campaign.failures[0].kind == "AssertionError"
    assert campaign.failures[0].run.schedule.size <= 4


def test_waiting_for_all_replicas_keeps_the_lock_with_one() -> None:
    assert not explore(holders(2), budget=300, stop="never").failures


def test_a_paused_server_answers_when_it_goes_on_and_a_client_may_give_up_before() -> None:
    async def program(world: World) -> None:
        server = Redis(world)
        server.master.pause()
        with pytest.raises(redis.TimeoutError):
            await server.client(socket_timeout=1).set("k", 1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.client().set, "k", 2)
            await trio.sleep(5)
            server.master.resume()
        assert (await server.client().get("k"), world.now()) == (b"2", 6.0)

    passed(program)


@pytest.mark.parametrize(
    ("fsync", "empty", "kept"),
    [
        ("always", False, [b"1", b"2"]),
        ("everysec", False, [b"1", None]),
        ("no", False, [None, None]),
        ("always", True, [None, None]),
    ],
)
def test_a_restart_keeps_what_was_on_disk(fsync: Any, empty: bool, kept: list[Any]) -> None:
    async def program(world: World) -> None:
        server = Redis(world, fsync=fsync)
        client = server.client()
        await client.set("a", 1)
        await trio.sleep(1.5)
        await client.set("b", 2)
        server.master.crash()
        with pytest.raises(redis.ConnectionError, match=r"Error 111 connecting to redis:6379"):
            await client.get("a")
        server.master.restart(empty=empty)
        assert await client.mget("a", "b") == kept

    passed(program)
