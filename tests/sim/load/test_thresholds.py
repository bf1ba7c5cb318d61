"""Thresholds: conditions on what was measured, at the end or at intervals."""

from __future__ import annotations

import pytest

from loads import loaded
from raceexplore import BadOption, World, run_once
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim.load import Invocation, Load, fail, inject, ok, threshold


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("fail% < 30", ""),
        ("fail% <= 24", "visit: fail% <= 24, but it is 25"),
        ("visit: p99 < 20ms", ""),
        ("p50 < 10 ms", "visit: p50 < 10 ms, but it is 0.01"),
        ("mean <= 0.0101s", ""),
        ("count == 4", ""),
        ("status[503]% < 5", "visit: status[503]% < 5, but it is 25"),
        ("status[200] == 3", ""),
        ("rps > 1000", "visit: rps > 1000, but it is 400"),
    ],
)
def test_thresholds_are_conditions_on_what_was_measured(text: str, broken: str) -> None:
    async def visit(request: Invocation) -> object:
        await request.world.sleep(0.01)
        return fail(503) if request.number == 2 else ok(200)

    report = loaded([inject(4, 0.01, 0.01)], visit)
    if not broken:
        report.require(text)
        return
    with pytest.raises(AssertionError) as caught:
        report.require(text)
    assert str(caught.value) == f"load: {broken}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("latency < 3", "'latency' is nothing that is measured"),
        ("p99 < 400", "p99 is compared with a time"),
        ("fail% < 1ms", "fail% is compared with a number"),
        ("p0 < 1ms", "a percentile is above 0"),
        ("fast please", "a threshold is like"),
    ],
)
def test_a_threshold_that_cannot_be_read_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadOption, match=complaint):
        threshold(text)


def test_a_threshold_at_intervals_ends_the_load_when_it_is_broken_too_often() -> None:
    async def program(world: World) -> None:
        async def visit(request: Invocation) -> object:
            return fail(500) if world.now() >= 3 else ok(200)

        looks = threshold("fail% < 10", every_s=1.0, abort_after=2)
        load = Load(world, [inject(10, 0.5, 60.0)], thresholds=[looks])
        report = await load.run(visit)
        assert report.aborted == "'fail% < 10' was broken 2 times in a row"
        assert [at_s for at_s, _ in report.broken] == [4.0, 5.0]
        assert report.instants[-1] == 5.0
        report.require("count > 0")

    scheduler = Drawn(0)
    scheduler.begin()
    failure = run_once(program, scheduler).failure
    assert failure is not None
    assert failure.message.startswith("load: at 4 s visit: fail% < 10, but it is 25; at 5 s")
