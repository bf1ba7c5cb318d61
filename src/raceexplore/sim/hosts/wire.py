"""What lies between a host and the services that it calls, and what can go wrong there.

A simulated service tells of each call: that it is sent, that the server has done it, that the
answer is there. Chaos listens, to strike between two of these moments, and puts its troubles in
the way. Without chaos a call costs one look into the world's memory.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from raceexplore.sim.latency.composed import Weighted

if TYPE_CHECKING:
    from types import TracebackType

    from raceexplore.kernel.lot import Lot
    from raceexplore.kernel.world import World
    from raceexplore.sim.latency.quantiles import Latency

KEY = "wire"
RESENT_S = 0.2  # the least time after which Linux sends a lost TCP segment again; it doubles


class Home(Protocol):
    """A host, as far as the wire needs it: its tasks may be paused."""

    name: str
    paused: bool
    resumed: Lot


here: ContextVar[Home | None] = ContextVar("host", default=None)
"""The host that the running task is on."""


class Unreachable(Exception):
    """A call could not be made: its service's name is not resolved."""


class Stage(enum.Enum):
    """Where a call is: SENT (on its way), DONE (the answer is on its way), CHECKPOINT (no call)."""

    SENT = "sent"
    DONE = "done"
    CHECKPOINT = "checkpoint"


Listener = Callable[[str, Stage, "Home | None"], object]


@dataclass(eq=False)
class Trouble:
    """What is wrong with some calls for a while.

    fits: whether it is on the way from a host to a service. delay: on top. loss: the probability
    that a packet is lost; a connection sends it again, later and later. twice: the probability that
    a message comes twice; a connection sorts that out. rate: bytes a second; None:
    no limit. closed: nothing comes through until it is gone. unresolved: the name is unknown.
    status, body, reset, latency: of HTTP answers; None: as they are. met: told of each call that it
    has changed.
    """

    fits: Callable[[Home | None, str], bool]
    met: Callable[[], object]
    delay: Latency | None = None
    loss: float = 0.0
    twice: float = 0.0
    rate: float | None = None
    closed: bool = False
    unresolved: bool = False
    http: bool = False
    status: int | None = None
    body: str | None = None
    reset: bool = False
    over: bool = field(default=False, init=False)


class Wire:
    """The ways of one run.

    on: chaos is there, so that calls have to look. steps: it counts the checkpoints of hosts'
    tasks, too. troubles: at present. listeners: told of each moment of each call. spans: what tasks
    are in the middle of, with the hosts that they are on.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.on = self.steps = False
        self.troubles: list[Trouble] = []
        self.listeners: list[Listener] = []
        self.spans: dict[Span, Home | None] = {}
        self.healed = world.lot("a way to be open again")

    def begin(self, trouble: Trouble) -> None:
        """Put a trouble in the way."""
        self.world.used(KEY, write=True)
        self.troubles.append(trouble)

    def end(self, trouble: Trouble) -> None:
        """Take it away; who waits for that goes on."""
        self.world.used(KEY, write=True)
        trouble.over = True
        self.troubles = [each for each in self.troubles if each is not trouble]
        self.healed.wake(len(self.healed))

    def tell(self, what: str, stage: Stage) -> None:
        """Tell of a moment of a call, in the event that it is in."""
        for listener in tuple(self.listeners):
            listener(what, stage, here.get())

    def amidst(self, host: Home | None) -> tuple[str, ...]:
        """Return what the tasks of a host are in the middle of, in the order of its beginning."""
        return tuple(each.what for each, where in self.spans.items() if where is host)

    def forget(self, host: Home) -> None:
        """Take the spans of a host that has crashed out: none of them ends any more."""
        self.spans = {each: where for each, where in self.spans.items() if where is not host}

    async def cross(self, service: str, size: int) -> None:
        """Bring a call of ``size`` bytes to a service. Raises `Unreachable`."""
        await self.go_on()
        self.world.used(KEY, write=False)
        for trouble in tuple(self.troubles):
            if trouble.http or trouble.twice or not trouble.fits(here.get(), service):
                continue
            trouble.met()
            if trouble.unresolved:
                raise Unreachable(service)
            if trouble.delay is not None:
                await trouble.delay.sleep(self.world, f"chaos on the way to {service}")
            if trouble.rate:
                await self.world.sleep(size / trouble.rate)
            await self._through(trouble, service)

    async def go_on(self) -> None:
        """Wait while the host is paused."""
        host = here.get()
        while host is not None and host.paused:
            await host.resumed.park(f"{host.name}, which is paused")

    async def _through(self, trouble: Trouble, service: str) -> None:
        """Send again what is lost, until it comes through or the trouble is over."""
        wait_s = RESENT_S
        while not trouble.over and trouble.fits(here.get(), service):
            if trouble.closed:
                await self.healed.park(f"the way to {service}")
                continue
            if not trouble.loss or not self._lost(trouble, service):
                return
            await self.world.sleep(wait_s)
            wait_s *= 2

    def _lost(self, trouble: Trouble, service: str) -> bool:
        options = Weighted((1 - trouble.loss, trouble.loss))
        return bool(self.world.pick(f"chaos loses a packet to {service}", options, kind="fault"))

    def datagrams(self, host: Home, service: str) -> tuple[int, float]:
        """Return how often a message arrives, and its further seconds; nobody sends it again."""
        copies, delay_s = 1, 0.0
        self.world.used(KEY, write=False)
        for trouble in tuple(self.troubles):
            if trouble.http or not trouble.fits(host, service):
                continue
            trouble.met()
            if trouble.delay is not None:
                delay_s += trouble.delay.draw(self.world, f"chaos on the way to {service}")
            if trouble.closed or (trouble.loss and self._lost(trouble, service)):
                return 0, 0.0
            if trouble.twice:
                options = Weighted((1 - trouble.twice, trouble.twice))
                label = f"chaos doubles a message to {service}"
                copies += bool(self.world.pick(label, options, kind="fault"))
        return copies, delay_s

    def http(self, service: str) -> list[Trouble]:
        """Return the troubles that change a service's HTTP answers to this host."""
        self.world.used(KEY, write=False)
        found = [each for each in self.troubles if each.http and each.fits(here.get(), service)]
        for each in found:
            each.met()
        return found


class Span:
    """Something that a task is in the middle of: a call to a service, a lock that it holds."""

    __slots__ = ("_service", "_wire", "what")

    def __init__(self, wire: Wire, service: str, what: str) -> None:
        self._wire, self._service = wire, service
        self.what = f"{service}: {what}"
        wire.spans[self] = here.get()
        wire.tell(self.what, Stage.SENT)

    async def cross(self, size: int = 0) -> None:
        """Get to the service. Raises `Unreachable`."""
        await self._wire.cross(self._service, size)

    async def back(self) -> None:
        """Get back: at once, unless the host is paused."""
        await self._wire.go_on()

    def done(self) -> None:
        """Say that the server has done it, and the answer is on its way."""
        self._wire.tell(self.what, Stage.DONE)

    def end(self) -> None:
        """Say that the task has the answer, or will not have one."""
        self._wire.spans.pop(self, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


class _Nothing(Span):
    """A span that nobody listens to."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    async def cross(self, size: int = 0) -> None:
        pass

    async def back(self) -> None:
        pass

    def done(self) -> None:
        pass

    def end(self) -> None:
        pass


NOTHING = _Nothing()


def wire_of(world: World) -> Wire:
    """Return the run's wire."""
    return world.remember(KEY, lambda: Wire(world))


def span(world: World, service: str, what: Callable[[], str]) -> Span:
    """Begin something that chaos may strike in. what: returns it in words; asked only then."""
    wire = wire_of(world)
    return Span(wire, service, what()) if wire.on else NOTHING


def during(world: World, what: str) -> Span:
    """Return a block of the program's own that faults can be placed in.

    ``with during(world, "cache write"):`` is a span of the service ``program``.
    """
    return span(world, "program", lambda: what)


def announce(world: World, thing: Any) -> None:
    """Let a part of the outside world be found by chaos."""
    world.remember("announced", list).append(thing)


def announced(world: World) -> list[Any]:
    """Return what has been announced, in order."""
    found: list[Any] = world.remember("announced", list)
    return found
