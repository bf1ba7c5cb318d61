"""A host: its tasks begin, stop and crash together."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.hosts.clock import Clock
from raceexplore.sim.hosts.cpu import Quota, processors
from raceexplore.sim.hosts.disk import Disk
from raceexplore.sim.hosts.steps import Stepped
from raceexplore.sim.hosts.wire import Stage, announce, here, wire_of

if TYPE_CHECKING:
    from raceexplore.kernel.runtime import Spawned
    from raceexplore.kernel.world import World

Function = Callable[..., Coroutine[Any, Any, object]]
TASKS = 64  # above which a host lets go of those that have ended
GRACE_S = 30.0  # Kubernetes' terminationGracePeriodSeconds


class Host:
    """A machine, a container or a process: what crashes as one.

    name: in traces, accesses and reports.
    cpu: its limit, as Kubernetes writes it: ``250m`` or 0.5; None: no limit.
    memory: bytes that its tasks may say they use (`allocate`); above it is killed; None: no limit.
    skew_s, drift: of its wall clock.
    managed: somebody else starts it again, as Kubernetes does.
    up: it runs. paused: its tasks stop at their next call, answer or use of the processor: SIGSTOP,
        as far as anybody outside of it can tell.
    Raises `BadOption` for a limit that is none.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        cpu: str | float | None = None,
        memory: int | None = None,
        skew_s: float = 0.0,
        drift: float = 0.0,
    ) -> None:
        if memory is not None and memory <= 0:
            raise BadOption(f"{name}: a memory limit is above 0 bytes, not {memory}")
        self.world = world
        self.name = name
        share = world.knob("cpu", math.inf if cpu is None else processors(cpu))
        self.cpu = Quota(world, name, None if share == math.inf else processors(share))
        self.memory = memory
        self.clock = Clock(world, name, skew_s=skew_s, drift=drift)
        self.disk = Disk(world, name)
        self.up = True
        self.managed = False
        self.paused = False
        self.resumed = world.lot(f"{name} to go on")
        self.restarts = 0
        self._used = 0
        self._tasks: list[Spawned] = []
        self._boot: list[tuple[Function, tuple[Any, ...], str]] = []
        self._at_crash: list[Callable[[], object]] = []
        self._left = world.lot(f"{name} to stop")
        announce(world, self)

    def run(self, function: Function, *args: Any, name: str = "") -> Spawned:
        """Start a task on the host, now and after each restart, and return its handle."""
        self._boot.append((function, args, name))
        return self.start(function, *args, name=name)

    def start(self, function: Function, *args: Any, name: str = "") -> Spawned:
        """Start a task on the host. Raises `BadOption` if the host is down."""
        self.world.used(self.name, write=False)
        if not self.up:
            raise BadOption(f"{self.name} is down: nothing starts on it")
        named = f"{self.name}/{name or function.__name__}"
        spawned = self.world.spawn(self._inside, function, args, name=named)
        if len(self._tasks) >= TASKS:
            self._tasks = [task for task in self._tasks if not task.done]
        self._tasks.append(spawned)
        return spawned

    async def compute(self, seconds: float) -> None:
        """Use ``seconds`` of processor time; more time passes where the host is limited."""
        while self.paused:
            await self.resumed.park(f"{self.name}, which is paused")
        await self.cpu.use(seconds)

    def pause(self) -> None:
        """Stop, as SIGSTOP does, until `resume`."""
        self.world.used(self.name, write=True)
        self.world.event(f"{self.name}: is paused")
        self.paused = True

    def resume(self) -> None:
        """Go on after `pause`."""
        self.world.used(self.name, write=True)
        self.paused = False
        self.resumed.wake(len(self.resumed))

    def allocate(self, size: int) -> None:
        """Say that ``size`` more bytes are in use (fewer, if it is negative).

        Above the limit the host is killed, as the kernel's out-of-memory killer does.
        """
        self.world.used(self.name, ".memory", write=True)
        self._used = max(self._used + size, 0)
        if self.memory is not None and self._used > self.memory:
            self.world.event(f"{self.name}: out of memory", used=self._used)
            self.crash()

    def crash(self, *, disk: bool = True) -> None:
        """Vanish: no task of it runs another step, no ``finally`` of them either.

        disk: what was synced survives; False: it is lost, too.
        """
        self.world.used(self.name, write=False)
        if not self.up:
            return
        self._go_down("crashes")
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.kill()
        self.disk.lose(synced=not disk)
        wire_of(self.world).forget(self)
        for callback in tuple(self._at_crash):
            callback()

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Ask all tasks to end (SIGTERM); kill those that have not after ``grace_s`` seconds."""
        self.world.used(self.name, write=False)
        if not self.up:
            return
        self._go_down("stops")
        for task in self._tasks:
            task.cancel()
        async with self.world.timeout(grace_s):
            while any(not task.done for task in self._tasks):
                await self._left.park()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.kill()

    def at_crash(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the host crashes, in the event that does it."""
        self._at_crash.append(callback)

    def not_at_crash(self, callback: Callable[[], object]) -> None:
        """Do not call ``callback`` any more."""
        if callback in self._at_crash:
            self._at_crash.remove(callback)

    def restart(self) -> None:
        """Come up again and start what `run` has started before, with what is on the disk."""
        self.world.used(self.name, write=False)
        if self.up:
            return
        self.world.used(self.name, write=True)
        self.world.event(f"{self.name}: starts again")
        self.up, self.paused = True, False
        self.restarts += 1
        self._used = 0
        for function, args, name in self._boot:
            self.start(function, *args, name=name)

    def _go_down(self, how: str) -> None:
        self.world.used(self.name, write=True)
        self.world.event(f"{self.name}: {how}")
        self.up = False

    async def _inside(self, function: Function, args: tuple[Any, ...]) -> None:
        self.world.use_clock(self.clock.ahead_s)
        here.set(self)
        try:
            if wire_of(self.world).steps:
                await Stepped(function(*args), self._checkpoint)
            else:
                await function(*args)
        finally:
            # the handle says that it is done one event later: who waits looks again then
            self.world.spawn(self._tell, name=f"{self.name}/exit")

    def _checkpoint(self) -> None:
        wire_of(self.world).tell(self.world.task, Stage.CHECKPOINT)

    async def _tell(self) -> None:
        self._left.wake(len(self._left))
