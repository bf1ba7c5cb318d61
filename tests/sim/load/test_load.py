"""Load in virtual time: N1 to N5 of the acceptance checks, and queues whose means are known."""

from __future__ import annotations

import math
import random
from bisect import insort
from collections.abc import Sequence
from statistics import fmean, stdev

import pytest
import trio

from loads import drawn, loaded
from raceexplore import BadOption, World, run_once
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim import Exponential, Fixed
from raceexplore.sim.load import (
    Clients,
    Invocation,
    Latencies,
    Load,
    Phase,
    Scenario,
    circular,
    constant,
    fail,
    inject,
    inject_random,
    iterations_for_constant,
    iterations_for_inject,
    keep_constant,
    pause,
    ramping_constant,
    ramping_inject,
    random_items,
    zipf_items,
)
from raceexplore.sim.load.draws import SHARES
from simulated import passed


def test_n1_inject_begins_exactly_the_requests_asked_for_at_the_tick() -> None:
    assert loaded([inject(200, 0.5, 0.5)]).instants == (0.0,) * 200


def test_n1_even_requests_are_at_equal_distances() -> None:
    expected = [k * 0.0025 for k in range(200)]
    assert loaded([inject(200, 0.5, 0.5, "even")]).instants == pytest.approx(expected, abs=1e-12)


def test_n1_poisson_requests_are_as_many_and_the_same_for_the_same_entropy() -> None:
    phases = [inject(200, 0.5, 0.5, "poisson")]
    one, again, other = (loaded(phases, entropy=n).instants for n in (1, 1, 2))
    assert len(one) == len(other) == 200
    assert one == again
    assert one != other
    assert 0 < one[0] < one[-1] < 0.5


def test_n1_each_phase_begins_when_the_one_before_was_to_end() -> None:
    phases = [inject(2, 0.5, 1.0), pause(1.0), inject(1, 1.0, 2.0)]
    assert loaded(phases).instants == (0.0, 0.0, 0.5, 0.5, 2.0, 3.0)


def test_n1_a_ramp_to_100_in_ten_seconds_makes_450_requests_as_nbombers() -> None:
    assert len(loaded([ramping_inject(100, 1.0, 10.0)]).instants) == 450  # its issue 642


def test_n1_a_ramp_begins_at_the_rate_before() -> None:
    instants = loaded([inject(4, 1.0, 1.0), ramping_inject(0, 1.0, 4.0)]).instants
    assert [instants.count(float(second)) for second in range(5)] == [4, 4, 3, 2, 1]


def test_n1_a_random_rate_is_drawn_for_each_interval_and_below_its_maximum() -> None:
    instants = loaded([inject_random(2, 5, 1.0, 200.0)], entropy=3).instants
    assert {instants.count(float(second)) for second in range(200)} == {2, 3, 4}


@pytest.mark.parametrize("count", [1, 7, 20])
def test_n1_iterations_for_inject_begin_so_many_requests_and_no_more(count: int) -> None:
    instants = loaded([iterations_for_inject(7, 1.0, count)]).instants
    assert instants == tuple(float(k // 7) for k in range(count))


def test_n2_keep_constant_has_twenty_in_flight_no_more_and_no_fewer() -> None:
    seen: list[int] = []

    async def program(world: World) -> None:
        service = Exponential(0.05)
        flying = [0]

        async def visit(request: Invocation) -> None:
            flying[0] += 1
            await service.sleep(world, "service")
            if request.world.now() < 5.0:
                seen.append(flying[0])
            flying[0] -= 1

        await Load(world, [keep_constant(20, 5.0)]).run(visit)

    drawn(program)
    assert len(seen) > 1000
    assert set(seen) == {20}


def test_n2_a_ramp_of_copies_adds_and_takes_one_at_a_time() -> None:
    counts: list[int] = []

    async def program(world: World) -> None:
        load = Load(
            world, [ramping_constant(4, 4.0), keep_constant(4, 1.0), ramping_constant(1, 3.0)]
        )

        async def watch() -> None:
            for _ in range(8):
                await world.sleep(0.5)
                counts.append(load.in_flight)
                await world.sleep(0.5)

        async def visit(request: Invocation) -> None:
            await world.sleep(0.01)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch)
            await load.run(visit)

    drawn(program)
    assert counts == [0, 1, 2, 3, 4, 4, 3, 2]


def test_iterations_for_constant_do_so_many_requests_with_so_many_copies() -> None:
    copies: list[int] = []

    async def visit(request: Invocation) -> None:
        copies.append(request.copy)
        await request.world.sleep(0.1)

    report = loaded([iterations_for_constant(3, 10)], visit)
    assert report.of("visit").count == 10
    assert report.seconds == pytest.approx(0.4)
    assert sorted(copies) == [0] * 4 + [1] * 3 + [2] * 3


def test_n3_a_stall_is_felt_by_all_who_would_have_come_during_it() -> None:
    async def visit(request: Invocation) -> None:
        now_s = request.world.now()
        if 10 <= now_s < 25:  # the server stands still for 15 s
            await request.world.sleep(25 - now_s)
        await request.world.sleep(0.010)

    open_loop = loaded([inject(100, 1.0, 30.0, "even")], visit).of("visit").ok
    closed_loop = loaded([keep_constant(1, 30.0)], visit).of("visit").ok
    # half of all come during the stall and wait 7.5 s on average
    assert open_loop.mean == pytest.approx(0.010 + 15 * 7.505 / 30, rel=0.002)
    assert closed_loop.mean == pytest.approx(0.010 + 15 / 1_501, rel=0.01)  # as closed loops do
    assert open_loop.mean > 100 * closed_loop.mean


@pytest.mark.parametrize("count", [1, 2, 10, 99, 100, 101, 1000])
def test_n4_percentiles_are_the_exact_order_statistics(count: int) -> None:
    draw = random.Random(count)
    ordered: list[float] = []
    for _ in range(count):
        insort(ordered, draw.expovariate(1))
    mixed = list(ordered)
    draw.shuffle(mixed)
    latencies = Latencies.of(mixed)
    for percent in (1, 25, 50, 75, 95, 99, 99.9, 100):
        found = latencies.percentile(percent)
        assert 100 * sum(each <= found for each in ordered) >= percent * count
        assert 100 * sum(each < found for each in ordered) < percent * count


def test_n4_percentiles_of_known_values() -> None:
    latencies = Latencies.of(k / 100 for k in range(200, 0, -1))
    read = [latencies.percentile(p) for p in (0, 0.5, 50, 75, 95, 99, 100)]
    assert read == [0.01, 0.01, 1.0, 1.5, 1.9, 1.98, 2.0]
    assert latencies.buckets == (80, 39, 81)
    assert (latencies.mean, math.isnan(Latencies(()).percentile(50))) == (
        pytest.approx(1.005),
        True,
    )


def test_n5_an_hour_of_virtual_load_costs_its_events_only() -> None:
    async def program(world: World) -> None:
        async def visit(request: Invocation) -> None:
            await world.sleep(1.0)

        report = await Load(world, [inject(1, 60.0, 3600.0)]).run(visit)
        assert (report.of("visit").count, world.now()) == (60, 3600.0)

    assert passed(program).steps < 500


class Server:
    """One server that serves in the order of arrival."""

    def __init__(self, world: World, *, drawn: bool) -> None:
        self.world, self.drawn = world, drawn
        self.lock = trio.Lock()

    async def serve(self, request: Invocation) -> None:
        share = self.world.pick("service", SHARES, kind="latency")
        async with self.lock:
            await self.world.sleep(-math.log1p(-share) * 0.010 if self.drawn else 0.010)


@pytest.mark.parametrize(
    ("exponential", "sojourn_ms"),
    # half busy: 1 / (mu - lambda), and 1 / mu + rho / (2 mu (1 - rho)) (Pollaczek and Khinchine)
    [(True, 20.0), (False, 15.0)],
    ids=["M/M/1", "M/D/1"],
)
def test_queues_have_the_means_of_theory_within_three_standard_errors(
    exponential: bool, sojourn_ms: float
) -> None:
    batches: list[float] = []

    async def program(world: World) -> None:
        server = Server(world, drawn=exponential)
        report = await Load(world, [iterations_for_inject(50, 1.0, 5_250, "poisson")]).run(
            server.serve
        )
        took = [each.took_s * 1000 for each in sorted(report.samples, key=lambda each: each.due_s)]
        batches.extend(fmean(took[k : k + 250]) for k in range(250, 5_250, 250))

    drawn(program, entropy=5)
    error = stdev(batches) / math.sqrt(len(batches))
    assert abs(fmean(batches) - sojourn_ms) < 3 * error
    assert error < 0.08 * sojourn_ms  # the check has teeth


def test_a_poisson_process_of_fixed_length_is_as_dense_everywhere() -> None:
    instants = loaded([inject(400, 1.0, 10.0, "poisson")], entropy=1).instants
    tenths = [sum(k <= each < k + 1 for each in instants) for k in range(10)]
    assert sum(tenths) == 4000
    assert sum((each - 400) ** 2 / 400 for each in tenths) < 21.7  # chi square, 9 degrees, 1 %


def test_scenarios_are_drawn_by_weight_and_have_their_own_statistics() -> None:
    async def buy(request: Invocation) -> None:
        await request.world.sleep(0.002)

    async def look(request: Invocation) -> None:
        await request.world.sleep(0.001)

    users = (Scenario(buy, weight=1), Scenario(look, weight=3))
    report = loaded([inject(2000, 1.0, 1.0, "even")], *users, entropy=1)
    assert report.of("buy").count + report.of("look").count == 2000
    assert report.of("buy").count == pytest.approx(500, abs=60)
    assert report.of("look").ok.percentile(99) == pytest.approx(0.001)


def test_steps_are_measured_for_themselves_and_fail_for_themselves() -> None:
    async def shop(request: Invocation) -> None:
        with request.step("look"):
            await request.world.sleep(0.01)
        with request.step("pay") as pay:
            await request.world.sleep(0.03)
            if request.number == 2:
                pay.ending = fail(503, size=10)
            if request.number == 3:
                raise ConnectionError

    report = loaded([inject(4, 1.0, 1.0)], shop)
    assert [(m.label, len(m.ok.seconds), len(m.failed.seconds)) for m in report.measures] == [
        ("shop", 3, 1), ("shop / look", 4, 0), ("shop / pay", 2, 2),
    ]  # fmt: skip
    assert report.of("shop / pay").statuses == (("503", 1), ("ConnectionError", 1))
    assert report.of("shop").ok.percentile(50) == pytest.approx(0.04)


def test_an_assertion_of_a_scenario_is_the_failure_of_the_run() -> None:
    async def program(world: World) -> None:
        async def visit(request: Invocation) -> None:
            raise AssertionError("sold twice")

        await Load(world, [inject(1, 1.0, 1.0)]).run(visit)

    scheduler = Drawn(0)
    scheduler.begin()
    failure = run_once(program, scheduler).failure
    assert failure is not None
    assert failure.message == "sold twice"


def test_feeds_are_circular_constant_drawn_and_by_zipfs_law() -> None:
    def fed(feed: object, phases: Sequence[Phase]) -> list[str]:
        got: list[tuple[int, str]] = []

        async def visit(request: Invocation) -> None:
            got.append((request.copy, request.data))
            await request.world.sleep(0.1)

        loaded(phases, Scenario(visit, feed=feed), entropy=1)  # type: ignore[arg-type]
        return [item for _, item in sorted(got, key=lambda pair: pair[0])]

    assert fed(circular("abc"), [inject(5, 1.0, 1.0)]) == list("abcab")
    assert fed(constant("abc"), [iterations_for_constant(2, 6)]) == list("aaabbb")
    assert set(fed(random_items("abc"), [inject(60, 1.0, 1.0)])) == set("abc")
    popular = fed(zipf_items("abcd", 1.0), [inject(2500, 1.0, 1.0)])
    # 1 / (1 + 1/2 + 1/3 + 1/4) = 48 %, 24 %, 16 %, 12 %
    shares = [popular.count(each) / 2500 for each in "abcd"]
    assert shares == pytest.approx([0.48, 0.24, 0.16, 0.12], abs=0.03)


def test_a_request_waits_for_a_client_and_its_user_feels_it() -> None:
    async def program(world: World) -> None:
        async def visit(request: Invocation) -> None:
            assert request.client in {"a", "b"}
            await world.sleep(0.1)

        pool = Clients(world, ["a", "b"])
        report = await Load(world, [inject(4, 1.0, 1.0)]).run(Scenario(visit, clients=pool))
        assert report.of("visit").ok.seconds == pytest.approx((0.1, 0.1, 0.2, 0.2))

    passed(program)


def test_think_times_pass_between_the_requests_of_a_copy() -> None:
    async def visit(request: Invocation) -> None:
        await request.world.sleep(0.1)

    report = loaded([keep_constant(2, 2.0)], Scenario(visit, think=Fixed(0.4)))
    assert report.of("visit").count == 8
    assert report.of("visit").ok.percentile(100) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: inject(-1, 1.0, 1.0),
        lambda: inject(1, 2.0, 1.0),
        lambda: inject(1, 0.0, 1.0),
        lambda: inject(1, 1.0, 1.0, "lumpy"),
        lambda: inject_random(3, 3, 1.0, 1.0),
        lambda: keep_constant(-1, 1.0),
        lambda: keep_constant(1, math.inf),
        lambda: iterations_for_inject(0, 1.0, 5),
        lambda: pause(0.0),
        lambda: circular([]),
    ],
)
def test_numbers_that_are_none_are_refused(build: object) -> None:
    with pytest.raises(BadOption):
        build()  # type: ignore[operator]
