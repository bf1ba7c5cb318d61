"""Row locks, waits and what ends them: modes, re-evaluation, time-outs, deadlocks, unique keys."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import trio

from raceexplore import World, explore
from raceexplore.sim.postgres import Postgres, errors
from sessions import Done, Sent, answers, scripted, simulate

SCHEMA = """
CREATE TABLE t (id int PRIMARY KEY, v int, k text UNIQUE);
CREATE TABLE u (id int PRIMARY KEY, t_id int REFERENCES t);
INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, NULL);
"""
KEY_SHARE, SHARE, NO_KEY_UPDATE, UPDATE = (
    "FOR KEY SHARE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE",
)  # fmt: skip
MODES = (KEY_SHARE, SHARE, NO_KEY_UPDATE, UPDATE)
CONFLICTS = {
    (KEY_SHARE, UPDATE), (SHARE, NO_KEY_UPDATE), (SHARE, UPDATE), (NO_KEY_UPDATE, SHARE),
    (NO_KEY_UPDATE, NO_KEY_UPDATE), (NO_KEY_UPDATE, UPDATE), (UPDATE, KEY_SHARE),
    (UPDATE, SHARE), (UPDATE, NO_KEY_UPDATE), (UPDATE, UPDATE),
}  # fmt: skip


def log(*steps: tuple[int, str]) -> tuple[Any, ...]:
    return simulate(SCHEMA, *scripted(steps)).log


@pytest.mark.parametrize(("held", "wanted"), list(product(MODES, MODES)))
def test_g5_a_lock_is_waited_for_if_and_only_if_the_modes_conflict(held: str, wanted: str) -> None:
    lock = "SELECT v FROM t WHERE id = 1 {}".format
    found = log((0, "BEGIN"), (1, "BEGIN"), (0, lock(held)), (1, lock(wanted)), (0, "COMMIT"))
    assert (Sent(1, 1) in found) == ((held, wanted) in CONFLICTS)
    assert answers(found, 1) == [-1, [(10,)]]


@pytest.mark.parametrize(
    ("change", "mode", "waits"),
    [
        ("UPDATE t SET v = 0 WHERE id = 1", KEY_SHARE, False),
        ("UPDATE t SET v = 0 WHERE id = 1", SHARE, True),
        ("UPDATE t SET k = 'z' WHERE id = 1", KEY_SHARE, True),
        ("UPDATE t SET k = 'a' WHERE id = 1", KEY_SHARE, False),
        ("DELETE FROM t WHERE id = 1", KEY_SHARE, True),
        ("INSERT INTO u VALUES (1, 1)", NO_KEY_UPDATE, False),
        ("INSERT INTO u VALUES (1, 1)", UPDATE, True),
    ],
)
def test_a_change_locks_as_strongly_as_it_must(change: str, mode: str, waits: bool) -> None:
    lock = f"SELECT v FROM t WHERE id = 1 {mode}"
    found = log((0, "BEGIN"), (0, change), (1, lock), (0, "ROLLBACK"))
    assert (Sent(1, 0) in found) == waits


def test_g4_a_row_moved_out_of_the_predicate_by_the_blocker_is_not_updated() -> None:
    found = log(
        (0, "BEGIN"),
        (0, "UPDATE t SET v = 99 WHERE id = 1"),
        (1, "UPDATE t SET v = v + 1 WHERE v = 10 RETURNING id"),
        (0, "COMMIT"),
        (1, "SELECT id, v FROM t ORDER BY id"),
    )
    assert answers(found, 1) == [[], [(1, 99), (2, 20), (3, 30)]]


def test_g4_a_row_that_still_matches_is_updated_from_its_newest_version() -> None:
    found = log(
        (0, "BEGIN"),
        (0, "UPDATE t SET v = 15 WHERE id = 1"),
        (1, "UPDATE t SET v = v + 1 WHERE v < 20 RETURNING id, v"),
        (0, "COMMIT"),
    )
    assert answers(found, 1) == [[(1, 16)]]


def test_g4_a_row_that_the_blocker_deletes_is_passed_over_and_does_not_stay_locked() -> None:
    found = log(
        (0, "BEGIN"),
        (0, "DELETE FROM t WHERE id = 1"),
        (1, "BEGIN"),
        (1, "SELECT id FROM t WHERE v < 25 ORDER BY id FOR UPDATE"),
        (2, "UPDATE t SET v = 1 WHERE id = 1"),
        (0, "COMMIT"),
        (1, "COMMIT"),
    )
    assert (answers(found, 1)[1], answers(found, 2)) == ([(2,)], [0])
    assert found.index(Done(2, 0, 0)) < found.index(Done(1, 2, -1))


def test_who_comes_when_a_lock_is_given_back_may_be_faster_than_who_waits_for_it() -> None:
    orders = set()

    async def program(world: World) -> None:
        db, order = Postgres(world, SCHEMA), []

        async def lock(conn: Any, name: str) -> None:
            await conn.execute("SELECT v FROM t WHERE id = 1 FOR UPDATE")
            order.append(name)
            await world.sleep(1)
            await conn.commit()

        async def twice() -> None:
            async with db.connection() as conn:
                await lock(conn, "holder")
                await lock(conn, "again")

        async def once() -> None:
            await world.sleep(0.5)
            async with db.connection() as conn:
                await lock(conn, "waiter")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(twice)
            nursery.start_soon(once)
        orders.add(tuple(order))

    explore(program, scheduler="random", budget=50, stop="never")
    assert orders == {("holder", "waiter", "again"), ("holder", "again", "waiter")}


@pytest.mark.parametrize("fate", ["kill", "cancel"])
def test_a_client_that_ends_when_it_has_been_woken_leaves_the_queue(fate: str) -> None:
    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)

        async def work() -> None:
            async with db.connection() as conn:
                await conn.execute("UPDATE t SET v = 0 WHERE id = 1")

        async with db.connection() as holder:
            await holder.execute("SELECT v FROM t WHERE id = 1 FOR UPDATE")
            process = world.spawn(work)
            await world.sleep(1)
            await holder.commit()
            getattr(process, fate)()
        async with db.connection() as other:
            await other.execute("UPDATE t SET v = 5 WHERE id = 1")
        assert db.query("SELECT v FROM t WHERE id = 1") == [(5,)]

    campaign = explore(program, scheduler="dfs:preemptions=2", budget=300, stop="never")
    assert campaign.failures == ()


def test_nowait_and_skip_locked_do_not_wait() -> None:
    found = log(
        (0, "BEGIN"),
        (0, "SELECT v FROM t WHERE id = 1 FOR UPDATE"),
        (1, "SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"),
        (1, "SELECT id FROM t ORDER BY id FOR UPDATE NOWAIT"),
        (0, "COMMIT"),
    )
    assert answers(found, 1) == [[(2,)], "55P03"]


def test_a_unique_key_waits_for_who_has_inserted_it_and_then_depends_on_the_end() -> None:
    insert = "INSERT INTO t VALUES (4, 0, 'c')"
    for end, answer in (("COMMIT", "23505"), ("ROLLBACK", 1)):
        found = log((0, "BEGIN"), (0, insert), (1, insert), (0, end))
        assert Sent(1, 0) in found
        assert answers(found, 1) == [answer]


def test_a_savepoint_that_is_rolled_back_gives_its_locks_back() -> None:
    found = log(
        (0, "BEGIN"),
        (0, "SELECT v FROM t WHERE id = 1 FOR SHARE"),
        (0, "SAVEPOINT s"),
        (0, "UPDATE t SET v = 0 WHERE id = 1"),
        (1, "SELECT v FROM t WHERE id = 1 FOR SHARE"),
        (2, "UPDATE t SET v = 1 WHERE id = 1"),
        (0, "ROLLBACK TO s"),
        (0, "COMMIT"),
    )
    assert answers(found, 1) == [[(10,)]]
    assert found.index(Done(1, 0, [(10,)])) < found.index(Done(0, 5, -1))
    assert found.index(Done(2, 0, 1)) > found.index(Done(0, 5, -1)) - 1


def test_which_session_a_deadlock_ends_is_the_explorers_choice() -> None:
    victims = set()

    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)

        async def move(name: str, first: int, second: int) -> None:
            async with db.connection() as conn:
                await conn.execute("UPDATE t SET v = v - 1 WHERE id = %s", (first,))
                await world.sleep(1)
                try:
                    await conn.execute("UPDATE t SET v = v + 1 WHERE id = %s", (second,))
                except errors.DeadlockDetected:
                    victims.add(name)
                    await conn.rollback()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(move, "one", 1, 2)
            nursery.start_soon(move, "two", 2, 1)

    explore(program, scheduler="random", budget=50, stop="never")
    assert victims == {"one", "two"}


@pytest.mark.parametrize(
    ("setting", "state", "after_s"),
    [("lock_timeout", "55P03", 0.5), ("statement_timeout", "57014", 0.5)],
)
def test_a_wait_ends_when_its_time_is_up(setting: str, state: str, after_s: float) -> None:
    ends = []

    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)
        async with db.connection() as holder, db.connection(autocommit=True) as other:
            await holder.execute("SELECT 1 FROM t WHERE id = 1 FOR UPDATE")
            await other.execute(f"SET {setting} = '500ms'")
            try:
                await other.execute("UPDATE t SET v = 0 WHERE id = 1")
            except errors.Error as error:
                ends.append((error.sqlstate, world.now()))

    explore(program, scheduler="random", budget=1)
    assert ends[0] == (state, after_s)


def test_an_idle_transaction_is_ended_by_the_server_and_its_locks_are_free() -> None:
    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA, idle_in_transaction_session_timeout=5)
        holder = await db.connection()
        await holder.execute("SELECT 1 FROM t WHERE id = 1 FOR UPDATE")
        async with db.connection() as other:
            await other.execute("UPDATE t SET v = 0 WHERE id = 1")
        assert world.now() == 5
        assert holder.closed
        with pytest.raises(Exception, match="idle-in-transaction"):
            await holder.execute("SELECT 1")

    campaign = explore(program, scheduler="random", budget=5)
    assert campaign.failures == ()


def test_a_cancelled_wait_leaves_the_queue_and_rolls_its_transaction_back() -> None:
    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)
        async with db.connection() as holder:
            await holder.execute("UPDATE t SET v = 1 WHERE id = 1")
            with trio.move_on_after(1) as scope:
                async with db.connection() as other:
                    await other.execute("UPDATE t SET v = 2 WHERE id = 2")
                    await other.execute("UPDATE t SET v = 2 WHERE id = 1")
            assert scope.cancelled_caught
        assert db.query("SELECT v FROM t ORDER BY id") == [(1,), (20,), (30,)]

    assert explore(program, scheduler="random", budget=20, stop="never").failures == ()


def test_a_crashed_client_leaves_no_lock_and_no_change_behind() -> None:
    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)

        async def work() -> None:
            async with db.connection() as conn:
                await conn.execute("UPDATE t SET v = 1 WHERE id = 1")
                await world.sleep(100)

        process = world.spawn(work)
        await world.sleep(1)
        process.kill()
        async with db.connection() as conn:
            await conn.execute("UPDATE t SET v = v + 1 WHERE id = 1")
        assert world.now() == 1
        assert db.query("SELECT v FROM t WHERE id = 1") == [(11,)]

    assert explore(program, scheduler="random", budget=20, stop="never").failures == ()
