"""A process: a command that runs with arguments, files of its own, and ends with an exit code."""

from __future__ import annotations

import errno
import io
import posixpath
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from raceexplore.kernel.errors import RaceExploreError
from raceexplore.kernel.fence.strand import Strand
from raceexplore.kernel.program import signature_of
from raceexplore.sim.files import Did, Files, FileSystem
from raceexplore.sim.files.errors import failed
from raceexplore.sim.processes.ordinary import Exited, Ordinary

if TYPE_CHECKING:
    from raceexplore.kernel.runtime import Spawned
    from raceexplore.kernel.world import World

Command = Callable[..., Any]
KILL, TERMINATE, STOP, CONTINUE = 9, 15, 19, 18
ENDING = frozenset({1, 2, 3, 6, KILL, 10, 12, 13, 14, TERMINATE})  # what no handler is there for


class Call(NamedTuple):
    """A system call of a process. told: in words. paths: those that it names, from the root on."""

    pid: int
    did: Did
    told: str
    paths: tuple[str, ...]


class Machine(Protocol):
    """What a process runs on."""

    world: World
    files: FileSystem
    env: dict[str, str]
    calls: list[Call]

    def send(self, pid: int, number: int) -> None:
        """Send a signal to the process that has this number now."""
        ...

    def left(self, process: Process) -> None:
        """Note that a process has ended: its number is free."""
        ...


class ProcessFiles(Files):
    """A file system as a process sees it that may be stopped."""

    def __init__(self, system: FileSystem, process: Process, cwd: str) -> None:
        super().__init__(system, cwd=cwd)
        self._process = process

    async def step(self, told: str, did: Did = Did.OTHER, *paths: str) -> None:
        """Pass the schedule point before a call; a stopped process waits there."""
        full = tuple([posixpath.normpath(posixpath.join(self.cwd, path)) for path in paths])
        await self._process.step(told, did, full)


class Process:
    """One run of a command.

    pid: its number, which another may have once this one has ended. argv, env: what it was given.
    files: the file system, with what it has open.
    exit: its exit code; minus the signal that has ended it; None, while it runs.
    stdout, stderr: what it has written. error: the exception that it has ended with, if any.
    calls: how many system calls it has made.
    """

    def __init__(
        self, machine: Machine, pid: int, argv: Sequence[str], env: Mapping[str, str], serial: int
    ) -> None:
        self.machine, self.world, self.send = machine, machine.world, machine.send
        self.pid, self.argv, self.env = pid, tuple(argv), {**machine.env, **env}
        self.files: Files = ProcessFiles(machine.files, self, self.env.get("PWD", "/home/user"))
        self.exit: int | None = None
        self.output, self.complaints = io.StringIO(), io.StringIO()
        self.error: BaseException | None = None
        self.refused: Exception | None = None
        self.stopped = False
        self.calls = 0
        self._strikes: dict[int, Callable[[], object]] = {}
        self.serial = serial
        self.name = " ".join(self.argv).replace("/", ":")[:40] or "process"
        self.task: Spawned | None = None
        self._ended = self.world.lot(f"{self.name} ({pid}) to end")
        self._continued = self.world.lot(f"{self.name} ({pid}) to be continued")

    @property
    def stdout(self) -> str:
        """What it has written to standard output."""
        return self.output.getvalue()

    @property
    def stderr(self) -> str:
        """What it has written to standard error."""
        return self.complaints.getvalue()

    async def step(self, told: str, did: Did = Did.OTHER, paths: tuple[str, ...] = ()) -> None:
        """Pass the schedule point before a system call."""
        self.calls += 1
        strike = self._strikes.pop(self.calls, None)
        if strike is not None:
            strike()
        await self.world.checkpoint()
        self.world.used(f"pid {self.pid}", write=False)
        while self.stopped:
            await self._continued.park("SIGCONT")
            self.world.used(f"pid {self.pid}", write=False)
        self.machine.calls.append(Call(self.pid, did, told, paths))
        if self.world.is_observed:
            self.world.event(f"{self.pid}: {told}")

    def at_call(self, number: int, strike: Callable[[], object]) -> None:
        """Call ``strike`` when it is about to make that call; the first is 1."""
        self._strikes[number] = strike

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit code."""
        self.world.used(f"pid {self.pid}", write=False)
        while self.exit is None:
            await self._ended.park()
            self.world.used(f"pid {self.pid}", write=False)
        return self.exit

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass; a stopped process goes on only when it is continued."""
        await self.world.sleep(seconds)
        self.world.used(f"pid {self.pid}", write=False)
        while self.stopped:
            await self._continued.park("SIGCONT")
            self.world.used(f"pid {self.pid}", write=False)

    def signal(self, number: int) -> None:
        """Send a signal: what ends a process, SIGSTOP, or SIGCONT. Handlers are not modelled."""
        self.world.used(f"pid {self.pid}", write=True)
        if self.exit is not None:
            return
        if self.world.is_observed:
            self.world.event(f"signal {number} to {self.pid}")
        if number == STOP:
            self.stopped = True
        elif number == CONTINUE:
            self.stopped = False
            self._continued.wake(len(self._continued))
        elif number in ENDING:
            self.end(-number)
        elif number:
            raise failed(errno.EINVAL)

    def kill(self) -> None:
        """End it as ``kill -9`` does: none of its code runs any more, and its files are closed."""
        self.signal(KILL)

    def end(self, code: int) -> None:
        """Note that it has ended, with this exit code; its files are closed."""
        if self.exit is not None:
            return
        self.exit = code
        self.world.used(f"pid {self.pid}", write=True)
        self.files.close_all()
        self.machine.left(self)
        self._ended.wake(len(self._ended))
        if code < 0 and self.task is not None:
            self.task.kill()

    async def run(self, command: Command) -> None:
        """Run a command in this process, as the task of it."""
        given = (list(self.argv), self.env, self.files, self)
        try:
            taken = len(signature_of(command).parameters)
            strand = Strand(Ordinary(self))
            code = self._code(await strand.run(command, *given[:taken]))
        except SystemExit as ending:
            code = self._code(ending.code, ends=True)
        except Exited as ending:
            code = ending.code
        except RaceExploreError:
            raise
        except Exception as error:  # noqa: BLE001 a process ends with it, and others go on
            self.error = error
            self.complaints.write("".join(traceback.format_exception_only(error)))
            code = 1
        if self.refused is not None:
            raise self.refused
        self.end(code)

    def _code(self, done: object, *, ends: bool = False) -> int:
        """Return the exit code, and keep what the command returned as its output."""
        if isinstance(done, tuple) and len(done) == 2:
            self.output.write(str(done[1]))
            done = done[0]
        if isinstance(done, int):
            return int(done) & 0xFF
        if done is not None and ends:
            self.complaints.write(f"{done}\n")
            return 1
        return 0
