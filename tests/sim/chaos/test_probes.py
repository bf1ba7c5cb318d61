"""Probes: when each mode asks, how patiently, and what its failure does."""

from __future__ import annotations

import pytest

from chaotic import under
from raceexplore import BadOption, World
from raceexplore.sim.chaos import (
    ChaosPlan,
    Comparator,
    FaultKind,
    Injection,
    Mode,
    Ruling,
    Times,
    Watching,
    offer,
)
from raceexplore.sim.hosts import Host

KILL = Injection("kill", FaultKind.POD_DELETE, placing=Times(2.0, 3.0, 1.0))


def asked(mode: Mode, **options: object) -> list[float]:
    """Return when a probe asks while a host is killed at 2, 3 and 4 s, in a run of 10 s."""
    told: list[float] = []

    async def program(world: World) -> None:
        told.clear()
        Host(world, "a")

        def check() -> bool:
            told.append(world.now())
            return True

        offer(world, "check", check)
        await world.sleep(9.5)

    probe = Watching("probe", "check", mode, **options)  # type: ignore[arg-type]
    done = under(ChaosPlan(faults=(KILL,), probes=(probe,)), program)
    assert done.ruling is Ruling.PASS, done.report
    return told


def test_each_mode_asks_when_it_says() -> None:
    assert asked(Mode.SOT) == [0.0]
    assert asked(Mode.EOT) == [9.5]
    assert asked(Mode.EDGE) == [0.0, 9.5]
    assert asked(Mode.CONTINUOUS, every_s=2.0, delay_s=1.0) == [1.0, 3.0, 5.0, 7.0, 9.0]
    assert asked(Mode.ON_CHAOS, every_s=1.0, delay_s=0.5) == [2.5, 3.5, 4.5]
    assert len(asked(Mode.AT_EVERY_STEP)) > 8


def test_a_probe_tries_again_and_gives_up_in_the_end() -> None:
    def tries(wanted: int, retries: int) -> tuple[Ruling, list[float]]:
        told: list[float] = []

        async def program(world: World) -> None:
            Host(world, "a")

            async def check() -> bool:
                told.append(world.now())
                return len(told) >= wanted

            offer(world, "check", check)
            await world.sleep(9.5)

        probe = Watching("probe", "check", Mode.EOT, retries=retries, interval_s=0.5)
        return under(ChaosPlan(faults=(KILL,), probes=(probe,)), program).ruling, told

    assert tries(3, 2) == (Ruling.PASS, [9.5, 10.0, 10.5])
    assert tries(3, 1) == (Ruling.FAIL, [9.5, 10.0])


def test_a_probe_that_takes_too_long_fails() -> None:
    async def program(world: World) -> None:
        Host(world, "a")
        offer(world, "check", lambda: world.sleep(100))
        await world.sleep(9.5)

    probe = Watching("probe", "check", Mode.EOT, timeout_s=2.0)
    done = under(ChaosPlan(faults=(KILL,), probes=(probe,)), program)
    assert done.report.faults[0].probes[0].why == "no answer within 2 s"


def test_a_probe_that_stops_ends_the_faults_at_once() -> None:
    async def program(world: World) -> None:
        Host(world, "a")
        offer(world, "check", lambda: world.now() < 2.5)
        await world.sleep(9.5)

    probe = Watching("probe", "check", Mode.CONTINUOUS, every_s=0.5, stops=True)
    report = under(ChaosPlan(faults=(KILL,), probes=(probe,)), program).report
    assert [each.at_s for each in report.faults[0].strikes] == [2.0]
    assert report.aborted == "probe probe: it is False, not bool == true"


def test_a_check_that_raises_does_not_hold_and_the_run_goes_on() -> None:
    async def program(world: World) -> None:
        Host(world, "a")
        offer(world, "check", lambda: 1 // 0)
        await world.sleep(9.5)

    probe = Watching("probe", "check", Mode.EOT)
    done = under(ChaosPlan(faults=(KILL,), probes=(probe,)), program)
    assert done.run.outcome == "passed"
    assert done.report.faults[0].probes[0].why.startswith("ZeroDivisionError")


def test_the_steady_state_is_asked_before_and_after() -> None:
    async def program(world: World) -> None:
        Host(world, "a")
        offer(world, "check", lambda: world.now() < 5)
        await world.sleep(9.5)

    report = under(ChaosPlan(faults=(KILL,), steady=("check",)), program).report
    (probe,) = report.faults[0].probes
    assert (probe.name, probe.asked, probe.failed) == ("steady: check", 2, 1)


@pytest.mark.parametrize(
    ("comparator", "value", "holds"),
    [
        (Comparator(), True, True),
        (Comparator(), 0, False),
        (Comparator("int", "<=", "100"), 100, True),
        (Comparator("int", "<=", "100"), "101", False),
        (Comparator("float", ">", "0.5"), 0.75, True),
        (Comparator("string", "equal", "ok"), "ok", True),
        (Comparator("string", "contains", "o"), "ok", True),
        (Comparator("string", "notmatches", "^e"), "ok", True),
        (Comparator("int", "oneof", "[200, 201]"), 201, True),
        (Comparator("string", "oneof", "200,201"), "500", False),
    ],
)
def test_values_are_compared_as_litmuschaos_compares_them(
    comparator: Comparator, value: object, holds: bool
) -> None:
    assert comparator.holds(value) is holds


def test_a_value_that_cannot_be_compared_is_told() -> None:
    with pytest.raises(BadOption, match="'many' cannot be compared with int < 3"):
        Comparator("int", "<", "3").holds("many")


def test_a_plan_that_cannot_be_carried_out_is_no_failure_of_the_program() -> None:
    async def program(world: World) -> None:
        Host(world, "a")

        async def check() -> str:
            return "many"

        offer(world, "check", check)
        await world.sleep(9.5)

    for mode, complaint in [
        (Mode.EOT, "'many' cannot be compared with int < 3"),
        (Mode.CONTINUOUS, "'many' cannot be compared with int < 3"),
        (Mode.AT_EVERY_STEP, "a check that awaits cannot be asked AtEveryStep"),
    ]:
        probe = Watching("probe", "check", mode, Comparator("int", "<", "3"))
        with pytest.raises(BadOption, match=complaint):
            under(ChaosPlan(faults=(KILL,), probes=(probe,)), program)
