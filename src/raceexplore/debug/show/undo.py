"""A run without one of its events: what depends on it, and what is there without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.debug.show.audit import deeds
from raceexplore.debug.show.watched import replay_watched
from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.events.order import order
from raceexplore.kernel.fence.hostile import repr_of
from raceexplore.search.observed.domain_texts import rows
from raceexplore.sim.eventlog.absent import without
from raceexplore.sim.eventlog.log import logs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.corpus.replay import Stored
    from raceexplore.sim.eventlog.entries import Entry
    from raceexplore.sim.eventlog.log import EventLog


def undo_event(run: Run, number: int) -> dict[str, Any]:
    """Return what later events of ``run`` depend on event ``number``, as plain values.

    dependents: those that happen after it, each with ``why``. without: if there are none, the value
    that each location which it wrote would have without it.
    """
    events = run.events
    event, past = events[number], order(events).past
    dependents = [later for later in events[number + 1 :] if past[later.number] >> number & 1]
    wrote = {a.label: a.before for a in event.accesses if a.write and a.label and a.after}
    return {
        "undo": number,
        "who": event.task,
        "what": list(deeds(event)),
        "dependents": [
            {"event": later.number, "who": later.task, "why": _why(event, later)}
            for later in dependents
        ],
        "without": {} if dependents else wrote,
    }


def _why(event: Event, later: Event) -> str:
    if event.number in later.causes or later.task in event.woken:
        return "was made possible by it"
    wrote = {a.resource: a.label for a in event.accesses if a.write}
    touched = [a for a in later.accesses if a.resource in wrote]
    if touched:
        return f"{'writes' if touched[0].write else 'reads'} {touched[0].label or 'what it wrote'}"
    if later.task == event.task:
        return "is what its task did next"
    return "follows from one of these"


def undo_entry(stored: Stored, name: str, number: int) -> dict[str, Any]:
    """Return what depends on entry ``number`` of the event log ``name``, as plain values.

    The program is run once more on the same schedule, and the entry has no effect on the state.
    dependents: later entries that this run lacks, or that the log itself calls dependent. instead:
    entries that only this run has: what the entry has kept from happening. state: at its end.
    Raises `BadOption` if there is no such log or entry.
    """
    log = _log(stored, name)
    if not 0 < number <= len(log.entries):
        raise BadOption(f"--undo {name}#{number}: {name} has the entries 1 to {len(log.entries)}")
    with without(name, number):
        other = _log(stored, name)
    gone = _less(log.entries[number:], other.entries[number:])
    own = {entry.number for entry in log.dependents(number)}
    dependents = [e for e in log.entries[number:] if e in gone or e.number in own]
    return {
        "undo": f"{name}#{number}",
        "who": log.entries[number - 1].who,
        "what": [repr_of(log.entries[number - 1].event)],
        "dependents": [
            {"entry": e.number, "who": e.who, "what": repr_of(e.event), "why": _missing(e, gone)}
            for e in dependents
        ],
        "instead": [
            {"who": entry.who, "what": repr_of(entry.event)}
            for entry in _less(other.entries[number:], log.entries[number:])
        ],
        "state": dict(rows(name, other.state)),
    }


def _missing(entry: Entry, gone: list[Entry]) -> str:
    if entry in gone:
        return "the run without it lacks this"
    return "is caused by it" if entry.caused_by else "the reducer refuses it without it"


def _less(some: tuple[Entry, ...], others: tuple[Entry, ...]) -> list[Entry]:
    """Return those of ``some`` that ``others`` lack, by who did what, as often as they lack it."""
    left = [(entry.who, repr_of(entry.event)) for entry in others]
    found = []
    for entry in some:
        deed = (entry.who, repr_of(entry.event))
        if deed in left:
            left.remove(deed)
        else:
            found.append(entry)
    return found


def _log(stored: Stored, name: str) -> EventLog[Any, Any]:
    """Replay ``stored``, and return the log called ``name`` as it is at the end."""
    made: dict[str, EventLog[Any, Any]] = {}

    def watch(event: Event, coroutine: Any) -> None:
        made.update(logs())

    replay_watched(stored, watch)
    if name not in made:
        told = f"; it has {', '.join(made)}" if made else ""
        raise BadOption(f"--undo {name}: this run has no event log of that name{told}")
    return made[name]


def undo_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what `undo_event` or `undo_entry` returns as lines for a reader."""
    yield f"undo {found['undo']}, of {found['who']}: {'; '.join(found['what']) or 'nothing done'}"
    if found["dependents"]:
        yield "\nit cannot be undone alone; what depends on it:"
    for each in found["dependents"]:
        place = f"event {each['event']}" if "event" in each else f"#{each['entry']} {each['what']}"
        yield f"  {place}, of {each['who']}: {each['why']}"
    if found.get("instead"):
        yield "\nwhat it has kept from happening:"
        yield from (f"  {each['what']}, of {each['who']}" for each in found["instead"])
    if "state" in found:
        yield "\nthe run without it ends with:"
        yield from (f"  {label} = {text}" for label, text in found["state"].items())
    elif not found["dependents"]:
        yield "\nnothing depends on it" + ("; without it:" if found["without"] else "")
        yield from (f"  {label} = {text}" for label, text in found["without"].items())
