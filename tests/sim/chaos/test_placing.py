"""Faults placed by event: between a call and its answer, at a checkpoint, while a lock is held."""

from __future__ import annotations

import pytest

from chaotic import under
from raceexplore import World
from raceexplore.search.chaos.campaign import by_time, campaign, windows
from raceexplore.sim.chaos import (
    BlastRadius,
    ChaosPlan,
    Comparator,
    Effect,
    FaultKind,
    Injection,
    Liveness,
    Mode,
    Moments,
    Ruling,
    Times,
    Watching,
    during,
    offer,
)
from raceexplore.sim.hosts import Gone, Host, ask
from raceexplore.sim.kubernetes import Deployment, Hosts, Pod
from raceexplore.sim.latency import Fixed
from raceexplore.sim.locks import Redlock
from raceexplore.sim.postgres import Postgres
from raceexplore.sim.redis import Redis

SCHEMA = "CREATE TABLE t (n int); INSERT INTO t VALUES (5);"
WINDOWS = (
    "lock: t acquire", "postgres: SELECT", "postgres: UPDATE", "postgres: COMMIT",
    "cache: SET", "lock: t release",
)  # fmt: skip


async def shop(world: World) -> None:
    """Three customers, one after the other, buy from a host that is killed at times."""
    db = Postgres(world, SCHEMA, latency=Fixed(0.001))
    cache = Redis(world, "cache", latency=Fixed(0.001)).client()
    locks = [Redis(world, f"lock-{n}", latency=Fixed(0.001)).client() for n in range(3)]
    host = Host(world, "shop")

    async def buy() -> None:
        async with Redlock(locks, "t", 1.0, tries=20, retry=Fixed(0.2)):
            async with db.connection() as conn:
                cursor = await conn.execute("SELECT n FROM t FOR UPDATE")
                (left,) = await cursor.fetchone()  # type: ignore[misc]
                await conn.execute("UPDATE t SET n = %s", (left - 1,))
            await cache.set("n", left - 1)

    def left() -> int:
        return int(db.query("SELECT n FROM t")[0][0])

    offer(world, "left", left)
    gone = 0
    for _ in range(3):
        await world.sleep(1.5)
        try:
            await ask(host, buy)
        except Gone:
            gone += 1
    await world.sleep(2)
    assert 2 <= left() <= 2 + gone


def kills(*names: str, **options: object) -> ChaosPlan:
    placing = Moments(names, **options)  # type: ignore[arg-type]
    return ChaosPlan(faults=(Injection("kill", FaultKind.POD_DELETE, placing=placing, app="shop"),))


@pytest.mark.parametrize(("nth", "left"), [(1, 3), (2, 2)], ids=["sent", "done"])
def test_a_kill_between_commit_and_its_answer_is_before_it_or_after_it(nth: int, left: int) -> None:
    """COMMIT is passed when it is sent (then it is lost) and when it is done (then it holds)."""
    probe = Watching("left", "left", Mode.EOT, Comparator("int", "==", str(left)))
    plan = kills("postgres: COMMIT", nth=nth)
    done = under(ChaosPlan(faults=plan.faults, probes=(probe,)), shop)
    assert done.ruling is Ruling.PASS, done.report
    (strike,) = done.report.faults[0].strikes
    assert "postgres: COMMIT" in strike.amidst
    assert "lock: t held" in strike.amidst


def test_a_kill_while_a_lock_is_held() -> None:
    done = under(kills("lock: t held", nth=1), shop)
    (strike,) = done.report.faults[0].strikes
    assert "lock: t held" in strike.amidst


@pytest.mark.parametrize("checkpoint", [1, 4, 9])
def test_a_kill_at_the_kth_checkpoint_of_a_task(checkpoint: int) -> None:
    steps: list[int] = []

    async def program(world: World) -> None:
        steps.clear()
        host = Host(world, "a")

        async def work() -> None:
            for number in range(20):
                steps.append(number)
                await world.checkpoint()

        host.start(work)
        await world.sleep(1)

    placing = Moments(checkpoint=checkpoint)
    plan = ChaosPlan(faults=(Injection("kill", FaultKind.POD_DELETE, placing=placing, app="a"),))
    assert under(plan, program).ruling is Ruling.PASS
    assert steps == list(range(checkpoint))


def test_a_span_of_the_programs_own_can_be_struck() -> None:
    async def program(world: World) -> None:
        host, told = Host(world, "a"), []

        async def work() -> None:
            with during(world, "cache write"):
                told.append("begun")
                await world.checkpoint()
                told.append("ended")

        host.start(work)
        await world.sleep(1)
        assert told == ["begun"]

    placing = Moments(("cache write",), nth=1)
    plan = ChaosPlan(faults=(Injection("kill", FaultKind.POD_DELETE, placing=placing),))
    assert under(plan, program).ruling is Ruling.PASS


def test_l5_kills_by_event_reach_every_window_and_as_many_by_time_only_some() -> None:
    plan = kills(*WINDOWS, among=3)
    done = campaign(shop, plan, runs=40)
    assert done.ruling is Ruling.PASS
    assert windows(plan) == WINDOWS
    assert all(done.reached(WINDOWS).values())
    beside = by_time(shop, done)
    reached = sum(bool(count) for count in beside.reached(WINDOWS).values())
    assert beside.strikes >= done.strikes
    assert reached < len(WINDOWS)


def replicas(world: World, count: int = 3) -> Hosts:
    hosts = Hosts(world, Deployment("web", replicas=count))

    async def app(pod: Pod) -> None:
        """Be there."""

    hosts.start(app)
    return hosts


def test_the_guard_keeps_pods_alive() -> None:
    async def program(world: World) -> None:
        replicas(world, 2)
        await world.sleep(10)

    kill = Injection("kill", FaultKind.PAUSE, placing=Times(1.0, 5.0), app="web", percent=100)
    plan = ChaosPlan(faults=(kill,), guard=BlastRadius(keep=1))
    (fault,) = under(plan, program).report.faults
    assert len(fault.strikes) == 1
    assert fault.withheld == ("only 0 pods of web would be left",)


def test_the_guard_limits_how_many_hosts_are_down_and_how_often_is_struck() -> None:
    async def program(world: World) -> None:
        replicas(world, 4)
        await world.sleep(10)

    pause = Injection("pause", FaultKind.PAUSE, placing=Times(1.0, 5.0), percent=100)
    (fault,) = under(
        ChaosPlan(faults=(pause,), guard=BlastRadius(most_down=0.5)), program
    ).report.faults
    assert len(fault.strikes) == 2
    assert fault.withheld[0] == "3 of 4 hosts would be down"
    kill = Injection("kill", FaultKind.POD_DELETE, placing=Times(0.0, 8.0, 1.0))
    (fault,) = under(ChaosPlan(faults=(kill,), guard=BlastRadius(strikes=3)), program).report.faults
    assert len(fault.strikes) == 3


def test_the_guard_refuses_to_kill_who_is_idle() -> None:
    kill = Injection("kill", FaultKind.POD_DELETE, placing=Times(0.5, 1.0), app="shop")
    done = under(ChaosPlan(faults=(kill,), guard=BlastRadius(busy=True)), shop)
    assert done.ruling is Ruling.INCONCLUSIVE
    assert done.report.faults[0].reason == "withheld: shop is idle: to kill it would prove nothing"


def test_a_livelock_that_healing_hides_is_found_by_the_liveness_phase() -> None:
    async def program(world: World) -> None:
        cache = Redis(world, "cache").client()
        one, other, done = Host(world, "one"), Host(world, "other"), []

        async def work(name: str, *, needs_both: bool) -> None:
            await world.sleep(1)
            await cache.set(name, 1)
            while needs_both and await cache.get("other") is None:
                await world.sleep(1)
            done.append(name)

        one.run(lambda: work("one", needs_both=True), name="work")
        other.run(lambda: work("other", needs_both=False), name="work")
        offer(world, "progress", lambda: "one" in done)
        await world.sleep(100)

    cut = Injection("cut", FaultKind.NETWORK_PARTITION, placing=Times(0.0, 30.0), app="other")
    assert under(ChaosPlan(faults=(cut,)), program).ruling is Ruling.PASS  # it heals after 30 s
    liveness = Liveness("progress", after_s=10.0, within_s=60.0, core=("one",))
    done = under(ChaosPlan(faults=(cut,), liveness=liveness), program)
    assert done.ruling is Ruling.FAIL
    (live,) = done.report.faults[0].probes
    assert live.why.startswith("no progress within 60 s")
    core = Liveness("progress", after_s=10.0, within_s=60.0, core=("one", "other"))
    assert under(ChaosPlan(faults=(cut,), liveness=core), program).ruling is Ruling.PASS


def test_a_lasting_fault_can_be_placed_by_event() -> None:
    placing = Moments(("postgres: UPDATE",), nth=1, last_s=0.5)
    slow = Injection("slow", FaultKind.NETWORK_LATENCY, Effect(delay_s=0.2), placing, app="shop")
    done = under(ChaosPlan(faults=(slow,)), shop)
    (fault,) = done.report.faults
    assert fault.touched == 3  # UPDATE, COMMIT, SET: then half a second is over
    assert done.ruling is Ruling.PASS
