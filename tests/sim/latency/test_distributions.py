"""Stubbed latency: exact quantiles, the median on the default schedule, the right distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import pytest
import trio

from raceexplore import Deviation, Replay, Run, Schedule, Scheduler, World, by_name, run_once
from raceexplore.sim import Fixed, Latency, LogNormal, Uniform
from raceexplore.sim.latency.quantiles import Quantiles, share

DRAWS = 20_000
FACTOR = math.exp(0.5 * 0.6744897501960817)  # sigma 0.5 at the normal's upper quartile
DKW_99 = 0.0115  # sqrt(ln(2 / 0.01) / (2 * 20,000))


def run(program: object, scheduler: Scheduler) -> Run:
    scheduler.begin()
    done = run_once(program, scheduler, record=True)  # type: ignore[arg-type]
    scheduler.end(done)
    assert done.outcome == "passed", done.failure
    return done


def draws(latency: Latency, scheduler: Scheduler, count: int) -> list[float]:
    seen: list[float] = []

    async def program(world: World) -> None:
        seen.extend(latency.draw(world, "call") for _ in range(count))

    run(program, scheduler)
    return seen


def test_small_indices_are_simple_fractions_around_the_middle() -> None:
    assert [share(i) for i in range(9)] == [
        1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8, 3 / 8, 7 / 8, 1 / 16, 9 / 16,
    ]  # fmt: skip


def test_the_1023_indices_are_the_1023_steps_of_1_1024th() -> None:
    assert sorted(share(i) for i in range(1023)) == [k / 1024 for k in range(1, 1024)]


@pytest.mark.parametrize(
    ("latency", "quarter", "median", "three_quarters"),
    [
        (Fixed(0.3), 0.3, 0.3, 0.3),
        (Uniform(1.0, 3.0), 1.5, 2.0, 2.5),
        (LogNormal(2.0, 0.0), 2.0, 2.0, 2.0),
        (LogNormal(2.0, 0.5), 2.0 / FACTOR, 2.0, 2.0 * FACTOR),
    ],
)
def test_quantiles_are_exact(
    latency: Latency, quarter: float, median: float, three_quarters: float
) -> None:
    assert latency.quantile(0.5) == median
    assert latency.quantile(0.25) == pytest.approx(quarter, rel=1e-9)
    assert latency.quantile(0.75) == pytest.approx(three_quarters, rel=1e-9)


@pytest.mark.parametrize("latency", [Fixed(0.3), Uniform(0.1, 0.5), LogNormal(0.3, 1.0)])
def test_on_the_quiet_day_every_call_takes_its_median(latency: Latency) -> None:
    assert draws(latency, Replay(), 3) == [pytest.approx(0.3)] * 3


def test_sleeping_lets_the_drawn_time_pass() -> None:
    async def program(world: World) -> None:
        await LogNormal(0.090, 0.1).sleep(world, "price")
        await Fixed(0.010).sleep(world, "queue")

    assert run(program, Replay()).virtual_s == pytest.approx(0.100)


def normal_cdf(latency: LogNormal, seconds: float) -> float:
    return NormalDist().cdf(math.log(seconds / latency.median_s) / latency.sigma)


def distance(sample: Sequence[float], latency: LogNormal) -> float:
    """Kolmogorov's: the largest gap between the sample's CDF and the distribution's."""
    ordered, n = sorted(sample), len(sample)
    theory = [normal_cdf(latency, seconds) for seconds in ordered]
    return max(max((i + 1) / n - expected, expected - i / n) for i, expected in enumerate(theory))


@pytest.mark.parametrize(
    ("median_s", "sigma"), [(0.090, 0.1), (0.080, 0.4), (1.0, 0.5), (0.020, 1.0)]
)
def test_20_000_draws_follow_the_lognormal(median_s: float, sigma: float) -> None:
    latency = LogNormal(median_s, sigma)
    found = distance(draws(latency, by_name("random", entropy=20), DRAWS), latency)
    print(f"LogNormal({median_s}, {sigma}): sup-distance {found:.4f}, allowed {DKW_99}")
    assert found < DKW_99


def test_a_wrong_sigma_would_be_seen() -> None:
    sample = draws(LogNormal(1.0, 0.5), by_name("random", entropy=20), DRAWS)
    assert distance(sample, LogNormal(1.0, 0.52)) > DKW_99


def latencies_by_call(scheduler: Scheduler) -> dict[str, float]:
    seen: dict[str, float] = {}

    async def request(world: World, name: str) -> None:
        for nth, call in enumerate(("get", "get", "set")):
            await trio.lowlevel.checkpoint()
            seen[f"{name} {nth} {call}"] = LogNormal(1.0, 0.5).draw(world, call)

    async def program(world: World) -> None:
        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(request, world, name, name=name)

    run(program, scheduler)
    return seen


def test_the_same_entropy_gives_the_same_latencies_under_any_schedule() -> None:
    found = [
        latencies_by_call(by_name(name, entropy=7)) for name in ("random", "sticky", "pct:depth=3")
    ]
    assert found[0] == found[1] == found[2]
    assert len(set(found[0].values())) > 1


def test_an_index_of_a_schedule_is_a_quantile() -> None:
    seen: list[float] = []

    async def program(world: World) -> None:
        seen.extend(Uniform(0.0, 1.0).draw(world, "call") for _ in range(3))

    schedule = Schedule((Deviation("latency", "main:call", nth=1, take=2),))
    done = run(program, Replay(schedule))
    assert seen == [0.5, 0.75, 0.5]
    assert done.schedule == schedule


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LogNormal(0.0, 1.0), "LogNormal: median_s must be above 0, not 0.0"),
        (lambda: LogNormal(math.nan, 1.0), "LogNormal: median_s must be above 0, not nan"),
        (lambda: LogNormal(1.0, -0.1), "LogNormal: sigma must be 0 or more, not -0.1"),
        (lambda: Fixed(-1.0), "Fixed: seconds must be 0 or more, not -1.0"),
        (lambda: Uniform(2.0, 1.0), r"Uniform: 0 <= low_s <= high_s must hold, not Uniform\("),
    ],
)
def test_a_latency_that_cannot_be_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]


def test_quantiles_are_a_sequence_that_ends() -> None:
    quantiles = Quantiles(Uniform(0.0, 1.0))
    assert len(quantiles) == 1023
    assert quantiles[0:3] == [0.5, 0.25, 0.75]
    assert quantiles[-1] == 1023 / 1024
    with pytest.raises(IndexError, match="there are 1023 quantiles"):
        quantiles[1023]
