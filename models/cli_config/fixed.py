"""A command takes a lock on a file that nobody replaces, before it reads the settings.

It writes to a temporary file that bears its number, and renames that. A kill gives the lock back,
and leaves the old settings or the new ones.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cli_config.settings import CONFIG, changed, use
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process


async def config_set(argv: list[str], env: dict[str, str], files: Files, process: Process) -> int:
    """Set a key."""
    async with await files.open(f"{CONFIG}.lock", "a") as lock:
        await lock.flock()
        text, draft = await changed(files, argv[0]), f"{CONFIG}.{process.pid}"
        await files.write_text(draft, text)
        await files.rename(draft, CONFIG)
    return 0


async def main(world: World) -> None:
    """Set two keys at once."""
    await use(world, config_set)
