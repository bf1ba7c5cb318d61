"""A command locks the settings file, reads it, and renames a file of its own onto it.

The lock belongs to the file that was opened, which is no longer the one of that name. Who waits for
the old file, and who opens the new one, both have a lock.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cli_config.settings import CONFIG, changed, use
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process


async def config_set(argv: list[str], env: dict[str, str], files: Files, process: Process) -> int:
    """Set a key."""
    async with await files.open(CONFIG, "r+") as config:
        await config.flock()
        text, draft = await changed(files, argv[0]), f"{CONFIG}.{process.pid}"
        await files.write_text(draft, text)
        await files.rename(draft, CONFIG)
    return 0


async def main(world: World) -> None:
    """Set three keys at once: with two, the second waits for the first and finds its file."""
    await use(world, config_set, ("one", "two", "three"))
