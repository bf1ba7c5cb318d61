"""Which of the values that a run touched tell its story: those that tasks fight over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from raceexplore.kernel.trace import Access, Event

Resource = tuple[object, object]


class Touch(NamedTuple):
    """One access, and the event that did it."""

    event: Event
    access: Access

    @property
    def value(self) -> str:
        """What was read, or what was written."""
        return self.access.after if self.access.write else self.access.before


class Overwrite(NamedTuple):
    """A value that a task read, another wrote, and the first then wrote."""

    read: Touch
    between: Touch
    write: Touch


def contested(events: Iterable[Event]) -> dict[Resource, None]:
    """Return what one task wrote after another had touched it, where values were recorded.

    What is written only before anybody else sees it is being set up, and no conflict.
    """
    seen: dict[Resource, set[str]] = {}
    found: dict[Resource, None] = {}
    for event in events:
        for access in event.accesses:
            tasks = seen.setdefault(access.resource, set())
            told = access.before or access.after
            if access.write and told and tasks - {event.task}:
                found[access.resource] = None
            tasks.add(event.task)
    return found


def overwrite(events: Sequence[Event]) -> Overwrite | None:
    """Return the last value that was read, written by another task, and then written."""
    found = None
    for resource in contested(events):
        touches = [Touch(e, a) for e in events for a in e.accesses if a.resource == resource]
        candidate = _overwritten(touches)
        if candidate and (found is None or found.write.event < candidate.write.event):
            found = candidate
    return found


def _overwritten(touches: list[Touch]) -> Overwrite | None:
    found = None
    for index, write in enumerate(touches):
        if not write.access.write:
            continue
        mine = [t for t in touches[:index] if t.event.task == write.event.task]
        if not mine or mine[-1].access.write:
            continue
        read = mine[-1]
        others = [
            t
            for t in touches[touches.index(read) : index]
            if t.access.write and t.event.task != write.event.task
        ]
        if others:
            found = Overwrite(read, others[-1], write)
    return found


def short_labels(labels: Iterable[str]) -> dict[str, str]:
    """Return each label without the object's number where only one object is meant."""
    known = sorted(set(labels))
    objects = {re.split(r"[.\[]", label, maxsplit=1)[0] for label in known}
    short = {}
    for label in known:
        name = re.split(r"[.\[]", label, maxsplit=1)[0]
        kind = name.partition("#")[0]
        alone = sum(other.partition("#")[0] == kind for other in objects) == 1
        short[label] = label.replace(name, kind, 1) if alone and kind != "list" else label
    return short
