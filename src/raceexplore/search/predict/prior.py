"""What an architecture alone says of its boundaries: points, and a reason for each.

The weights are a judgement and no measurement: they order boundaries, and are no probability. What
can be computed is told beside: how many others are between a read and its write (Little's law).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.search.predict.architecture import Defence, Mode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.search.predict.architecture import Architecture, Usage

HALF_LIFE_DAYS = 90.0  # of an incident's weight
# how much of a window stays open behind each defence; a lock may outlive its holder's turn
OPEN = {
    Defence.NONE: 1.0,
    Defence.UNKNOWN: 1.0,
    Defence.LOCK: 0.25,
    Defence.TRANSACTION: 0.1,
    Defence.CAS: 0.05,
}
HOW = {
    Defence.NONE: "with no guard",
    Defence.UNKNOWN: "and no guard is told",
    Defence.LOCK: "after it has taken a lock",
    Defence.TRANSACTION: "in a transaction",
    Defence.CAS: "if it is as it was",
}
CHANGES = (Mode.WRITE, Mode.UPDATE, Mode.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Prior:
    """Points of one boundary, and why. inside: how many others are in its window on average."""

    points: float
    reasons: tuple[str, ...]
    inside: float


def prior(architecture: Architecture, boundary: str) -> Prior:
    """Return what ``architecture`` says of ``boundary``."""
    calls = [call for call in architecture.calls if call.boundary == boundary]
    inside = sum(
        c.rate_per_s * c.by_others * c.window_s * OPEN[c.defence]
        for c in calls
        if c.mode in CHANGES[1:]
    )
    told = [*_points(architecture, calls, inside), *_incidents(architecture, boundary)]
    ranked = sorted(told, key=lambda part: -part[0])
    return Prior(sum(points for points, _ in told), tuple(text for _, text in ranked), inside)


def _points(
    architecture: Architecture, calls: list[Usage], inside: float
) -> Iterator[tuple[float, str]]:
    replicas = {service.name: service.replicas for service in architecture.services}
    users = sum(replicas.get(call.service, 1) for call in calls)
    writers = sum(replicas.get(c.service, 1) for c in calls if c.mode in CHANGES)
    gap = max((OPEN[c.defence] for c in calls if c.mode in CHANGES), default=0.0)
    if writers and users > 1:
        points = gap * math.log2(1 + writers * (users - 1))
        yield points, f"{writers} that write among {users} that use it"
    updates = [c for c in calls if c.mode is Mode.UPDATE]
    for call in updates:
        if users > 1:
            how = HOW[call.defence]
            yield 2 * OPEN[call.defence], f"{call.service} reads it and writes it back, {how}"
    if inside:
        points = math.log2(1 + 10 * inside)
        yield points, f"others between read and write, on average: {inside:.3g} (rate * window)"
    services = len({call.service for call in calls})
    if services > 1:
        yield 0.5 * math.log2(services), f"{services} services meet there"
    retries = sum(call.retries for call in calls)
    if retries:
        yield min(2.0, 0.5 * retries), f"asked again if an answer is lost, up to {retries} times"
    yield from ((0.0, text) for text in _remarks(calls, users, writers))


def _remarks(calls: list[Usage], users: int, writers: int) -> Iterator[str]:
    """Yield what gives no points, and is worth knowing."""
    no_mode = any(c.mode is Mode.UNKNOWN for c in calls)
    no_guard = any(c.mode in CHANGES and c.defence is Defence.UNKNOWN for c in calls)
    if no_mode:
        how = " with no guard" if no_guard else ""
        yield f"how it is used is not told: counted as written{how}"
    elif no_guard:
        yield "its guard is not told: counted as none"
    if users < 2:
        yield "one replica alone uses it"
    elif not writers:
        yield "nobody writes it"


def _incidents(architecture: Architecture, boundary: str) -> Iterator[tuple[float, str]]:
    for incident in architecture.incidents:
        if incident.boundary == boundary:
            weight = 0.5 ** (incident.days_ago / HALF_LIFE_DAYS)
            yield weight, f"an incident {incident.days_ago:g} days ago"
