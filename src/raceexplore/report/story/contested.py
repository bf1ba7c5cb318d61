"""What the tasks of a run fight over: one list, for every kind of report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.trace import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.events.trace import Event

Resource = tuple[Any, object]


def contested(events: Iterable[Event]) -> dict[Resource, None]:
    """Return the locations that two tasks touch and one of them writes, less cancel scopes.

    Less what the runtime keeps for itself, too.

    What a task writes before it hands the object to the tasks below it is being set up, and counts
    for nothing.
    """
    tasks: dict[Resource, dict[str, None]] = {}
    writes: dict[Resource, list[tuple[str, int]]] = {}
    for event in events:
        for access in event.effects:
            if access.kind in UNTOLD:
                continue
            known = tasks.setdefault(access.resource, {})
            known[event.task] = None
            if access.write:
                writes.setdefault(access.resource, []).append((event.task, len(known)))
    found = (r for r, of in writes.items() if len(tasks[r]) > 1 and _counts(of, [*tasks[r]]))
    return dict.fromkeys(found)


def _counts(writes: list[tuple[str, int]], tasks: list[str]) -> bool:
    """Return whether a write is more than the preparation of the first of ``tasks``."""
    first = tasks[0]
    below = all(task.startswith(f"{first}/") for task in tasks[1:])
    return any(task != first or known > 1 or not below for task, known in writes)


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
