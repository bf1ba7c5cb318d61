"""A command reads the settings, adds one, and writes them back into the same file.

Another one that has read before loses what this one writes. A kill after the file was emptied
leaves it empty.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cli_config.settings import CONFIG, changed, use
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process


async def config_set(argv: list[str], env: dict[str, str], files: Files, process: Process) -> int:
    """Set a key."""
    text = await changed(files, argv[0])
    await files.write_text(CONFIG, text)
    return 0


async def main(world: World) -> None:
    """Set two keys at once."""
    await use(world, config_set)
