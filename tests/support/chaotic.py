"""Programs under chaos, for tests: one drawn run of a plan, and its report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from raceexplore import World
from raceexplore.search.chaos.runs import ChaosRun, chaos_run
from raceexplore.sim.chaos import ChaosPlan, Comparator, Injection, Mode, Watching, offer
from raceexplore.sim.hosts import Host
from raceexplore.sim.redis import Redis

DONE = Watching("done", "done", Mode.EOT, Comparator("int", "==", "1"))


def under(
    plan: ChaosPlan, program: Callable[[World], Awaitable[None]], number: int = 0
) -> ChaosRun:
    """Return run ``number`` of a program under a plan."""
    return chaos_run(program, plan, number, entropy=7)  # type: ignore[arg-type]


def struck(*faults: Injection, number: int = 0) -> ChaosRun:
    """Return a run of `worker` under ``faults``; it must be done at the end."""
    return under(ChaosPlan(faults=faults, probes=(DONE,)), worker, number)


async def worker(world: World) -> None:
    """A host writes and reads ten times within 1.1 s; it begins again when it has crashed."""
    cache = Redis(world, "cache").client()
    host = Host(world, "worker", cpu="250m", memory=10**9)
    done = []

    async def work() -> None:
        for number in range(10):
            await cache.set("x", number)
            await host.compute(0.010)
            host.disk.write("x", number)
            await host.disk.sync()
            await cache.get("x")
            await world.sleep(0.1)
        done.append(1)

    host.run(work)
    offer(world, "done", lambda: len(done))
    await world.sleep(6)
