"""One line of a stub's table: for these requests, in this state, this reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from raceexplore.sim.http.conditions import Conditions
from raceexplore.sim.http.reply import Reply
from raceexplore.sim.http.request import Request

STARTED = "Started"  # the state that a scenario begins in
PRIORITY = 5  # of a mapping that says none; 1 goes first

Callback = Callable[[Request], object]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A reply and the requests that it is for.

    conditions: what a request must be like.
    reply: what it is answered.
    name: what reports call it.
    priority: the smallest number goes first; among equals the mapping that was added last.
    scenario, state: it answers only while this scenario is in this state; None: in any.
    then: the state that its answer puts the scenario into; None: it stays.
    callbacks: called with the request at the moment of the answer, before its latency.
    """

    conditions: Conditions
    reply: Reply
    name: str
    priority: int = PRIORITY
    scenario: str | None = None
    state: str | None = None
    then: str | None = None
    callbacks: tuple[Callback, ...] = field(default=(), compare=False)

    def unmet(self, request: Request, state: str | None) -> list[str]:
        """Return what keeps it from answering ``request``, its scenario being in ``state``."""
        unmet = self.conditions.unmet(request)
        if self.state is not None and state != self.state:
            unmet.append(f"scenario {self.scenario!r} is in state {self.state!r} (not {state!r})")
        return unmet


def near_misses(mappings: Iterable[tuple[Mapping, list[str]]], most: int = 3) -> str:
    """Return which mappings nearly fit, those with the fewest unmet conditions first."""
    ranked = sorted(mappings, key=lambda pair: len(pair[1]))[:most]
    if not ranked:
        return "the stub has no mappings"
    lines = (f"  {mapping.name}: {'; '.join(unmet)}" for mapping, unmet in ranked)
    return "nearest mappings, with what they ask for and did not get:\n" + "\n".join(lines)
