"""The processes of one simulated machine: they start, end, and get each other's numbers."""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from raceexplore.sim.files import FileSystem
from raceexplore.sim.files.errors import failed
from raceexplore.sim.processes.process import Call, Command, Process

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

FIRST = 1000
ENVIRONMENT = {"HOME": "/home/user", "PWD": "/home/user", "TMPDIR": "/tmp", "LANG": "C.UTF-8"}  # noqa: S108


class Processes:
    """A machine that runs commands.

    files: its file system; a new one if none is given. env: what each process finds in its
        environment, beside what it is given.
    calls: the system calls of its processes so far.
    reuse_pids: a process may get the number of one that has ended; the explorer chooses. Linux does
        so once it has gone through all numbers.
    """

    def __init__(
        self,
        world: World,
        files: FileSystem | None = None,
        *,
        env: Mapping[str, str] = ENVIRONMENT,
        reuse_pids: bool = False,
    ) -> None:
        self.world = world
        self.files = FileSystem(world) if files is None else files
        self.env = dict(env)
        self.reuse_pids = reuse_pids
        self.count = 0
        self.calls: list[Call] = []
        self._running: dict[int, Process] = {}
        self._free: list[int] = []
        self.files.at_crash(self._power_cut)

    def start(
        self, command: Command, argv: Sequence[str] = (), *, env: Mapping[str, str] | None = None
    ) -> Process:
        """Start ``command`` in a process of its own, and return that.

        command: ``async def command(argv, env, files, process)`` that returns the exit code and
        what it prints; or with fewer of these parameters; or an ordinary function of them, or of
        none, that uses `open`, `os`, `pathlib`, `fcntl` and `print` as ever.
        """
        self.world.used("processes", " started", write=True)
        self.count += 1
        pid = self._pid(" ".join(argv))
        process = Process(self, pid, argv, env or {}, self.count)
        self._running[pid] = process
        process.task = self.world.spawn(process.run, command, name=process.name)
        return process

    async def run(
        self, command: Command, argv: Sequence[str] = (), *, env: Mapping[str, str] | None = None
    ) -> Process:
        """Start ``command``, wait until it has ended, and return its process."""
        process = self.start(command, argv, env=env)
        await process.wait()
        return process

    def find(self, pid: int) -> Process:
        """Return the process that has this number now. Raises `ProcessLookupError`."""
        self.world.used(f"pid {pid}", write=False)
        found = self._running.get(pid)
        if found is None:
            raise failed(errno.ESRCH)
        return found

    def send(self, pid: int, number: int) -> None:
        """Send a signal to the process that has this number now. Raises `ProcessLookupError`."""
        self.find(pid).signal(number)

    def left(self, process: Process) -> None:
        """Note that a process has ended: its number is free."""
        del self._running[process.pid]
        self._free.append(process.pid)

    def _pid(self, name: str) -> int:
        fresh = FIRST + self.count
        pid = fresh
        if self.reuse_pids and self._free:
            self.world.used("processes", " ended", write=True)
            pid = self.world.pick(f"pid of {name}", (fresh, self._free[0]))
            self._free = [number for number in self._free if number != pid]
        self.world.used(f"pid {pid}", write=True)
        return pid

    def _power_cut(self) -> None:
        for process in list(self._running.values()):
            process.kill()
