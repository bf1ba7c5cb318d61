"""A settings file, commands that change it at once, one of which may be killed, and the check."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from raceexplore import World
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process, Processes

CONFIG = "/home/user/config.json"
ConfigSet = Callable[[list[str], dict[str, str], Files, Process], Coroutine[Any, Any, int]]


async def use(world: World, config_set: ConfigSet, keys: tuple[str, ...] = ("one", "two")) -> None:
    """Set each key by a command of its own; the first is killed at any step, or after its last."""
    machine = Processes(world)
    machine.files.put({CONFIG: json.dumps({"base": "1"})})
    commands = [machine.start(config_set, [key]) for key in keys]

    async def kill() -> None:
        commands[0].kill()

    world.spawn(kill)
    ended = [await command.wait() for command in commands]
    world.sometimes("all succeed", set(ended) == {0})
    text = machine.files.text(CONFIG)
    assert text.endswith("}"), f"the file holds {text!r}"
    config = json.loads(text)
    done = [key for key, code in zip(keys, ended, strict=True) if code == 0]
    missing = [key for key in ("base", *done) if key not in config]
    assert not missing, f"{', '.join(missing)} is gone from {text}"


async def changed(files: Files, key: str) -> str:
    """Return what the file holds now, with one more key."""
    config = json.loads(await files.read_text(CONFIG))
    config[key] = "1"
    return json.dumps(config)
