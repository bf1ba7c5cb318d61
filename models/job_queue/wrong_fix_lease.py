"""A job that has been running for longer than thirty seconds may be taken again.

Now the job of a crashed worker is not lost. But a slow worker looks the same as a dead one: the
second worker takes the job, both finish it, and the customer gets two mails.
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
RETURNING id
"""


async def work(world: World, conn: AsyncConnection) -> bool:
    """Take one job and do it; false if there is none."""
    cursor = await conn.execute(TAKE, {"lease_s": LEASE_S})
    job = await cursor.fetchone()
    if job is None:
        return False
    await send_mail(world)
    async with conn.transaction():
        await conn.execute("INSERT INTO effect VALUES (%s)", job)
        await conn.execute("UPDATE job SET state = 'done' WHERE id = %s", job)
    return True


async def main(world: World) -> None:
    """Run the queue with two workers."""
    await run_queue(world, work)
