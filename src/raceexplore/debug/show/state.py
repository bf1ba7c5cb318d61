"""The state of a run after an event: tasks, variables, shared values, domain and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.debug.tell import place
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.observed.domain_texts import domain_texts
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.observed.watched_run import chain_of
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.corpus.replay import Stored
    from raceexplore.search.observed.watched_run import Frame


class Prospect(NamedTuple):
    """What there is to see after one event.

    chains: the await chain of each task; those that have not begun have none yet. All are taken at
    that moment: what a waiting task's variables hold may have been changed by another task.
    domain: what the program has named by `World.state`.
    """

    run: Run
    chains: dict[str, tuple[Frame, ...]]
    domain: dict[str, str]


def look(stored: Stored, number: int) -> Prospect:
    """Replay ``stored``, and look after event ``number``."""
    coroutines: dict[str, Any] = {}
    chains: dict[str, tuple[Frame, ...]] = {}
    states: dict[str, str] = {}

    def watch(event: Event, coroutine: Any) -> None:
        coroutines[event.task] = coroutine
        if event.number == number:
            chains.update({path: chain_of(c) for path, c in coroutines.items()})
            states.update(domain_texts())

    with silence():
        run = observed_run(
            stored.program,
            Replay(stored.seed.schedule),
            limits=stored.limits,
            settings=stored.seed.settings,
            values=True,
            watch=watch,
        )
    return Prospect(run, chains, states)


def state(seen: Prospect, number: int) -> dict[str, Any]:
    """Return the state after event ``number``, as plain values for JSON; see `look`.

    tasks: each with path, state (``new``, ``ready``, ``waiting``, ``ended``) and frames,
    outermost first, of the program's own code, with their variables. shared: the last known value
    of each location that an event has touched. domain: what the program has named by `World.state`.
    next: the task of the event after this one.
    """
    events, chains = seen.run.events, seen.chains
    event, past = events[number], events[: number + 1]
    tasks: dict[str, dict[str, Any]] = {}
    shared: dict[str, str] = {}
    for done in past:
        chain = chains[done.task]
        ended = "ready" if done.ready else "waiting" if chain else "ended"
        tasks[done.task] = {"path": done.task, "state": ended, "frames": _frames(chain)}
        for path in done.woken:
            woken = tasks.setdefault(path, {"path": path, "state": "new", "frames": []})
            woken["state"] = "new" if woken["state"] == "new" else "ready"
        shared |= {a.label: a.after or a.before for a in done.accesses if a.after or a.before}
    following = events[number + 1] if number + 1 < len(events) else None
    return {
        "event": number,
        "events": len(events),
        "task": event.task,
        "time_s": event.time_s,
        "tasks": list(tasks.values()),
        "shared": shared,
        "domain": seen.domain,
        "next": following.task if following else None,
    }


def _frames(chain: tuple[Frame, ...]) -> list[dict[str, Any]]:
    return [
        {
            "file": frame.site.file,
            "line": frame.site.line,
            "function": frame.site.function,
            "place": place(frame.site),
            "variables": dict(frame.variables),
        }
        for frame in chain
        if frame.own
    ]


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what `state` returns as lines for a reader."""
    yield f"after event {found['event']} of {found['events']}, of {found['task']}"
    yield f"virtual time {found['time_s']:g} s; next: {found['next'] or 'the end of the run'}"
    for task in found["tasks"]:
        yield f"\n{task['path']}  {task['state']}"
        for frame in task["frames"]:
            yield f"  {frame['place']} in {frame['function']}"
            yield from (f"    {name} = {text}" for name, text in frame["variables"].items())
    for kind in ("domain", "shared"):
        if found[kind]:
            yield f"\n{kind}"
            yield from (f"  {label} = {text}" for label, text in found[kind].items())
