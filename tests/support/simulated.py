"""Programs that use the simulated world, run once."""

from __future__ import annotations

from raceexplore import Replay, Run, Scheduler, World, run_once
from raceexplore.sim import Latency


def run(program: object, scheduler: Scheduler | None = None) -> Run:
    """Return one run of ``program``, on the default schedule if no scheduler is given."""
    chooser = Replay() if scheduler is None else scheduler
    chooser.begin()
    done = run_once(program, chooser, record=True)  # type: ignore[arg-type]
    chooser.end(done)
    return done


def passed(program: object, scheduler: Scheduler | None = None) -> Run:
    """Return one run of ``program``, which must pass."""
    done = run(program, scheduler)
    assert done.outcome == "passed", done.failure
    return done


def drawn(latency: Latency, scheduler: Scheduler, count: int) -> list[float]:
    """Return the seconds of ``count`` calls in one run."""
    seen: list[float] = []

    async def program(world: World) -> None:
        seen.extend(latency.draw(world, "call") for _ in range(count))

    passed(program, scheduler)
    return seen
