"""The network between hosts: loss, duplicates, order, partitions, held messages, connections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from raceexplore import World, by_name, explore
from raceexplore.sim import Fixed, Uniform
from raceexplore.sim.hosts import Host
from raceexplore.sim.network import Broken, Network
from simulated import passed

Program = Callable[[World], Awaitable[None]]


def exchange(got: list[list[Any]], count: int = 3, **options: Any) -> Program:
    """One host sends numbers to another one, which takes what comes within ten seconds."""

    async def program(world: World) -> None:
        network = Network(world, **options)
        one, other = Host(world, "one"), Host(world, "other")
        came: list[Any] = []

        async def receive() -> None:
            while True:
                came.append((await network.receive(other))[1])

        other.run(receive)
        for number in range(count):
            network.send(one, other, number)
        await world.sleep(10)
        got.append(came)

    return program


def test_messages_arrive_once_and_in_order_on_the_default_schedule() -> None:
    got: list[list[Any]] = []
    passed(exchange(got, latency=Uniform(0.1, 0.3), loss=0.5, duplicates=0.4))
    assert got == [[0, 1, 2]]


def test_messages_overtake_each_other_unless_their_way_keeps_the_order() -> None:
    free: list[list[Any]] = []
    explore(exchange(free), scheduler="random", budget=300, stop="never")
    assert len({tuple(came) for came in free}) == 6
    kept: list[list[Any]] = []
    explore(exchange(kept, in_order=True), scheduler="random", budget=300, stop="never")
    assert {tuple(came) for came in kept} == {(0, 1, 2)}


def test_messages_are_lost_and_doubled_as_often_as_said() -> None:
    got: list[list[Any]] = []
    program = exchange(got, 2_000, latency=Fixed(1.0), loss=0.2, duplicates=0.1)
    passed(program, by_name("random", entropy=2))
    counts = [got[0].count(number) for number in range(2_000)]
    assert counts.count(0) / 2_000 == pytest.approx(0.2, abs=0.03)
    assert counts.count(2) / 2_000 == pytest.approx(0.1, abs=0.02)


def test_the_explorer_places_a_loss_that_has_no_probability() -> None:
    got: list[list[Any]] = []
    campaign = explore(
        exchange(got, 1, loss=None, duplicates=None), scheduler="dfs", budget=500, stop="never"
    )
    assert campaign.complete
    assert {tuple(came) for came in got} == {(0,), (), (0, 0)}


def test_a_partition_loses_messages_in_both_directions_or_in_one() -> None:
    async def program(world: World) -> None:
        network = Network(world, latency=Fixed(0.1))
        a, b, c = (Host(world, name) for name in "abc")
        came: list[tuple[str, str]] = []

        async def receive(host: Host) -> None:
            while True:
                sender, _ = await network.receive(host)
                came.append((sender, host.name))

        for host in (a, b, c):
            host.run(receive, host)

        async def all_send() -> list[tuple[str, str]]:
            came.clear()
            for source in (a, b, c):
                for target in (a, b, c):
                    if source is not target:
                        network.send(source, target, "hello")
            await world.sleep(1)
            return sorted(came)

        everything = [(x, y) for x in "abc" for y in "abc" if x != y]
        assert await all_send() == everything
        network.partition([a], [b, c])
        assert await all_send() == [("b", "c"), ("c", "b")]
        network.heal([a], [b, c])
        network.partition([a], [b], one_way=True)
        assert await all_send() == [way for way in everything if way != ("a", "b")]

    passed(program)


def test_held_messages_come_in_order_when_they_are_released() -> None:
    async def program(world: World) -> None:
        network = Network(world, latency=Fixed(0.1))
        a, b = Host(world, "a"), Host(world, "b")
        network.hold([a], [b])
        for number in range(3):
            network.send(a, b, number)
            await world.sleep(1)
        with trio.move_on_after(5) as scope:
            await network.receive(b)
        assert scope.cancelled_caught
        network.release([a], [b])
        assert [(await network.receive(b))[1] for _ in range(3)] == [0, 1, 2]
        assert world.now() == 8.0

    passed(program)


def test_a_host_that_is_down_gets_nothing_also_later() -> None:
    async def program(world: World) -> None:
        network = Network(world, latency=Fixed(1.0))
        a, b = Host(world, "a"), Host(world, "b")
        network.send(a, b, "early", port="p")
        b.crash()
        await world.sleep(2)
        b.restart()
        network.send(a, b, "late", port="p")
        assert await network.receive(b, port="p") == ("a", "late")

    passed(program)


def test_a_connection_carries_bytes_in_order_and_ends() -> None:
    async def program(world: World) -> None:
        network = Network(world, latency=Fixed(0.5))
        one, other = network.streams(Host(world, "a"), Host(world, "b"))
        await one.send_all(b"hello ")
        await one.send_all(b"world")
        await one.send_eof()
        assert await other.receive_some(4) == b"hell"
        parts = [part async for part in other]
        assert b"".join(parts) == b"o world"
        await other.send_all(b"thanks")
        assert await one.receive_some() == b"thanks"

    passed(program)


def test_a_partition_delays_a_connection_and_loses_nothing() -> None:
    async def program(world: World) -> None:
        network = Network(world)
        a, b = Host(world, "a"), Host(world, "b")
        one, other = network.streams(a, b)
        network.partition([a], [b])
        await one.send_all(b"x")
        await world.sleep(5)
        network.heal([a], [b])
        assert (await other.receive_some(), world.now()) == (b"x", 5.0)

    passed(program)


def test_who_is_connected_to_a_host_that_crashes_finds_the_connection_broken() -> None:
    async def program(world: World) -> None:
        network = Network(world)
        a, b = Host(world, "a"), Host(world, "b")
        one, _ = network.streams(a, b)

        async def crash() -> None:
            await world.sleep(1)
            b.crash()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(crash)
            with pytest.raises(Broken):
                await one.receive_some()
        with pytest.raises(Broken):
            await one.send_all(b"x")

    passed(program)


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_wrong_probabilities_are_refused(share: float) -> None:
    async def program(world: World) -> None:
        with pytest.raises(ValueError, match=f"a probability is from 0 to 1, not {share}"):
            Network(world, loss=share)

    passed(program)
