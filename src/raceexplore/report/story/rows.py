"""The rows that a run is told in: tasks, steps, switches and arrows, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from raceexplore.kernel.events.trace import Site

Stop = Literal["goes on", "preempted", "gives way", "waits", "ends", "cancelled", "fails"]
ArrowKind = Literal["wakes", "joins", "time", "conflict"]


@dataclass(frozen=True, slots=True)
class Lane:
    """One task. depth: of nesting below ``main``, from 0. first, last: numbers of its events.

    involved: it shares a contended location, or is a side of a deviation; the others fold.
    waits: what it waits for at the end of the run, where the failure tells.
    """

    path: str
    name: str
    depth: int
    first: int
    last: int
    events: int
    involved: bool
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """One access. ``contended``: several tasks touch the location, and one of them writes it."""

    label: str
    write: bool
    line: int
    file: str
    before: str
    after: str
    contended: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance gave. deviation: the number of the schedule's deviation, -1 if neutral."""

    label: str
    value: str
    deviation: int


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the task in lane ``lane``. number: in the run, from 0. nth: in the task, from 1.

    woken: lanes that it made ready. stop: why the task did no more after it. cancelled: who or what
    has cancelled it, in words, if it began with a `trio.Cancelled`. cancels: whom it cancels.
    """

    number: int
    lane: int
    nth: int
    begin: Site
    end: Site
    time_s: float
    stop: Stop
    error: str
    woken: tuple[int, ...]
    touches: tuple[Touch, ...]
    draws: tuple[Draw, ...]
    notes: tuple[str, ...]
    cancelled: str = ""
    cancels: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """Steps ``first`` to ``last``, which one task did in a row."""

    lane: int
    first: int
    last: int
    stop: Stop


@dataclass(frozen=True, slots=True)
class Switch:
    """The change of lane before step ``step``. source: the lane left.

    deviation: the number of the schedule's deviation that made it, from 0; -1 if it is neutral.
    preempted: the lane left could have gone on. why: in words.
    """

    step: int
    source: int
    target: int
    deviation: int
    preempted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """Step ``source`` happens before step ``target`` of another lane, with nothing in between.

    kind: ``wakes`` (it made the other's task ready), ``joins`` (the other's task waited for the
        end of this one), ``time`` (the clock fired in between) or ``conflict`` (on ``label``).
    """

    kind: ArrowKind
    source: int
    target: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What ``step`` has to do with the race, in a word or two; label: with which location."""

    step: int
    words: str
    label: str


@dataclass(frozen=True, slots=True)
class RaceRow:
    """The race that a run shows. kind: its name. parts: in the order of their steps."""

    kind: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run in rows.

    race: the one that the failure comes from; None if it is of no known kind. window: the steps
    [first, end) for which arrows are known.
    """

    lanes: tuple[Lane, ...]
    steps: tuple[Step, ...]
    segments: tuple[Segment, ...]
    switches: tuple[Switch, ...]
    arrows: tuple[Arrow, ...]
    race: RaceRow | None
    window: tuple[int, int]

    def rows(self) -> dict[str, Any]:
        """Return the rows as plain values that JSON can hold."""
        return asdict(self)
