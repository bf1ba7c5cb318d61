"""The queue: jobs, what was done, workers, and a crash that the explorer places.

A worker takes a job, does it (a mail is sent: a row in ``effect``), and reports it. One of the
workers may crash at any await, and another one may be slow: it takes longer than anybody expects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from raceexplore import World
from raceexplore.sim.postgres import AsyncConnection, Postgres

SCHEMA = """
CREATE TABLE job (
    id int PRIMARY KEY, state text NOT NULL DEFAULT 'new', attempt int NOT NULL DEFAULT 0,
    lease_until timestamptz
);
CREATE TABLE effect (job_id int NOT NULL);
INSERT INTO job (id) VALUES (1);
"""
WORK_S = 10.0
SLOW_S = 100.0
BAD_DAY_S = 150.0  # it is over by then: a job that is slow for ever is never done
LEASE_S = 30.0
PATIENCE_S = 500.0
Work = Callable[[World, AsyncConnection], Awaitable[bool]]


async def send_mail(world: World) -> None:
    """Do what the job asks for: it takes ten seconds, or a hundred on a bad day."""
    times_s = (WORK_S, SLOW_S) if world.now() < BAD_DAY_S else (WORK_S,)
    await world.sleep(world.pick("mail", times_s, kind="latency"))


async def run_queue(world: World, work: Work) -> None:
    """Let two workers go on until each job is done, and see whether each was done once.

    work: takes one job and does it; false if there is none.
    """
    db = Postgres(world, SCHEMA)

    async def worker() -> None:
        while world.now() < PATIENCE_S:
            async with db.connection(autocommit=True) as conn:
                if not await work(world, conn):
                    await world.sleep(LEASE_S + 1)

    workers = [world.spawn(worker, name="first"), world.spawn(worker, name="second")]
    if world.pick("the first worker crashes", (False, True), kind="fault"):
        for _ in range(world.pick("after awaits", range(12), kind="fault")):
            await world.checkpoint()
        await world.sleep(world.pick("after a time", (0.0, WORK_S / 2), kind="fault"))
        workers[0].kill()
        world.event("the first worker crashes")
    await world.sleep(PATIENCE_S)
    for handle in workers:
        handle.cancel()
    done = [job for (job,) in db.query("SELECT job_id FROM effect")]
    world.sometimes("the job was tried twice", db.query("SELECT max(attempt) FROM job")[0][0] > 1)
    assert done == [1], f"job 1 was done {len(done)} times"
