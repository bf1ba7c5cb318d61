"""R1 to R5: when a lock over several Redis servers is one lock, and when it is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from raceexplore import World, by_name, explore
from raceexplore.sim import Fixed
from raceexplore.sim.locks import Lease, Redlock, Register, StaleToken
from raceexplore.sim.redis import Redis

TTL_S = 10.0
Program = Callable[[World], Awaitable[None]]


def servers(world: World, count: int = 5) -> list[Redis]:
    return [Redis(world, f"redis-{number}") for number in range(1, count + 1)]


def redlock(world: World, nodes: list[Redis], **options: Any) -> Redlock:
    clients = [node.client(socket_timeout=0.05) for node in nodes]
    return Redlock(clients, "resource", TTL_S, **options)


def updates(pause_s: float, write: str) -> Program:
    """Two clients add 1 each, under Redlock; each may be paused after it has read."""

    async def program(world: World) -> None:
        nodes = servers(world, 3)
        fence: Any = {"token on write": "write", "token on both": "read+write"}.get(write, "none")
        register = Register(world, "counter", 0, fence=fence)
        tokens = Redis(world, "tokens")
        added: list[int] = []

        async def client() -> None:
            lock = redlock(world, nodes, tries=4, retry=Fixed(TTL_S / 2))
            if not await lock.acquire():
                return
            token = int(await tokens.client().incr("token"))
            try:
                if write == "compare and set":
                    value, version = await register.read_version()
                else:
                    value = await register.read(token)
                await world.sleep(world.pick("pause", (0.0, pause_s), kind="fault"))
                if write == "compare and set":
                    if await register.compare_and_set(value + 1, version):
                        added.append(1)
                elif write != "checked before" or lock.valid():
                    if write == "checked before":
                        await world.sleep(world.pick("late pause", (0.0, pause_s), kind="fault"))
                    await register.write(value + 1, token)
                    added.append(1)
            except StaleToken:
                pass
            await lock.release()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(client, name="a")
            nursery.start_soon(client, name="b")
        assert register.value == len(added), f"{len(added)} updates, but {register.value}"

    return program


@pytest.mark.parametrize("pause_s", [0.5 * TTL_S, 0.95 * TTL_S])
def test_r1_a_pause_below_the_validity_time_loses_nothing(pause_s: float) -> None:
    assert not explore(updates(pause_s, "plain"), budget=300, stop="never").failures


@pytest.mark.parametrize("write", ["plain", "checked before"])
def test_r1_a_pause_above_it_loses_updates(write: str) -> None:
    found = explore(updates(1.5 * TTL_S, write), budget=300).failures
    assert found[0].message.startswith("2 updates, but 1")


@pytest.mark.parametrize("write", ["token on both", "compare and set"])
def test_r1_tokens_on_reads_and_writes_or_compare_and_set_lose_nothing(write: str) -> None:
    assert not explore(updates(1.5 * TTL_S, write), budget=300, stop="never").failures


def test_r2_a_token_on_writes_only_is_unsafe_and_shrinks_to_a_read_pause_read_write_write() -> None:
    async def program(world: World) -> None:
        nodes = servers(world, 3)
        register = Register(world, "counter", 0, fence="write")
        tokens = Redis(world, "tokens")
        order: list[str] = []
        added: list[str] = []

        async def client(name: str) -> None:
            lock = redlock(world, nodes, tries=4, retry=Fixed(TTL_S / 2))
            assert await lock.acquire()
            token = int(await tokens.client().incr("token"))
            value = await register.read(token)
            order.append(f"{name} reads")
            await world.sleep(world.pick("pause", (0.0, 1.5 * TTL_S), kind="fault"))
            try:
                await register.write(value + 1, token)
            except StaleToken:
                return
            order.append(f"{name} writes")
            added.append(name)
            await lock.release()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(client, "a", name="a")
            nursery.start_soon(client, "b", name="b")
        assert register.value == len(added), " ".join(order)

    found = explore(program, budget=2_000).failures
    first, second = ("a", "b") if found[0].message.startswith("a") else ("b", "a")
    expected = f"{first} reads {second} reads {first} writes {second} writes"
    assert found[0].message.startswith(expected)


def majorities(event: str, restart_after_s: float = 0.0) -> Program:
    """Two clients ask for the lock while something happens to one server."""

    async def program(world: World) -> None:
        nodes = servers(world, 3)
        held: list[str] = []

        async def client(name: str, split: slice) -> None:
            # the messages to one server are lost: any two of three are a majority
            asked = [node.client(socket_timeout=0.05) for node in nodes[split]]
            lock = Redlock([*asked], "resource", TTL_S)
            lock.clients = (*asked, Redis(world, f"lost to {name}").client())
            lock.clients[-1].server.master.crash()
            if await lock.acquire():
                held.append(name)

        await client("a", slice(0, 2))
        if event == "clock jump":
            nodes[1].master.jump_clock(world.pick("jump", (0.0, 2 * TTL_S), kind="fault"))
        elif world.pick("crash", (False, True), kind="fault"):
            nodes[1].master.crash()
            await world.sleep(restart_after_s)
            if restart_after_s >= TTL_S:
                held.clear()  # the lock of a has ended by itself meanwhile
            nodes[1].master.restart(empty=True)
        await client("b", slice(1, 3))
        assert len(held) < 2, f"{held} hold the lock"

    return program


@pytest.mark.parametrize("event", ["clock jump", "empty restart"])
def test_r3_a_clock_jump_and_an_empty_restart_make_two_majorities(event: str) -> None:
    found = explore(majorities(event), budget=500).failures
    assert found[0].message.startswith("['a', 'b'] hold the lock")
    assert found[0].run.schedule.size == 1


def test_r4_a_restart_delayed_by_the_time_to_live_does_not() -> None:
    campaign = explore(
        majorities("empty restart", TTL_S), scheduler="dfs", budget=500, stop="never"
    )
    assert campaign.complete
    assert not campaign.failures


def test_r5_once_faults_stop_somebody_acquires_within_the_time_to_live_and_a_retry() -> None:
    async def program(world: World) -> None:
        nodes = servers(world)
        crashed = redlock(world, nodes)
        assert await crashed.acquire()  # and is never seen again
        lock = redlock(world, nodes, tries=4, retry=Fixed(TTL_S / 2))
        assert await lock.acquire()
        assert world.now() <= TTL_S + TTL_S / 2

    assert not explore(program, scheduler=by_name("random"), budget=50, stop="never").failures


def test_a_lease_gives_growing_tokens_and_ends_by_itself() -> None:
    async def program(world: World) -> None:
        client = Redis(world).client()
        first, second = Lease(client, "leader", 5.0), Lease(client, "leader", 5.0)
        assert await first.acquire() == 1
        assert await second.acquire() is None
        assert await first.renew()
        await trio.sleep(5.001)
        assert await second.acquire() == 2
        assert not await first.renew()
        await first.release()
        assert await first.acquire() is None  # the release did not take the other's away

    assert not explore(program, budget=20, stop="never").failures


@pytest.mark.parametrize(
    ("ttl_s", "tries", "words"),
    [(0.001, 3, "leaves no validity time"), (1.0, 0, "tries must be at least 1")],
)
def test_wrong_numbers_are_refused(ttl_s: float, tries: int, words: str) -> None:
    async def program(world: World) -> None:
        with pytest.raises(ValueError, match=words):
            Redlock([Redis(world).client()], "r", ttl_s, tries=tries)

    assert not explore(program, budget=1).failures
