"""Faults: each takes effect and is taken back, and one that never struck proves nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from chaotic import DONE, struck, under
from raceexplore import World
from raceexplore.sim.chaos import (
    ChaosPlan,
    Comparator,
    Effect,
    FaultKind,
    Injection,
    Mode,
    Moments,
    Ruling,
    Times,
    Watching,
    offer,
    resilience,
)
from raceexplore.sim.hosts import Host
from raceexplore.sim.http import Stub
from raceexplore.sim.kubernetes import Deployment, Hosts, Pod
from raceexplore.sim.network import Network
from raceexplore.sim.redis import Redis

SOON = Times(0.05, 2.0, 1.0)


def test_l1_the_same_entropy_strikes_the_same_pods_at_the_same_instants() -> None:
    async def program(world: World) -> None:
        Hosts(world, Deployment("web", replicas=5)).start(idle)
        await world.sleep(30)

    times = Times(0.5, 15.0, 5.0, random_from_s=1.0)
    plan = ChaosPlan(faults=(Injection("kill", FaultKind.POD_DELETE, placing=times, app="web"),))
    one, again = (under(plan, program, 3).report for _ in range(2))
    other = under(plan, program, 4).report
    assert one == again
    assert [each.victim for each in one.faults[0].strikes] != []
    assert one != other


async def idle(pod: Pod) -> None:
    """Be there."""


def test_l2_the_score_is_litmuschaos_formula() -> None:
    assert resilience([(10, 100), (5, 50), (5, 0)]) == 62.5


@pytest.mark.parametrize(("force", "cleaned"), [(True, []), (False, ["cleaned"])])
def test_l3_only_a_graceful_kill_runs_what_has_to_be_cleaned_up(
    force: bool, cleaned: list[str]
) -> None:
    told: list[str] = []

    async def app(pod: Pod) -> None:
        try:
            await pod.host.world.sleep(60)
        finally:
            told.append("cleaned")

    async def program(world: World) -> None:
        told.clear()
        Hosts(world, Deployment("web")).start(app)
        await world.sleep(5)
        assert told == cleaned

    kill = Injection(
        "kill",
        FaultKind.POD_DELETE,
        effect=Effect(force=force),
        placing=Times(1.0, 1.0, 1.0),
        app="web",
    )
    assert under(ChaosPlan(faults=(kill,)), program).ruling is Ruling.PASS


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Injection("f", FaultKind.POD_DELETE, app="nobody"), "nobody who is up is called 'nobody'"),
        (Injection("f", FaultKind.POD_DELETE, placing=Times(60.0)), "its moment never came"),
        (
            Injection("f", FaultKind.NETWORK_LATENCY, effect=Effect(to=("mars",)), placing=SOON),
            "no call was on its way",
        ),
        (
            Injection("f", FaultKind.NETWORK_DUPLICATION, placing=SOON),  # TCP sorts that out
            "no call was on its way",
        ),
        (Injection("f", FaultKind.HTTP_RESET, placing=SOON), "no HTTP service is called ''"),
        (
            Injection("f", FaultKind.POD_DELETE, placing=Moments(("DEL",))),
            "its moment never came",
        ),
    ],
)
def test_l4_a_fault_that_never_took_effect_is_inconclusive(fault: Injection, why: str) -> None:
    done = struck(fault)
    assert done.ruling is Ruling.INCONCLUSIVE
    assert done.report.score == 0
    assert done.report.faults[0].reason == why


@pytest.mark.parametrize(
    ("kind", "effect", "calls"),
    [
        (FaultKind.POD_DELETE, Effect(), 0),
        (FaultKind.CONTAINER_KILL, Effect(), 0),
        (FaultKind.DISK_LOSS, Effect(), 0),
        (FaultKind.CLOCK_JUMP, Effect(), 0),
        (FaultKind.NETWORK_LATENCY, Effect(delay_s=0.5, jitter_s=0.1), 3),
        (FaultKind.NETWORK_LOSS, Effect(share=0.5), 3),
        (FaultKind.NETWORK_LOSS, Effect(share=1.0), 1),
        (FaultKind.NETWORK_CORRUPTION, Effect(share=0.3), 6),
        (FaultKind.NETWORK_PARTITION, Effect(), 1),
        (FaultKind.NETWORK_RATE_LIMIT, Effect(rate=10.0), 4),
        (FaultKind.CPU_HOG, Effect(cores=2), 8),
        (FaultKind.MEMORY_HOG, Effect(size=10**8), 1),
        (FaultKind.IO_LATENCY, Effect(delay_s=0.3), 5),
        (FaultKind.PAUSE, Effect(), 1),
    ],
)
def test_each_kind_of_fault_takes_effect_and_is_taken_back(
    kind: FaultKind, effect: Effect, calls: int
) -> None:
    done = struck(Injection("f", kind, effect, placing=SOON))
    (fault,) = done.report.faults
    assert fault.took_effect, fault.reason
    assert fault.strikes[0].victim == "worker"
    assert done.ruling is Ruling.PASS, fault  # the worker is done once it is over
    assert fault.touched >= calls


def test_a_memory_hog_above_the_limit_kills() -> None:
    hog = Injection("hog", FaultKind.MEMORY_HOG, Effect(size=2 * 10**9), placing=Times(0.05, 1.0))
    done = struck(hog)
    assert done.ruling is Ruling.FAIL  # a bare host is not started again by anybody
    assert done.report.faults[0].probes[0].why == "it is 0, not int == 1"


def test_a_dns_error_is_the_clients_own_exception() -> None:
    done = struck(Injection("dns", FaultKind.DNS_ERROR, Effect(to=("cache",)), placing=SOON))
    assert done.ruling is Ruling.FAIL
    assert "ConnectionError: Error -3 connecting to cache:6379" in done.report.failure


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        (FaultKind.HTTP_STATUS, ["503", "503", "200"]),
        (FaultKind.HTTP_BODY, ["oops", "oops", "200"]),
        (FaultKind.HTTP_RESET, ["ReadError", "ReadError", "200"]),
        (FaultKind.HTTP_LATENCY, ["1.5 s", "200", "200"]),
    ],
)
def test_http_faults_change_what_a_service_answers(kind: FaultKind, seen: list[str]) -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "prices").on("GET", "/price").reply(200, b"42")
        transport, told = stub.transport(), []
        async with httpx.AsyncClient(transport=transport, base_url="http://prices") as http:
            for _ in range(3):
                await world.sleep(0.4)
                began_s = world.now()
                try:
                    answer = await http.get("/price")
                    text = answer.text if answer.text == "oops" else str(answer.status_code)
                    told.append(text if world.now() == began_s else f"{world.now() - began_s} s")
                except httpx.TransportError as error:
                    told.append(type(error).__name__)
        assert told == seen

    effect = Effect(delay_s=1.5, status=503, body="oops")
    fault = Injection("http", kind, effect, placing=Times(0.0, 1.0), app="app=prices")
    done = under(ChaosPlan(faults=(fault,)), program)
    assert done.ruling is Ruling.PASS, done.report


def test_datagrams_are_lost_and_doubled_where_connections_are_not() -> None:
    async def program(world: World) -> None:
        network = Network(world)
        one, other = Host(world, "one"), Host(world, "other")
        await world.sleep(0.1)
        network.send(one, other, "twice")
        await world.sleep(0.1)
        assert [(await network.receive(other))[1] for _ in range(2)] == ["twice"] * 2

    twice = Injection("twice", FaultKind.NETWORK_DUPLICATION, placing=Times(0.0, 1.0))
    assert under(ChaosPlan(faults=(twice,)), program).ruling is Ruling.PASS


def sets_a_key(ended_s: float) -> Callable[[World], Awaitable[None]]:
    """Return a program whose host asks for a change at 1.5 s, and has its answer at ``ended_s``."""

    async def program(world: World) -> None:
        cache = Redis(world, "cache").client()
        host, ended = Host(world, "a"), []

        async def work() -> None:
            await world.sleep(1.5)
            await cache.set("x", 1)
            ended.append(world.now())

        host.run(work)
        await world.sleep(60)
        assert ended == [ended_s]

    return program


def test_a_partition_lasts_as_long_as_it_says() -> None:
    cut = Injection("cut", FaultKind.NETWORK_PARTITION, placing=Times(1.0, 30.0), app="a")
    assert under(ChaosPlan(faults=(cut,)), sets_a_key(31.0)).ruling is Ruling.PASS


def test_a_paused_host_stops_at_its_next_call_and_goes_on() -> None:
    pause = Injection("pause", FaultKind.PAUSE, placing=Times(1.0, 5.0), app="a")
    assert under(ChaosPlan(faults=(pause,)), sets_a_key(6.0)).ruling is Ruling.PASS


def test_serial_faults_have_one_victim_after_the_other() -> None:
    async def program(world: World) -> None:
        Hosts(world, Deployment("web", replicas=3)).start(idle)
        await world.sleep(30)

    kill = Injection(
        "kill",
        FaultKind.CONTAINER_KILL,
        placing=Times(1.0, 1.0, 2.0),
        app="web",
        percent=100,
        sequence="serial",
    )
    (fault,) = under(ChaosPlan(faults=(kill,)), program).report.faults
    assert [each.at_s for each in fault.strikes] == [1.0, 3.0, 5.0]
    assert {each.victim for each in fault.strikes} == {"web-0", "web-1", "web-2"}


def test_two_levels_make_runs_differ() -> None:
    fault = Injection(
        "kill", FaultKind.POD_DELETE, placing=Times(0.1, 5, 0.5), active=0.5, chance=0.3
    )
    counts = [
        len(faults[0].strikes) if (faults := struck(fault, number=n).report.faults) else None
        for n in range(24)
    ]
    assert 6 <= counts.count(None) <= 18  # not active: not in the report at all
    assert len(set(counts) - {None}) > 2


def test_at_the_quiet_schedule_no_drawn_fault_strikes() -> None:
    from raceexplore import Replay, run_once
    from raceexplore.kernel.program import as_program
    from raceexplore.search.chaos.runs import under_chaos

    async def program(world: World) -> None:
        Host(world, "a")
        await world.sleep(10)

    fault = Injection("kill", FaultKind.POD_DELETE, placing=SOON, active=0.5, chance=0.5)
    made: list[object] = []
    wrapped = under_chaos(as_program(program), ChaosPlan(faults=(fault,)), made)  # type: ignore[arg-type]
    assert run_once(wrapped, Replay()).outcome == "passed"
    assert made[0].report().faults == ()  # type: ignore[attr-defined]


def test_a_failing_probe_counts_whatever_has_struck() -> None:
    probe = Watching("never", "done", Mode.SOT, Comparator("int", "==", "5"))
    kill = Injection("kill", FaultKind.POD_DELETE, placing=SOON)
    from chaotic import worker

    done = under(ChaosPlan(faults=(kill,), probes=(DONE, probe)), worker)
    assert done.ruling is Ruling.FAIL
    assert done.report.aborted == "never did not hold before any fault"
    assert done.report.faults[0].strikes == ()


def test_a_program_that_never_offers_a_check_shows_nothing() -> None:
    async def program(world: World) -> None:
        Host(world, "a")
        offer(world, "other", lambda: True)
        await world.sleep(10)

    kill = Injection("kill", FaultKind.POD_DELETE, placing=SOON)
    done = under(ChaosPlan(faults=(kill,), probes=(DONE,)), program)
    assert done.ruling is Ruling.INCONCLUSIVE
    assert done.report.faults[0].reason == "the program offers no check 'done'"
