"""A command looks a second time whether the process of the lock is gone, before it removes it.

That makes it less likely, and no more. Removing is a step of its own, and what it removes is
whatever bears the name then.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cli_lock.buggy import remove
from raceexplore.models.cli_lock.tool import HELD, LOCK, is_stale, use, work
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process


async def command(
    argv: list[str], env: dict[str, str], files: Files, process: Process
) -> tuple[int, str]:
    """Build, or test."""
    for _ in range(2):
        try:
            lock = await files.open(LOCK, "x")
        except FileExistsError:
            if not (await is_stale(files, process) and await is_stale(files, process)):
                return 5, HELD
            await remove(files)
            continue
        await lock.write(str(process.pid))
        await lock.close()
        await work(files, process)
        await remove(files)
        return 0, ""
    return 5, HELD


async def main(world: World) -> None:
    """Build and test at once."""
    await use(world, command)
