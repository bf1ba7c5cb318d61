"""Which of the values that a run touched tell its story: those that tasks fight over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.events.trace import Event

Resource = tuple[object, object]


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
