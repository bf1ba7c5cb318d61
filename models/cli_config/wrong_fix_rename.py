"""The new settings go to a temporary file, which is renamed into place: whole, or not at all.

That helps against a kill. Two commands still lose a key, and they share the temporary name, so that
one renames what the other has just emptied.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cli_config.settings import CONFIG, changed, use
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process


async def config_set(argv: list[str], env: dict[str, str], files: Files, process: Process) -> int:
    """Set a key."""
    text = await changed(files, argv[0])
    await files.write_text(f"{CONFIG}.tmp", text)
    await files.rename(f"{CONFIG}.tmp", CONFIG)
    return 0


async def main(world: World) -> None:
    """Set two keys at once."""
    await use(world, config_set)
