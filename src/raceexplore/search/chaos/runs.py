"""One run of a program under a plan; run i depends on the program, the plan, the entropy and i."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.run import run_once
from raceexplore.kernel.runtimes.imports import runtime_of
from raceexplore.search.campaign.trial import frozen
from raceexplore.search.evidence.conditions import refuse_crashes
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim.chaos import Chaos, ChaosPlan, ChaosReport, Ruling

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program
    from raceexplore.kernel.world import World

LIMITS = Limits(steps=3_000_000)  # a load of some hundred requests has many events


@dataclass(frozen=True, slots=True)
class ChaosRun:
    """One run under chaos. number: which one, from 0. run: as of any program. report: of chaos."""

    number: int
    run: Run
    report: ChaosReport

    @property
    def ruling(self) -> Ruling:
        """What it has shown; a run that a limit has cut has shown nothing."""
        if self.run.outcome == "cut" and self.report.ruling is Ruling.PASS:
            return Ruling.INCONCLUSIVE
        return self.report.ruling


def chaos_run(
    program: Program | Callable[..., Any],
    plan: ChaosPlan,
    number: int = 0,
    *,
    entropy: int = 0,
    limits: Limits = LIMITS,
    record: bool = False,
) -> ChaosRun:
    """Do run ``number`` of a program under a plan, with drawn latencies, faults and data.

    Strict time, tasks in the order of virtual time: a share of such runs is a rate. record: keep
    its events. Raises `RaceExploreError` as `explore` does.
    """
    chosen = as_program(program)
    made: list[Chaos] = []
    runtime = chosen.runtime or runtime_of(chosen.function)
    refuse_crashes(plan, runtime)
    wrapped = replace(under_chaos(chosen, plan, made), runtime=runtime)
    run = drawn_run(wrapped, number, entropy=entropy, limits=limits, record=record)
    refusal = made[0].refusal
    if refusal is not None:
        raise refusal
    failure = ""
    if run.failure is not None:
        failure = f"{run.failure.kind}: {run.failure.message.splitlines()[0]}"
    return ChaosRun(number, run, made[0].report(failure))


def drawn_run(
    program: Program, number: int, *, entropy: int, limits: Limits, record: bool = False
) -> Run:
    """Do the drawn run ``number`` of a program that says its runtime."""
    scheduler = Drawn(entropy)
    scheduler.number = number - 1
    scheduler.begin()
    runtime = "asyncio" if program.runtime == "asyncio" else ""
    settings = Settings(entropy=entropy, runtime=runtime)
    with guarded(), frozen(), watching(limits.wall_s):
        return run_once(program, scheduler, limits=limits, settings=settings, record=record)


def under_chaos(program: Program, plan: ChaosPlan, made: list[Chaos]) -> Program:
    """Return the program with the plan at work; ``made`` is given what knows the report."""

    async def main(world: World) -> None:
        chaos = Chaos(world, plan)
        made.append(chaos)
        chaos.begin()
        await program.function(*((world,) if program.wants_world else ()))
        await chaos.finish()

    return replace(program, function=main, wants_world=True, observed=None, again=None)
