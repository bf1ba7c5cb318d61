"""Draws stay drawn in a crowd: whoever waits for long gets a turn, and nothing is decided by it."""

from __future__ import annotations

from collections import Counter

from raceexplore import World, run_once
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim.load import Invocation, Load, inject


def test_the_draws_of_a_burst_of_2500_requests_are_all_asked_for() -> None:
    seen: Counter[int] = Counter()

    async def program(world: World) -> None:
        async def visit(request: Invocation) -> None:
            seen[world.pick("die", range(4))] += 1
            await world.checkpoint()

        await Load(world, [inject(2500, 1.0, 1.0)]).run(visit)

    scheduler = Drawn(1)
    scheduler.begin()
    assert run_once(program, scheduler).outcome == "passed"
    assert all(abs(count - 625) < 100 for count in seen.values())
