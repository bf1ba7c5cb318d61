"""A failing run of a chaos campaign as a seed: done again as an ordinary program's run, and shrunk.

A program under a plan is a program (`Conditions`), whose draws are those of the campaign's run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.search.campaign.trial import frozen
from raceexplore.search.chaos.runs import LIMITS, ChaosRun, drawn_run
from raceexplore.search.evidence.conditions import Conditions
from raceexplore.search.shrink.shrink import shrink

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program
    from raceexplore.sim.chaos import ChaosPlan

REPLAYS, STEPS = 500, 400_000  # to shrink it: runs at most, and events in all
LEAST = 40  # replays, below which a seed would stay longer than anybody wants to copy


def reproduced(
    program: Program,
    plan: ChaosPlan,
    failed: ChaosRun,
    *,
    entropy: int = 0,
    limits: Limits = LIMITS,
) -> Run | None:
    """Return the run ``failed`` under ``plan``, shrunk as far as some seconds go.

    None if it does not fail without the campaign, or is too long to be shrunk in some seconds: a
    load of hundreds of requests draws thousands of numbers, and is done again by its number.
    """
    budget = min(REPLAYS, STEPS // max(failed.run.steps, 1))
    if budget < LEAST:
        return None
    under = Conditions(plan=plan).under(program)
    run = drawn_run(under, failed.number, entropy=entropy, limits=limits)
    if run.failure is None:
        return None
    with guarded(), frozen(), watching(limits.wall_s):
        return shrink(run, budget=budget, limits=limits)
