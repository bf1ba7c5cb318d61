"""What blocked tasks wait for, in words; who holds it; and the cycle, if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.standing.walk import frames, is_strange_file, site_of
from raceexplore.kernel.trio_loop.runtime import TrioWaiter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.names import TaskInfo


NURSERY = "its nursery's tasks"
WHAT = {
    "Lock": "a Lock",
    "StrictFIFOLock": "a StrictFIFOLock",
    "Event": "an Event",
    "Semaphore": "a Semaphore",
    "CapacityLimiter": "a CapacityLimiter",
    "Condition": "a Condition's notify",
    "MemoryReceiveChannel": "an item in a memory channel",
    "MemorySendChannel": "room in a memory channel",
}


class Wait(NamedTuple):
    """One blocked task: where, for what, and the paths of the tasks that could let it go."""

    task: str
    site: Site
    what: str
    holders: tuple[str, ...]


def waits(infos: Mapping[Any, TaskInfo], blocked: list[Any]) -> list[Wait]:
    """Return what each of ``blocked`` waits for."""
    return [_wait(task, infos) for task in blocked]


def _wait(task: Any, infos: Mapping[Any, TaskInfo]) -> Wait:
    site = site_of(task.coro)
    for frame, _ in frames(task.coro):
        code = frame.f_code
        waiter = frame.f_locals.get("self")
        if isinstance(waiter, TrioWaiter):
            return Wait(infos[task].path, site, waiter.what, waiter.holders())
        if not is_strange_file(code.co_filename):
            continue
        this = frame.f_locals.get("self")
        kind = type(this).__name__
        if code.co_name == "__aexit__" and kind == "NurseryManager":
            children = task.child_nurseries[-1].child_tasks if task.child_nurseries else ()
            names = tuple(sorted(infos[c].path for c in children if c in infos))
            return Wait(infos[task].path, site, NURSERY, names)
        if this is not None and kind != "NurseryManager":
            what = WHAT.get(kind.lstrip("_"), f"{kind}.{code.co_name}")
            return Wait(infos[task].path, site, what, _holders(this, infos))
    return Wait(infos[task].path, site, site.call or "something of its own", ())


def _holders(resource: Any, infos: Mapping[Any, TaskInfo]) -> tuple[str, ...]:
    statistics = getattr(resource, "statistics", None)
    if not callable(statistics):
        return ()
    found = statistics()
    owners = [getattr(found, "owner", None), *(getattr(found, "borrowers", None) or ())]
    return tuple(sorted(infos[owner].path for owner in owners if owner in infos))


def cycle(found: list[Wait]) -> list[str]:
    """Return the paths of a cycle of tasks that wait for one another, or an empty list."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    for wait in found:
        if wait.what != NURSERY:
            graph.add_edges_from((wait.task, holder) for holder in wait.holders)
    try:
        edges = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        return []
    paths = [edge[0] for edge in edges]
    start = paths.index(min(paths))
    return [*paths[start:], *paths[:start]]


def describe(found: list[Wait]) -> list[str]:
    """Return one line for each waiting task, and one for the cycle."""
    lines = []
    for wait in found:
        held = f", held by {' and '.join(wait.holders)}" if wait.holders else ""
        if wait.what == NURSERY:
            held = f": {', '.join(wait.holders)}" if wait.holders else ""
        lines.append(f"{wait.task} waits at {wait.site} for {wait.what}{held}")
    ring = cycle(found)
    if ring:
        lines.append("cycle: " + " -> ".join([*ring, ring[0]]))
    return lines
