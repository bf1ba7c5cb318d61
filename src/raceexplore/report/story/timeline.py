"""One recorded run as pure rows: lanes, steps, switches and arrows, for every kind of report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.events.trace import UNTOLD, Kind
from raceexplore.kernel.standing.waits import NURSERY
from raceexplore.report.story import story
from raceexplore.report.story.arrows import arrows
from raceexplore.report.story.contested import contested, short_labels
from raceexplore.report.story.drawn import drawn
from raceexplore.report.story.race_words import race_row
from raceexplore.report.story.rows import (
    Arrow,
    Draw,
    Lane,
    Segment,
    Step,
    Stop,
    Switch,
    Timeline,
    Touch,
)
from raceexplore.search.why.cancellations import CancelWords

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from raceexplore.kernel.events.trace import Access, Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.standing.waits import Wait
    from raceexplore.search.race_kinds.case import Race

WINDOW: Final = 2_000
NURSERY_TOLD: Final = "waits for the tasks of its nursery"


def timeline(run: Run, *, window: int = WINDOW, race: Race | None = None) -> Timeline:
    """Return the rows of ``run``; all empty if it was not recorded.

    window: the most steps for which arrows are looked for, those before the failure. race: what
    ``run`` shows, if it is to be in the rows.
    """
    events = run.events
    labels = short_labels(a.label for event in events for a in event.accesses if a.label)
    switched = story.switches(run)
    shared = contested(events)
    lanes = _lanes(run, switched, shared)
    number = {lane.path: index for index, lane in enumerate(lanes)}
    segments = tuple(Segment(number[s.task], s.first, s.last, s.stop) for s in story.segments(run))
    stops: dict[int, Stop] = {segment.last: segment.stop for segment in segments}
    draws, words = _draws(run), CancelWords(run)
    steps = []
    for event in events:
        seen = tuple(_touch(a, labels, shared) for a in event.effects if _told(a))
        step = _step(event, number, stops.get(event.number, "goes on"), draws[event.number], seen)
        steps.append(replace(step, cancelled=": ".join(words.of(event)), cancels=words.by(event)))
    first = max(0, len(events) - window)
    return Timeline(
        lanes,
        tuple(steps),
        segments,
        tuple(_switches(run, steps, lanes, switched)),
        tuple(_relabelled(arrows(events[first:], first), labels)),
        race_row(race, labels),
        (first, len(events)),
    )


def _lanes(
    run: Run, switched: Mapping[int, story.Switch], shared: Collection[Any]
) -> tuple[Lane, ...]:
    """Return a lane for each task, below the one that spawned it, in the order of first events."""
    numbers: dict[str, list[int]] = {}
    for event in run.events:
        numbers.setdefault(event.task, []).append(event.number)
    waits = {wait.task: wait for wait in run.failure.waits} if run.failure else {}
    for path in waits:
        numbers.setdefault(path, [])
    involved = _involved(run, switched, shared)
    return tuple(
        Lane(
            path,
            path.rpartition("/")[2] if path != "main" else "main",
            path.count("/"),
            numbers[path][0] if numbers[path] else -1,
            numbers[path][-1] if numbers[path] else -1,
            len(numbers[path]),
            path in involved or path in waits or path == "main",
            _waiting(waits[path]) if path in waits else "",
        )
        for path in _nested(list(numbers))
    )


def _waiting(wait: Wait) -> str:
    holders = ", ".join(path.removeprefix("main/") for path in wait.holders)
    if wait.what == NURSERY:
        return f"{NURSERY_TOLD}: {holders}"
    return f"waits for {wait.what}" + (f" that {holders} holds" if holders else "")


def _nested(paths: list[str]) -> list[str]:
    """Return ``paths`` with each task right below its spawner, else in the given order."""
    place = {path: index for index, path in enumerate(paths)}

    def key(path: str) -> list[int]:
        parts = path.split("/")
        above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        return [place[a] for a in above if a in place]

    return sorted(paths, key=key)


def _involved(run: Run, switched: Mapping[int, story.Switch], shared: Collection[Any]) -> set[str]:
    """Return the tasks that a reader wants to see; all where nobody saw what they share."""
    if not shared:
        return {event.task for event in run.events}
    draws = [d.at for d in run.schedule.deviations if d.kind != "task"]
    found = {e.task for e in run.events if any(at.startswith(f"{e.task}:") for at in draws)}
    found |= {run.events[draw.event].task for draw in drawn(run) if draw.deviation >= 0}
    found |= {e.task for e in run.events if any(a.resource in shared for a in e.accesses)}
    tasks = [d for d in run.schedule.deviations if d.kind == "task"]
    found |= {path for d in tasks for path in (d.at, str(d.take))}
    found |= {e.task for n in switched for e in run.events[n : n + 1]}
    if run.failure and run.events:
        found.add(run.events[-1].task)
    return found


def _draws(run: Run) -> list[tuple[Draw, ...]]:
    """Return what chance gave in each event, and by which deviation."""
    found: dict[int, list[Draw]] = {}
    for event, label, value, deviation in drawn(run):
        found.setdefault(event, []).append(Draw(label, value, deviation))
    return [tuple(found.get(event.number, ())) for event in run.events]


def _step(
    event: Event,
    number: dict[str, int],
    stop: Stop,
    draws: tuple[Draw, ...],
    touches: tuple[Touch, ...],
) -> Step:
    return Step(
        event.number,
        number[event.task],
        event.nth,
        event.begin,
        event.end,
        event.time_s,
        stop,
        event.error,
        tuple(number[path] for path in event.woken if path in number),
        touches,
        draws,
        event.notes,
    )


def _told(access: Access) -> bool:
    """Return whether a reader wants to see ``access``: every event looks at its cancel scopes."""
    return access.kind not in UNTOLD or (access.write and access.kind is Kind.SCOPE)


def _touch(access: Access, labels: dict[str, str], shared: Collection[Any]) -> Touch:
    file, _, line = access.line.rpartition(":")
    number = int(line) if line.isdigit() else 0
    label = labels.get(access.label) or f"{access.resource[0]}"
    is_shared = access.resource in shared
    return Touch(label, access.write, number, file, access.before, access.after, is_shared)


def _relabelled(rows: Iterable[Arrow], labels: dict[str, str]) -> Iterable[Arrow]:
    return (replace(row, label=labels.get(row.label, row.label)) for row in rows)


def _switches(
    run: Run, steps: Sequence[Step], lanes: Sequence[Lane], switched: Mapping[int, story.Switch]
) -> Iterable[Switch]:
    for step in steps[1:]:
        left = steps[step.number - 1]
        chosen = switched[step.number].deviation if step.number in switched else -1
        if left.lane == step.lane and chosen < 0:
            continue
        preempted = run.events[left.number].ready and left.lane != step.lane
        names = lanes[left.lane].name, lanes[step.lane].name
        why = _why(left, names, preempted=preempted, deviates=chosen >= 0)
        yield Switch(step.number, left.lane, step.lane, chosen, preempted, why)


def _why(left: Step, names: tuple[str, str], *, preempted: bool, deviates: bool) -> str:
    gone, chosen = names
    if preempted:
        verb = f"{chosen} runs although {gone} could go on"
        return verb if deviates else f"{verb}, which had its turn"
    ended = {"ends": "has ended", "fails": f"ended with {left.error}", "cancelled": "is cancelled"}
    because = f"{gone} {ended.get(left.stop, 'waits')}"
    return f"{because}; {chosen} is chosen" if deviates else f"{because}; {chosen} is next"
