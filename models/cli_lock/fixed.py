"""The lock belongs to the open file, and is gone with the process, so nothing is ever stale.

The file stays where it is. Who meets the lock says so at once, and when to come again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cli_lock.tool import HELD, LOCK, use, work
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process


async def command(
    argv: list[str], env: dict[str, str], files: Files, process: Process
) -> tuple[int, str]:
    """Build, or test."""
    async with await files.open(LOCK, "a") as lock:
        try:
            await lock.flock(wait=False)
        except BlockingIOError:
            return 5, HELD
        await work(files, process)
    return 0, ""


async def main(world: World) -> None:
    """Build and test at once."""
    await use(world, command)
