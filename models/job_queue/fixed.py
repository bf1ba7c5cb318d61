"""The job is leased, and only the holder of the newest lease may report it.

The effect is a row in the same transaction as the report, so that both are there or none is. A
worker whose lease has been given to another one finds no row to update, and takes its effect back.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.job_queue.jobs import LEASE_S, run_queue, send_mail
from raceexplore.sim.postgres import AsyncConnection

TAKE = """
UPDATE job SET state = 'running', attempt = attempt + 1,
    lease_until = now() + %(lease_s)s * interval '1 second'
WHERE id = (
    SELECT id FROM job WHERE state = 'new' OR (state = 'running' AND lease_until < now())
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, attempt
"""
REPORT = "UPDATE job SET state = 'done' WHERE id = %s AND attempt = %s AND state = 'running'"


async def work(world: World, conn: AsyncConnection) -> bool:
    """Take one job and do it; false if there is none."""
    cursor = await conn.execute(TAKE, {"lease_s": LEASE_S})
    job = await cursor.fetchone()
    if job is None:
        return False
    await send_mail(world)
    async with conn.transaction():
        report = await conn.execute(REPORT, job)
        if report.rowcount == 1:
            await conn.execute("INSERT INTO effect VALUES (%s)", job[:1])
    return True


async def main(world: World) -> None:
    """Run the queue with two workers."""
    await run_queue(world, work)
