"""Which reads of a run were stale, and which writes were lost: the threads of a race."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.search.race_kinds.accesses import is_blind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.kernel.events.trace import Access, Event


@dataclass(frozen=True, slots=True)
class Mark:
    """A location that a task read and later wrote, while another wrote it in between.

    read, between, write: the numbers of the three steps. kind: ``lost update`` (the last write did
    not look again, so that the one between is lost) or ``stale read`` (it did, but what was read
    before was outdated). seen: the value read. lost: the one written between. wrote: the last one.
    """

    kind: Literal["lost update", "stale read"]
    label: str
    read: int
    between: int
    write: int
    seen: str
    lost: str
    wrote: str


def contended(events: Sequence[Event]) -> set[tuple[Any, object]]:
    """Return the locations that two tasks touch and at least one writes, less cancel scopes.

    What a task writes before it hands the object to the tasks below it does not count.
    """
    tasks: dict[tuple[Any, object], dict[str, None]] = {}
    writes: dict[tuple[Any, object], list[tuple[str, int]]] = {}
    for event, access in accesses(events):
        if "CancelScope#" in access.label:
            continue
        known = tasks.setdefault(access.resource, {})
        known[event.task] = None
        if access.write:
            writes.setdefault(access.resource, []).append((event.task, len(known)))
    return {r for r, found in writes.items() if len(tasks[r]) > 1 and _counts(found, [*tasks[r]])}


def _counts(writes: list[tuple[str, int]], tasks: list[str]) -> bool:
    """Return whether a write is more than the preparation of the first of ``tasks``."""
    first = tasks[0]
    below = all(task.startswith(f"{first}/") for task in tasks[1:])
    return any(task != first or known > 1 or not below for task, known in writes)


def marks(events: Sequence[Event]) -> tuple[Mark, ...]:
    """Return the stale reads and lost updates of ``events``, in the order of the last writes.

    A write is taken for one that did not look again if its line is a plain assignment whose right
    side does not name the target; the ledger keeps one access per location and event.
    """
    shared = contended(events)
    read_at: dict[tuple[str, object], tuple[int, Access]] = {}
    written: dict[object, tuple[int, str, Access]] = {}
    found: list[Mark] = []
    for event, access in accesses(events):
        key = (event.task, access.resource)
        if access.resource not in shared:
            continue
        if not access.write:
            read_at[key] = (event.number, access)
            continue
        was = read_at.pop(key, None)
        last = written.get(access.resource)
        if was is not None and last is not None and _between(was[0], last, event.task):
            found.append(_mark(was, last, event.number, access))
        written[access.resource] = (event.number, event.task, access)
    return tuple(found)


def accesses(events: Sequence[Event]) -> Iterator[tuple[Event, Access]]:
    """Yield each access with its event, in order."""
    for event in events:
        for access in event.effects:
            yield event, access


def _between(read: int, last: tuple[int, str, Access], task: str) -> bool:
    return last[0] > read and last[1] != task


def _mark(
    was: tuple[int, Access], last: tuple[int, str, Access], number: int, access: Access
) -> Mark:
    kind: Literal["lost update", "stale read"] = (
        "lost update" if is_blind(access.line) else "stale read"
    )
    seen, lost = was[1].before, last[2].after
    return Mark(kind, access.label, was[0], last[0], number, seen, lost, access.after)
