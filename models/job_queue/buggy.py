"""A worker marks its job as running, commits, does it, and then marks it as done.

SKIP LOCKED keeps two workers from taking the same row. But a worker that crashes in between leaves
its job running for ever, and nobody takes it again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.job_queue.jobs import run_queue, send_mail
from raceexplore.sim.postgres import AsyncConnection

TAKE = """
UPDATE job SET state = 'running', attempt = attempt + 1
WHERE id = (SELECT id FROM job WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


async def work(world: World, conn: AsyncConnection) -> bool:
    """Take one job and do it; false if there is none."""
    cursor = await conn.execute(TAKE)
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
