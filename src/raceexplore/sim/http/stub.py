"""Somebody else's HTTP service, simulated: what WireMock does, on a schedule that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from raceexplore.sim.hosts.wire import announce
from raceexplore.sim.http.conditions import ANY
from raceexplore.sim.http.mapping import STARTED, Mapping, near_misses
from raceexplore.sim.http.on import On, Patterns, conditions_of
from raceexplore.sim.http.patterns import Pattern
from raceexplore.sim.http.reply import Fault, Faults, Reply
from raceexplore.sim.http.request import Request
from raceexplore.sim.latency.quantiles import Latency
from raceexplore.sim.unmodelled import library

if TYPE_CHECKING:
    import httpx

    from raceexplore.kernel.world import World


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request is answered, all draws done.

    delay_s: seconds before the first byte. parts: pairs of seconds and the bytes that come then.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    delay_s: float
    parts: tuple[tuple[float, bytes], ...]
    fault: Fault | None = None


class Stub:
    """A service that answers as its mappings say.

    world: of this run.
    name: what labels of draws and reports call it.
    latency: of each reply that says none of its own; added to nothing else.
    journal: whether it remembers its requests, for `verify`; a stub that nobody asks needs none,
        and then requests that share no scenario are independent.
    """

    def __init__(
        self, world: World, name: str, *, latency: Latency | None = None, journal: bool = True
    ) -> None:
        self.world = world
        self.name = name
        self.latency = latency
        self.mappings: list[Mapping] = []
        self.states: dict[str, str] = {}
        self._keeps_journal = journal
        self._journal: list[tuple[Request, Mapping | None]] = []
        announce(world, self)

    @classmethod
    def from_wiremock(cls, world: World, path: str | Path, name: str = "") -> Self:
        """Return a stub with the mapping files of a WireMock folder.

        path: the folder that holds ``mappings`` and perhaps ``__files``, the folder of mappings
            itself, or one file. name: None: the folder's.
        Raises `Unmodelled` for what it cannot honour, `ValueError` for what WireMock would refuse
        too, both with the file and the field, and `OSError`.
        """
        from raceexplore.sim.http.wiremock import mappings_of

        stub = cls(world, name or Path(path).stem)
        stub.mappings += mappings_of(Path(path))
        return stub

    def on(
        self,
        method: str = ANY,
        path: str | Pattern | None = None,
        *,
        url: str | Pattern | None = None,
        query: Patterns | None = None,
        headers: Patterns | None = None,
        cookies: Patterns | None = None,
        body: str | Pattern | Sequence[Pattern] = (),
    ) -> On[Self]:
        """Begin a mapping: say which requests it is for, then call ``reply`` on what is returned.

        path: the URL without its query; ``/items/{id}`` has one part left open. url: path and query
        together. A text stands for itself. query, headers, cookies: a pattern for each name.
        """
        conditions = conditions_of(
            method, path, url=url, query=query, headers=headers, cookies=cookies, body=body
        )
        words = conditions.path.words if conditions.path else "any"
        return On(self, Mapping(conditions, Reply(), f"{method} {words}"))

    async def answer(self, request: Request) -> Answer:
        """Decide what ``request`` is answered, at once and as one event, as WireMock does.

        The scenario's state is read and moved in the same event. Its latency passes later: a client
        that gives up waiting has had its effect all the same.
        """
        await self.world.checkpoint()
        self._touch(write=True)
        request = replace(request, at_s=self.world.now())
        mapping = self._match(request)
        if self._keeps_journal:
            self._journal.append((request, mapping))
        if mapping is None:
            return self._unmatched(request)
        if mapping.then is not None and mapping.scenario is not None:
            self.states[mapping.scenario] = mapping.then
        for callback in mapping.callbacks:
            callback(request)
        self.world.event(f"{self.name}: {request}", status=mapping.reply.status)
        return self._drawn(mapping, request)

    @property
    def requests(self) -> tuple[Request, ...]:
        """The requests so far, in the order in which they arrived."""
        self.world.used(self.name, ".requests", write=False)
        return tuple(request for request, _ in self._journal)

    @property
    def unmatched(self) -> tuple[Request, ...]:
        """Those requests that no mapping was for."""
        self.world.used(self.name, ".requests", write=False)
        return tuple(request for request, mapping in self._journal if mapping is None)

    def verify(
        self,
        method: str = ANY,
        path: str | Pattern | None = None,
        *,
        exactly: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
    ) -> None:
        """Assert how many requests came: at least one, if nothing else is said.

        Raises `AssertionError`, which is the program's failure, with the requests that came.
        """
        wanted = conditions_of(method, path)
        count = sum(wanted.hold(request) for request in self.requests)
        if exactly is None and at_least is None and at_most is None:
            at_least = 1
        low = exactly if exactly is not None else at_least or 0
        high = exactly if exactly is not None else at_most
        if count < low or (high is not None and count > high):
            limit = f"exactly {exactly}" if exactly is not None else _between(at_least, at_most)
            named = f"{method} {path or 'any path'}"
            raise AssertionError(
                f"{self.name}: {named}: expected {limit}, got {count}; {self._told()}"
            )

    def verify_order(self, *wanted: tuple[str, str]) -> None:
        """Assert that requests with these methods and paths came in this order, others in between.

        Raises `AssertionError` naming the first one that is missing from its place.
        """
        rest = iter(self.requests)
        for method, path in wanted:
            conditions = conditions_of(method, path)
            if not any(conditions.hold(request) for request in rest):
                raise AssertionError(
                    f"{self.name}: {method} {path} did not come in this order; {self._told()}"
                )

    def reset(self) -> None:
        """Forget the requests, and put each scenario into its first state."""
        self._touch(write=True)
        self.states.clear()
        self._journal.clear()

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return what ``httpx.AsyncClient(transport=...)`` takes, to speak to this stub.

        Raises `MissingExtra` without httpx.
        """
        library("httpx")
        from raceexplore.sim.http.transport import StubTransport

        return StubTransport(self)

    def add(self, mapping: Mapping) -> None:
        """Add a mapping; of two with the same priority the last one added answers."""
        self.mappings.append(mapping)

    def _touch(self, *, write: bool) -> None:
        """Note that the running event uses what requests share."""
        scenarios = {m.scenario: None for m in self.mappings if m.scenario is not None}
        for scenario in scenarios:
            self.world.used(self.name, f".scenario[{scenario}]", write=write)
        if self._keeps_journal:
            self.world.used(self.name, ".requests", write=write)

    def _match(self, request: Request) -> Mapping | None:
        fitting = [
            (mapping.priority, -number, mapping)
            for number, mapping in enumerate(self.mappings)
            if not mapping.unmet(request, self._state(mapping))
        ]
        return min(fitting, key=lambda each: each[:2])[2] if fitting else None

    def _state(self, mapping: Mapping) -> str | None:
        return None if mapping.scenario is None else self.states.get(mapping.scenario, STARTED)

    def _unmatched(self, request: Request) -> Answer:
        misses = near_misses((m, m.unmet(request, self._state(m))) for m in self.mappings)
        text = f"{self.name}: no mapping is for {request}; {misses}\n"
        self.world.event(f"{self.name}: {request}", status=404)
        headers = (("content-type", "text/plain; charset=utf-8"),)
        return Answer(404, headers, 0.0, ((0.0, text.encode()),))

    def _drawn(self, mapping: Mapping, request: Request) -> Answer:
        """Return the answer of ``mapping``, with the latency and the fault that are drawn."""
        reply, label = mapping.reply, f"{self.name} {mapping.name}"
        latency = reply.latency or self.latency
        delay_s = latency.draw(self.world, label) if latency else 0.0
        fault = reply.fault
        if reply.faults:
            fault = self.world.pick(f"{label} fault", Faults(reply.faults), kind="fault")
        body = reply.filled(request)
        parts: tuple[tuple[float, bytes], ...] = ((0.0, body),)
        if reply.dribble is not None:
            each_s = reply.dribble.over_s / reply.dribble.chunks
            parts = tuple((each_s, part) for part in reply.dribble.parts(body))
        return Answer(reply.status, reply.headers, delay_s, parts, fault)

    def _told(self) -> str:
        came = ", ".join(str(request) for request, _ in self._journal)
        return f"what came: {came}" if came else "nothing came"


def _between(low: int | None, high: int | None) -> str:
    words = [f"at least {low}"] if low is not None else []
    return " and ".join([*words, f"at most {high}"] if high is not None else words)
