"""How a mapping is written: which requests it is for, in which state, and what it answers."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from raceexplore.sim.http.conditions import Conditions, template
from raceexplore.sim.http.mapping import PRIORITY, STARTED, Callback, Mapping
from raceexplore.sim.http.patterns import Pattern, equal
from raceexplore.sim.http.reply import Body, Dribble, Fault, Reply
from raceexplore.sim.http.request import lowered
from raceexplore.sim.latency.quantiles import Latency

Patterns = MappingOf[str, str | Pattern]


class Table(Protocol):
    """What finished mappings are put into."""

    def add(self, mapping: Mapping) -> None:
        """Add a mapping."""
        ...


T = TypeVar("T", bound=Table)


def conditions_of(
    method: str,
    path: str | Pattern | None,
    *,
    url: str | Pattern | None = None,
    query: Patterns | None = None,
    headers: Patterns | None = None,
    cookies: Patterns | None = None,
    body: str | Pattern | Sequence[Pattern] = (),
) -> Conditions:
    """Return the conditions; a text stands for itself, and ``{id}`` in a path for any part."""
    if isinstance(path, str):
        path = template(path) if "{" in path else equal(path)
    parts = (body,) if isinstance(body, str | Pattern) else body
    return Conditions(
        method=method.upper(),
        url=_pattern(url) if url is not None else None,
        path=path,
        query=_named(query),
        headers=_named(headers),
        cookies=_named(cookies),
        body=tuple(_pattern(part) for part in parts),
    )


@dataclass(slots=True)
class On(Generic[T]):
    """A mapping in the making; `reply` puts it into its stub."""

    stub: T
    mapping: Mapping

    def named(self, name: str, *, priority: int = PRIORITY) -> On[T]:
        """Set what reports call the mapping, and its priority: 1 goes before 5."""
        self.mapping = replace(self.mapping, name=name, priority=priority)
        return self

    def when(self, scenario: str, state: str | None = STARTED, *, then: str | None = None) -> On[T]:
        """Answer only in this state of the scenario, and move it to ``then`` by that."""
        self.mapping = replace(self.mapping, scenario=scenario, state=state, then=then)
        return self

    def calling(self, *callbacks: Callback) -> On[T]:
        """Call ``callbacks`` with each request, at the moment of the answer."""
        self.mapping = replace(self.mapping, callbacks=(*self.mapping.callbacks, *callbacks))
        return self

    def reply(
        self,
        status: int = 200,
        body: str | Body = b"",
        *,
        json: Any = None,
        headers: MappingOf[str, str] | Iterable[tuple[str, str]] = (),
        latency: Latency | None = None,
        dribble: Dribble | None = None,
        fault: Fault | None = None,
        faults: MappingOf[Fault, float] | Iterable[Fault] = (),
    ) -> T:
        """Finish the mapping and return its stub.

        body: text, bytes, or a function of the `Request`. json: a value to send as JSON instead.
        faults: each with its probability; or only which, for the explorer to place.
        """
        pairs = lowered(headers)
        if json is not None:
            body = json_text.dumps(json).encode()
            pairs = (*pairs, ("content-type", "application/json"))
        drawn: tuple[tuple[Fault, float | None], ...] = (
            tuple(faults.items())
            if isinstance(faults, MappingOf)
            else tuple((each, None) for each in faults)
        )
        made = body.encode() if isinstance(body, str) else body
        answer = Reply(status, pairs, made, latency, dribble, fault, drawn)
        self.stub.add(replace(self.mapping, reply=answer))
        return self.stub


def _pattern(text: str | Pattern) -> Pattern:
    return equal(text) if isinstance(text, str) else text


def _named(patterns: Patterns | None) -> tuple[tuple[str, Pattern], ...]:
    return tuple((name, _pattern(each)) for name, each in (patterns or {}).items())
