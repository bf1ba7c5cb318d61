"""A recorded run told in segments, as pure rows: who ran from where to where, why it stopped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.events.trace import Site
from raceexplore.report.story.contested import contested
from raceexplore.report.story.drawn import drawn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.events.trace import Access, Event
    from raceexplore.kernel.outcome import Run

Pick = tuple[str, str, str, int]
Stop = Literal["preempted", "gives way", "waits", "ends", "cancelled", "fails"]


@dataclass(frozen=True, slots=True)
class Segment:
    """Events that one task did in a row.

    first, last: their numbers. begin: where the task went on; end: where it stopped. fresh: it
    starts here. stop: why it stopped. error: the exception's type, where one ended the task.
    star: choosing this task was a deviation. over: the task that could have gone on instead, or
    empty. early: the clock was moved before, although a task could go on. chosen: the number of the
    deviation that chose this task; -1 if none did. picks: the draws that deviate, as (kind, label,
    value, number of the deviation). accesses: to what tasks fight over. cancelled: it begins with a
    `trio.Cancelled` that reached the program's code.
    """

    task: str
    first: int
    last: int
    begin: Site
    end: Site
    fresh: bool
    stop: Stop
    error: str
    time_s: float
    star: bool
    over: str
    early: bool
    chosen: int
    picks: tuple[Pick, ...]
    accesses: tuple[Access, ...]
    notes: tuple[str, ...]
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """Segments that are not shown: their number, their events, the tasks in them, their times."""

    segments: int
    first: int
    last: int
    tasks: tuple[str, ...]
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Switch:
    """What the schedule says before an event: the task is chosen, the clock is moved.

    deviation: the number of the one that chose the task, or else moved the clock.
    """

    star: bool = False
    early: bool = False
    deviation: int = -1


def segments(run: Run) -> tuple[Segment, ...]:
    """Return the events of ``run`` in segments; empty if it was not recorded."""
    switched = switches(run)
    picks = _picks(run)
    begins, ends = _places(run)
    shared = contested(run.events)
    told: list[Segment] = []
    last_of = {event.task: event.number for event in run.events}
    for wait in run.failure.waits if run.failure else ():
        last_of[wait.task] = -1  # it stands where the recorder saw no line of the program's own
    for group in _groups(run.events, switched):
        head, tail = group[0], group[-1]
        following = run.events[tail.number + 1] if tail.number + 1 < len(run.events) else None
        switch = switched.get(head.number, Switch())
        before = run.events[head.number - 1] if head.number else None
        over = before.task if before is not None and before.ready else ""
        next_star = following is not None and switched.get(following.number, Switch()).star
        told.append(
            Segment(
                task=head.task,
                first=head.number,
                last=tail.number,
                begin=begins[head.number],
                end=ends[tail.number],
                fresh=head.nth == 1,
                stop=_stop(tail, preempted=next_star, is_last=last_of[tail.task] == tail.number),
                error=tail.error,
                time_s=head.time_s,
                star=switch.star,
                over=over if over != head.task else "",
                early=switch.early,
                chosen=switch.deviation,
                picks=tuple(p for event in group for p in picks.get(event.number, ())),
                accesses=_condensed(a for e in group for a in e.effects if a.resource in shared),
                notes=tuple(note for event in group for note in event.notes),
                cancelled=head.cancelled,
            )
        )
    if told and run.failure is not None and run.failure.kind == "invariant":
        told[-1] = replace(told[-1], stop="fails", error="invariant")  # it ended the run there
    return tuple(told)


def fold(
    told: Sequence[Segment],
    size: dict[int, int],
    most: int,
    decisive: Collection[int],
) -> list[Segment | Fold]:
    """Return ``told`` in about ``most`` lines, the least telling segments folded.

    size: the lines that the segment with that first event takes. decisive: numbers of events that
    the report speaks of. Their segments are shown whatever it takes, and so are what fails, and
    where the schedule deviates. Then comes what surrounds them, and the end; then what still fits.
    """
    kept = {i for i, segment in enumerate(told) if is_decisive(segment, decisive)}
    spent = sum(size[told[i].first] for i in kept)
    for index in _by_weight(told):
        lines = size[told[index].first]
        if index not in kept and spent + lines <= most:
            kept.add(index)
            spent += lines
    out: list[Segment | Fold] = []
    for index, segment in enumerate(told):
        if index in kept:
            out.append(segment)
            continue
        previous = out[-1] if out else None
        if isinstance(previous, Fold):
            tasks = tuple(dict.fromkeys((*previous.tasks, segment.task)))
            count, first, from_s = previous.segments + 1, previous.first, previous.from_s
            out[-1] = Fold(count, first, segment.last, tasks, from_s, segment.time_s)
        else:
            time_s = segment.time_s
            out.append(Fold(1, segment.first, segment.last, (segment.task,), time_s, time_s))
    return out


def is_decisive(segment: Segment, decisive: Collection[int]) -> bool:
    """Return whether a report has to show ``segment``; see `fold`."""
    deviates = bool(segment.star or segment.early or segment.picks)
    spoken_of = any(segment.first <= number <= segment.last for number in decisive)
    return deviates or spoken_of or segment.stop == "fails"


def _by_weight(told: Sequence[Segment]) -> list[int]:
    """Return the indexes of the segments, the most telling first."""
    stars = [i for i, s in enumerate(told) if s.star or s.early or s.picks]
    order = dict.fromkeys([*stars, *(i - 1 for i in stars if i)])
    for i in stars:  # where the task that was passed over goes on
        over = told[i].over
        order.update(dict.fromkeys([j for j in range(i, len(told)) if told[j].task == over][:1]))
    for i in (len(told) - 1, len(told) - 2):
        if i >= 0:
            order[i] = None
    order.update(dict.fromkeys(i for i, s in enumerate(told) if s.accesses))
    order.update(dict.fromkeys(range(len(told))))
    return list(order)


def _places(run: Run) -> tuple[list[Site], list[Site]]:
    """Return where each event began and ended, in files of the user's own wherever it can."""
    ends = [event.end for event in run.events]
    begins = [event.begin for event in run.events]
    at: dict[str, Site] = {}
    for event, own in zip(run.events, run.own, strict=False):
        begins[event.number] = at.get(event.task, event.begin)
        if own.file:
            ends[event.number] = at[event.task] = own
        else:
            at.pop(event.task, None)
    return begins, ends


def own_end(run: Run, task: str) -> Site | None:
    """Return where ``task`` left the user's own files, if it ends the run inside a library."""
    last = max((event.number for event in run.events if event.task == task), default=-1)
    own = run.own[last] if 0 <= last < len(run.own) else None
    return own if own is not None and own.file else None


def _groups(events: Sequence[Event], switches: dict[int, Switch]) -> Iterator[tuple[Event, ...]]:
    """Cut ``events`` where the task changes, time passes, or the schedule says something."""
    if not events:
        return
    group = [events[0]]
    for before, event in pairwise(events):
        slept = event.time_s != before.time_s
        cut = slept or event.cancelled or event.number in switches
        if event.task != before.task or cut:
            yield tuple(group)
            group = []
        group.append(event)
    yield tuple(group)


def _stop(event: Event, *, preempted: bool, is_last: bool) -> Stop:
    if event.ready:
        return "preempted" if preempted else "gives way"
    if event.end.file or not is_last:
        return "waits"
    if event.error == "Cancelled":
        return "cancelled"
    return "fails" if event.error else "ends"


def switches(run: Run) -> dict[int, Switch]:
    """Return what the schedule says before which event."""
    at = {(event.task, event.nth): event.number for event in run.events}
    found: dict[int, Switch] = {}
    position = 0
    for number, deviation in enumerate(run.schedule.deviations):
        if deviation.kind != "task":
            continue
        if deviation.at == CLOCK:
            position = _after_clock(run.events, position, deviation)
        else:
            position = at.get((deviation.at, deviation.nth), len(run.events)) + 1
        early = deviation.take == CLOCK
        was = found.get(position, Switch())
        chosen = was.deviation if was.star else number
        found[position] = Switch(was.star or not early, was.early or early, chosen)
    return found


def _after_clock(events: Sequence[Event], position: int, deviation: Deviation) -> int:
    """Return the number of the first event of the chosen task that follows a jump of time."""
    chosen = deviation.take
    for event in events[max(position, 1) :]:
        moved = event.time_s > events[event.number - 1].time_s
        if moved and chosen in {event.task, CLOCK}:
            return event.number
    later = (event.number for event in events[position:] if event.task == chosen)
    return next(later, len(events))


def _picks(run: Run) -> dict[int, list[Pick]]:
    """Return the deviating draws of each event."""
    found: dict[int, list[Pick]] = {}
    for event, label, value, number in drawn(run):
        if number >= 0:
            kind = run.schedule.deviations[number].kind
            found.setdefault(event, []).append((kind, label, value, number))
    return found


def _condensed(accesses: Iterable[Access]) -> tuple[Access, ...]:
    """Return ``accesses`` less the repeated ones."""
    return tuple(dict.fromkeys(accesses))
