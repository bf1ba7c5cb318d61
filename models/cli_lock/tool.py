"""A lock that a dead process has left, commands that need it, and what must be true of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from raceexplore import World
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process, Processes

LOCK = "/tmp/tool.lock"  # noqa: S108 of the simulated machine
Tool = Callable[[list[str], dict[str, str], Files, Process], Coroutine[Any, Any, tuple[int, str]]]
HELD = json.dumps({
    "error": {"code": "LOCK_HELD", "message": "another command is running", "retry_after_ms": 500}
})  # fmt: skip


async def work(files: Files, process: Process) -> None:
    """Do what only one command may do at a time; leave a mark while it lasts."""
    async with await files.open("/tmp/output", "x") as output:  # noqa: S108
        await output.write(str(process.pid))
    await files.unlink("/tmp/output")  # noqa: S108


async def use(world: World, tool: Tool) -> None:
    """Run two commands at once where a third was killed before."""
    machine = Processes(world)
    machine.files.put({LOCK: "999"})
    commands = [machine.start(tool, [word]) for word in ("build", "test")]
    for command in commands:
        await command.wait()
    world.sometimes("both succeed", all(command.exit == 0 for command in commands))
    for command in commands:
        assert not isinstance(command.error, FileExistsError), "two commands worked at once"
        if command.exit != 0:
            error = json.loads(command.stdout)["error"]
            assert error["code"] == "LOCK_HELD"
            assert error["retry_after_ms"] >= 0
    last = await machine.run(tool, ["build"])
    assert last.exit == 0, "the lock is held by nobody, and for ever"


async def is_stale(files: Files, process: Process) -> bool:
    """Return whether the process is gone whose number stands in the lock file."""
    try:
        holder = await files.read_text(LOCK)
        process.send(int(holder or "0"), 0)
    except FileNotFoundError:
        return True
    except ProcessLookupError:
        return bool(holder)  # it may be made, and not be written yet
    return False
