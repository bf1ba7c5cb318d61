"""Hosts: a share of a processor, a clock that is wrong, a disk, and what a crash leaves."""

from __future__ import annotations

import datetime as dt
import time
from statistics import fmean

import pytest
import trio
import trio.lowlevel

from raceexplore import BadOption, World, explore
from raceexplore.sim.hosts import Host
from simulated import passed


@pytest.mark.parametrize(
    ("window_ms", "interrupted", "mean_ms"),
    [(0.2, 0.008, 0.8), (1, 0.04, 4.0), (5, 0.20, 20.0), (12.5, 0.50, 50.0)],
)
def test_c1_on_a_busy_host_a_window_stalls_with_probability_w_25_and_lasts_4_w(
    window_ms: float, interrupted: float, mean_ms: float
) -> None:
    durations: list[float] = []

    async def program(world: World) -> None:
        host = Host(world, "inventory-0", cpu="250m")
        for _ in range(2_001):
            begin = world.now()
            await host.compute(window_ms / 1000)
            durations.append((world.now() - begin) * 1000)

    passed(program)
    stalled = sum(duration > window_ms + 1 for duration in durations) / len(durations)
    assert stalled == pytest.approx(interrupted, rel=0.05)
    assert fmean(durations) == pytest.approx(mean_ms, rel=0.02)


@pytest.mark.parametrize(("begin_s", "wall_s"), [(0.0, 0.105), (0.1, 0.105)])
def test_c2_30_ms_of_processor_time_take_from_105_ms_when_the_period_is_fresh(
    begin_s: float, wall_s: float
) -> None:
    async def program(world: World) -> None:
        host = Host(world, "h", cpu=0.25)
        await world.sleep(begin_s)
        await host.compute(0.030)
        assert world.now() - begin_s == pytest.approx(wall_s)

    passed(program)


def test_c2_and_to_180_ms_when_the_quota_has_just_been_used_up() -> None:
    async def program(world: World) -> None:
        host = Host(world, "h", cpu="250m")
        await host.compute(0.025)
        await host.compute(0.030)
        assert world.now() == pytest.approx(0.025 + 0.180)
        assert (host.cpu.periods, host.cpu.throttled) == (3, 2)
        assert host.cpu.throttled_s == pytest.approx(0.150)

    passed(program)


def test_c3_tasks_of_one_host_share_its_quota_and_stop_together() -> None:
    used: list[tuple[float, float]] = []

    async def program(world: World) -> None:
        host = Host(world, "h", cpu="500m")

        async def work() -> None:
            for _ in range(30):
                await host.compute(0.005)
                used.append((world.now(), 0.005))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            nursery.start_soon(work)

    passed(program)
    for period in range(6):
        inside = [s for at, s in used if period * 0.1 < at - 1e-9 <= (period + 1) * 0.1]
        assert sum(inside) <= 0.050 + 1e-9


def test_c4_another_host_is_not_affected() -> None:
    async def program(world: World) -> None:
        slow, fast = Host(world, "slow", cpu="100m"), Host(world, "fast")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(slow.compute, 0.05)
            await fast.compute(0.05)
            assert world.now() == 0.05
        assert world.now() == pytest.approx(0.41)

    passed(program)


def test_l3_a_stop_runs_finally_within_the_grace_period_and_a_crash_does_not() -> None:
    async def program(world: World) -> None:
        done: list[str] = []

        async def serve(name: str) -> None:
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(2)
                done.append(name)

        graceful, hasty, crashed = (Host(world, name) for name in ("graceful", "hasty", "crashed"))
        for host in (graceful, hasty, crashed):
            host.run(serve, host.name)
        await trio.sleep(1)
        crashed.crash()
        await hasty.stop(grace_s=1)
        assert (done, world.now()) == ([], 2.0)
        await graceful.stop()
        assert (done, world.now()) == (["graceful"], 4.0)

    passed(program)


def test_a_restart_starts_what_ran_and_the_disk_keeps_what_was_synced() -> None:
    async def program(world: World) -> None:
        host, found = Host(world, "db"), []

        async def serve() -> None:
            found.append(host.disk.read("log", "nothing"))
            host.disk.write("log", "synced")
            await host.disk.sync()
            host.disk.write("log", "not synced")
            await trio.sleep_forever()

        host.run(serve)
        await trio.sleep(1)
        assert host.disk.read("log") == "not synced"
        host.crash()
        with pytest.raises(BadOption, match="db is down"):
            host.start(serve)
        host.restart()
        await trio.sleep(1)
        host.crash(disk=False)
        host.restart()
        await trio.sleep(1)
        assert found == ["nothing", "synced", "nothing"]
        assert host.restarts == 2

    passed(program)


def test_a_host_has_its_own_wall_clock_and_the_right_monotonic_one() -> None:
    async def program(world: World) -> None:
        seen: dict[str, tuple[float, float, float]] = {}

        async def look(name: str) -> None:
            async with trio.open_nursery() as nursery:  # its children are on the host as well
                nursery.start_soon(note, name)

        async def note(name: str) -> None:
            stamp = dt.datetime.now(dt.UTC).timestamp()
            seen[name] = (time.time() - start, stamp - start, time.monotonic())

        start = time.time()
        right, ahead = Host(world, "right"), Host(world, "ahead", skew_s=3.0, drift=0.5)
        await trio.sleep(10)
        for host in (right, ahead):
            host.start(look, host.name)
        await trio.lowlevel.checkpoint()
        ahead.clock.jump(-8.0)
        ahead.start(look, "after the jump")
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        await trio.sleep(1)
        assert seen["right"] == (10.0, 10.0, 10.0)
        assert seen["ahead"] in ((18.0, 18.0, 10.0), (10.0, 10.0, 10.0))
        assert seen["after the jump"] == (10.0, 10.0, 10.0)
        assert ahead.clock.now() == pytest.approx(11 + 3 + 5.5 - 8)

    passed(program)


def test_a_host_that_uses_more_memory_than_its_limit_is_killed() -> None:
    async def program(world: World) -> None:
        host, done = Host(world, "h", memory=100), []

        async def fill() -> None:
            host.allocate(60)
            host.allocate(-20)
            await trio.sleep(1)
            host.allocate(61)
            await trio.sleep(1)
            done.append("survived")

        host.run(fill)
        await trio.sleep(3)
        assert (host.up, done) == (False, [])

    passed(program)


def test_the_place_of_a_crash_is_for_the_explorer_to_choose() -> None:
    async def program(world: World) -> None:
        host, log = Host(world, "h"), []

        async def serve() -> None:
            log.append("charged")
            await world.checkpoint()
            log.append("recorded")

        host.run(serve)
        await world.checkpoint()
        host.crash()
        await world.checkpoint()
        assert log != ["charged"], "charged, but not recorded"

    campaign = explore(program, budget=100)
    assert campaign.failures[0].message.startswith("charged, but not recorded")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cpu": "fast"}, "a processor limit is like '250m' or 0.5, not 'fast'"),
        ({"cpu": "0m"}, "not '0m'"),
        ({"memory": 0}, "a memory limit is above 0 bytes, not 0"),
        ({"drift": -1.0}, "drift must be above -1, not -1.0"),
    ],
)
def test_wrong_limits_are_refused(options: dict[str, object], words: str) -> None:
    async def program(world: World) -> None:
        with pytest.raises(BadOption, match=words):
            Host(world, "h", **options)  # type: ignore[arg-type]

    passed(program)
