"""Candidates: spans between two accesses of a task that others could come between."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, groupby, islice
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.what_if.paths_to_accesses import contended, trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.search.what_if.patched_code import Workshop
    from raceexplore.search.what_if.paths_to_accesses import Stay, Trail, Way
    from raceexplore.search.what_if.statements import Span

APART_MAX = 12  # events of a task between two accesses that may be the ends of a span
RAW_MAX, WAYS_MAX = 50_000, 2_000  # ways from one access to another; different ones
NEIGHBOURS = 4  # runs with one deviation less: a failing run may end before what would follow
SINGLES_MAX, PAIRED_MAX = 40, 10


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span, and how it was seen.

    checkpoints: the most that a task passed in it at a time. level: how many calls further in the
    accesses are. began: the event of the failing run after which a task was in it and others ran.
    interrupted: there was one.
    """

    span: Span
    checkpoints: int
    level: int
    began: int
    interrupted: bool

    @property
    def size(self) -> tuple[int, int, int, int, str, int]:
        """What makes one smaller than another: first the checkpoints, at last the place."""
        span = self.span
        return (self.checkpoints, self.level, span.lines, self.began, span.code.file, span.first)


def sections(found: Sequence[Candidate]) -> Iterator[tuple[Span, ...]]:
    """Yield what to make atomic: spans, and pairs of spans of two functions, the smallest first.

    Only if a task of the failing run was interrupted in it can that change the run.
    """
    singles = [(one,) for one in found if one.interrupted][:SINGLES_MAX]
    pairs = [
        (one, other)
        for one, other in combinations(found[:PAIRED_MAX], 2)
        if one.span.code != other.span.code and (one.interrupted or other.interrupted)
    ]
    for group in sorted([*singles, *pairs], key=_total):
        spans = [candidate.span for candidate in group]
        yield tuple(sorted(spans, key=lambda span: (span.code.file, span.first)))


def is_cut(found: Sequence[Candidate]) -> bool:
    """Return whether `sections` leaves out some of the single spans."""
    return sum(one.interrupted for one in found) > SINGLES_MAX


def _total(group: Sequence[Candidate]) -> tuple[object, ...]:
    checkpoints = sum(candidate.checkpoints for candidate in group)
    return (checkpoints, len(group), *map(sum, zip(*(c.size[1:4] for c in group), strict=True)))


def trails_of(run: Run, limits: Limits) -> list[Trail]:
    """Return what the tasks of ``run`` touched, and of runs with fewer deviations."""
    schedules = dict.fromkeys(_schedules(run))
    return [trail(run.program, Replay(one), limits, run.settings) for one in schedules]


def candidates(trails: Sequence[Trail], workshop: Workshop) -> list[Candidate]:
    """Return the spans between two contended accesses of a task, the smallest first.

    trails: the first is that of the failing run.
    """
    fought = contended(trails)
    levels: dict[Span, int] = {}
    raw = islice(_ways(trails, fought), RAW_MAX)
    for ways in islice(dict.fromkeys(raw), WAYS_MAX):
        for span, level in _lifted(ways, workshop):
            levels[span] = min(level, levels.get(span, level))
    found = (_candidate(span, level, trails) for span, level in levels.items())
    return sorted((one for one in found if one.checkpoints), key=lambda one: one.size)


def _schedules(run: Run) -> Iterator[Schedule]:
    yield run.schedule
    yield Schedule()
    yield from (run.schedule.without(i) for i in range(min(NEIGHBOURS, run.schedule.size)))


def _ways(trails: Iterable[Trail], fought: set[Way]) -> Iterator[tuple[Way, ...]]:
    """Yield where a task stood at one access, after each event until another, and at that."""
    for one in trails:
        for stays in one.tasks.values():
            yield from _ways_of(stays, fought)


def _ways_of(stays: Sequence[Stay], fought: set[Way]) -> Iterator[tuple[Way, ...]]:
    touched = [list(dict.fromkeys(t.way for t in s.touches if t.way in fought)) for s in stays]
    for i, begins in enumerate(touched):
        for j in range(i + 1, min(i + 1 + APART_MAX, len(stays))):
            between = tuple(stay.way for stay in stays[i:j])
            yield from ((one, *between, other) for one in begins for other in touched[j])


def _lifted(ways: Sequence[Way], workshop: Workshop) -> Iterator[tuple[Span, int]]:
    """Yield the spans that hold ``ways`` in each function that they all stand in."""
    depth = 0
    while all(len(way) > depth for way in ways) and len({way[depth][0] for way in ways}) == 1:
        depth += 1
    for d in range(depth):
        code = ways[0][d][0]
        lines = [way[d][1] for way in ways]
        for span in workshop.source(code.file).spans_of(code, lines):
            yield span, depth - 1 - d


def _candidate(span: Span, level: int, trails: Sequence[Trail]) -> Candidate:
    visits = [
        visit for one in trails for stays in one.tasks.values() for visit in _visits(stays, span)
    ]
    failing = trails[0].tasks.values()
    interruptions = [
        stay.number
        for stays in failing
        for visit in _visits(stays, span)
        for stay in visit
        if stay.left
    ]
    began = min(interruptions, default=len(trails[0].run.events))
    checkpoints = max(map(len, visits), default=0)
    return Candidate(span, checkpoints, level, began, bool(interruptions))


def _visits(stays: Sequence[Stay], span: Span) -> Iterator[list[Stay]]:
    """Yield the events of a task in a row after which it stood in ``span``."""
    for inside, group in groupby(stays, key=lambda stay: _is_inside(stay, span)):
        if inside:
            yield list(group)


def _is_inside(stay: Stay, span: Span) -> bool:
    return any(code == span.code and span.first <= line <= span.last for code, line in stay.way)
