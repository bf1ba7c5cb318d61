"""What one user does: a scenario, and one of its requests with the steps that it measures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from raceexplore.kernel.errors import BadOption, RaceExploreError
from raceexplore.sim.load.draws import zipf
from raceexplore.sim.load.feeds import Clients, Feed
from raceexplore.sim.load.measures import Sampled

if TYPE_CHECKING:
    from types import TracebackType

    from raceexplore.kernel.world import World
    from raceexplore.sim.latency.quantiles import Latency

STRICT = (AssertionError, RaceExploreError)  # the program's failure, and never a failed request


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request or a step ended: well or not, its status, and the bytes that came."""

    ok: bool
    status: str = ""
    size: int = 0


def ok(status: object = "", *, size: int = 0) -> Ending:
    """Return what a scenario returns for a request that went well. size: bytes."""
    return Ending(ok=True, status=str(status), size=size)


def fail(status: object = "", *, size: int = 0) -> Ending:
    """Return what a scenario returns for a request that did not."""
    return Ending(ok=False, status=str(status), size=size)


class Samples(Protocol):
    """What measurements are given to."""

    def add(self, sampled: Sampled) -> None:
        """Take one."""
        ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one user does, once.

    run: called with the `Invocation`. What it returns (`ok`, `fail`, or nothing) says how it ended.
    An exception is a failed request with its class's name as status; an AssertionError, as of an
    invariant, is the failure of the run.
    name: in reports; the function's, if empty.
    weight: how often it is drawn, beside the other scenarios of a load.
    feed: where each request has its data from. clients: the pool that each has a client of.
    think: what a copy of a user waits between two requests, in closed phases.
    """

    run: Callable[[Invocation], Awaitable[Ending | None]]
    name: str = ""
    weight: float = 1.0
    feed: Feed | None = None
    clients: Clients | None = None
    think: Latency | None = None

    def __post_init__(self) -> None:
        if not 0 < self.weight < float("inf"):
            raise BadOption(f"a weight is above 0, not {self.weight}")

    @property
    def label(self) -> str:
        """Its name in reports."""
        return self.name or getattr(self.run, "__name__", "scenario")

    async def invoke(self, invocation: Invocation, due_s: float) -> Ending:
        """Do it once, and measure it from ``due_s``, when it was to begin. Return how it ended."""
        world = invocation.world
        if self.feed is not None:
            label = f"{self.label} data"
            invocation.data = self.feed(world, label, invocation.number, invocation.copy)
        try:
            if self.clients is None:
                ending = await self.run(invocation)
            else:
                async with self.clients.one() as invocation.client:
                    ending = await self.run(invocation)
        except STRICT:
            raise
        except Exception as error:  # noqa: BLE001 whatever a client raises, its request has failed
            ending = fail(type(error).__name__)
        ending = ending or Ending(ok=True)
        invocation.measure("", due_s, ending)
        return ending


class Invocation:
    """One request of a scenario.

    world: of the run. number: of the request, from 1. copy: of the user, in closed phases; in open
    ones each request is a user's first. data: the feed's item. client: the pool's.
    """

    def __init__(
        self, world: World, samples: Samples, scenario: str, number: int, *, copy: int = 0
    ) -> None:
        self.world = world
        self.scenario = scenario
        self.number = number
        self.copy = copy
        self.data: Any = None
        self.client: Any = None
        self._samples = samples

    def step(self, name: str) -> Timed:
        """Return a block that is measured for itself: ``with request.step("pay") as step``.

        An exception that leaves it fails the step; ``step.ending = fail(503)`` does, too.
        """
        if not name:
            raise BadOption("a step needs a name")
        return Timed(self, name)

    def zipf(self, label: str, count: int, exponent: float = 1.0) -> int:
        """Return a rank below ``count``, drawn by Zipf's law: 0 is the most popular."""
        return zipf(self.world, label, count, exponent)

    def measure(self, step: str, due_s: float, ending: Ending) -> None:
        """Note what ends now and was to begin at ``due_s``."""
        took_s = max(self.world.now() - due_s, 0.0)
        self._samples.add(Sampled(self.scenario, step, due_s, took_s, *_fields(ending)))


class Timed:
    """A block of a scenario that is measured; ``ending``: how it ended, if not as it looks."""

    def __init__(self, invocation: Invocation, name: str) -> None:
        self._invocation = invocation
        self._name = name
        self._due_s = 0.0
        self.ending: Ending | None = None

    def __enter__(self) -> Self:
        self._due_s = self._invocation.world.now()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        ending = self.ending or Ending(ok=True)
        if error is not None:
            ending = fail(type(error).__name__)
        self._invocation.measure(self._name, self._due_s, ending)


def _fields(ending: Ending) -> tuple[bool, str, int]:
    return ending.ok, ending.status, ending.size
