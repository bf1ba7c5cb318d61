"""Runs of a load, for tests: on the default schedule, or drawn."""

from __future__ import annotations

from collections.abc import Sequence

from raceexplore import Limits, Run, World, run_once
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim.load import Invocation, Load, LoadReport, Phase
from simulated import passed


def drawn(program: object, entropy: int = 0, *, steps: int = 1_000_000) -> Run:
    """Return one run with drawn latencies and data, which must pass."""
    scheduler = Drawn(entropy)
    scheduler.begin()
    run = run_once(program, scheduler, limits=Limits(steps=steps))  # type: ignore[arg-type]
    assert run.outcome == "passed", run.failure or run.cut
    return run


def loaded(phases: Sequence[Phase], *users: object, entropy: int | None = None) -> LoadReport:
    """Return the report of one run of a load; its user takes 1 ms unless others are given."""
    reports: list[LoadReport] = []

    async def visit(request: Invocation) -> None:
        await request.world.sleep(0.001)

    async def program(world: World) -> None:
        reports.append(await Load(world, phases).run(*(users or (visit,))))  # type: ignore[arg-type]

    if entropy is None:
        passed(program)
    else:
        drawn(program, entropy)
    return reports[0]
