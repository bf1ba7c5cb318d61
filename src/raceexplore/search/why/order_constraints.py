"""Order constraints: what one task does comes before what another does."""

from __future__ import annotations

import linecache
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.events.footprint import WHOLE
from raceexplore.kernel.events.trace import UNTOLD, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from raceexplore.kernel.events.trace import Access, Event

READS, WRITES, RUNS = "reads", "writes", "runs"


class Deed(NamedTuple):
    """A kind of thing that a task does: it reads or writes a location, or runs from a line on.

    what: ``reads``, ``writes`` or ``runs``. resource: the location's name, the same in every run of
    the program; of ``runs``: the source line where the event begins.
    """

    task: str
    what: str
    resource: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """One deed of one task, told so that it can be found again, also after an edit.

    deed: what it is. nth: which event of the task that does so, from 1. turn: which of those that
    do so on that line, from 1. which: of the objects of that type in the run, in the order in
    which they were made known to others, from 1; 0 where there is none. label: the location in
    words. file (without its folder), line, function and code (the source line): where. kind: what
    sort of object it is about; not kept with the rest.
    """

    deed: Deed
    nth: int
    turn: int = 1
    which: int = 0
    label: str = ""
    file: str = ""
    line: int = 0
    function: str = ""
    code: str = ""
    kind: Kind = field(default=Kind.DATA, compare=False)

    def under(self, names: Mapping[str, str]) -> Anchor:
        """Return this anchor where tasks have other names now: ``names``, by those of then."""
        task = names.get(self.deed.task, self.deed.task)
        return replace(self, deed=self.deed._replace(task=task))

    def __str__(self) -> str:
        where = f" ({self.file}:{self.line})" if self.file else ""
        return f"{self.deed.task}.{self.deed.what} {self.label or self.deed.resource}{where}"


@dataclass(frozen=True, slots=True)
class OrderConstraint:
    """``first`` happens before ``then``, two deeds of different tasks."""

    first: Anchor
    then: Anchor

    def __str__(self) -> str:
        return f"{self.first} < {self.then}"


def deeds(event: Event) -> Iterator[tuple[Deed, Access | None]]:
    """Yield all that ``event`` does, each deed once, with its access.

    That it looks at its cancel scopes is no deed: every event does. Nor is what the runtime does.
    """
    yield _runs(event), None
    seen: set[Deed] = set()
    for access in event.effects:
        if access.kind not in UNTOLD or (access.write and access.kind is Kind.SCOPE):
            deed = deed_of(event.task, access)
            if deed not in seen:
                seen.add(deed)
                yield deed, access


def deed_of(task: str, access: Access) -> Deed:
    """Return what ``access`` is when ``task`` does it."""
    return Deed(task, WRITES if access.write else READS, spell(access.resource))


def spell(resource: tuple[Any, object]) -> str:
    """Return the name of a location as one text."""
    name, key = resource
    if key is WHOLE:
        return str(name)
    return f"{name}.{key}" if isinstance(key, str) else f"{name}[{key!r}]"


def source_of(file: str, line: int) -> str:
    """Return a source line without the blanks around it; empty if there is none."""
    return linecache.getline(file, line).strip()


class Index:
    """Which event of a run is the nth to do a deed."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.count: dict[Deed, int] = {}
        self.events: dict[tuple[Deed, int], int] = {}
        self.nth: dict[tuple[int, Deed], int] = {}
        self._run = events
        self._anchors: dict[tuple[int, Deed], Anchor] = {}
        # By event and deed: the place, and how often the deed had been done there, this one too.
        self._turns: dict[tuple[int, Deed], tuple[tuple[str, int], int]] = {}
        turns: dict[tuple[Deed, tuple[str, int]], int] = {}
        for number, event in enumerate(events):
            for deed, access in deeds(event):
                place = _place(event, access)
                turn = turns[deed, place] = turns.get((deed, place), 0) + 1
                self._turns[number, deed] = place, turn
                nth = self.count[deed] = self.count.get(deed, 0) + 1
                self.events[deed, nth] = number
                self.nth[number, deed] = nth

    def find(self, anchor: Anchor) -> int | None:
        """Return the number of the event of ``anchor``; None if it did not happen."""
        return self.events.get((anchor.deed, anchor.nth))

    def access(self, anchor: Anchor) -> Access | None:
        """Return the access of ``anchor`` in this run, if it is one and happened."""
        number = self.find(anchor)
        done = () if number is None else deeds(self._run[number])
        return next((access for deed, access in done if deed == anchor.deed), None)

    def anchor(self, event: Event, access: Access | None) -> Anchor:
        """Return the anchor of what ``event`` does: it makes ``access``, or it just runs."""
        deed = _runs(event) if access is None else deed_of(event.task, access)
        known = self._anchors.get((event.number, deed))
        if known is None:
            known = self._anchors[event.number, deed] = self._anchor(event, deed, access)
        return known

    def _anchor(self, event: Event, deed: Deed, access: Access | None) -> Anchor:
        nth, (file, line) = self.nth[event.number, deed], _place(event, access)
        place, turn = self._turns[event.number, deed]
        if place != (file, line):  # it did so in another place first
            places = [self._turns[self.events[deed, i], deed][0] for i in range(1, nth + 1)]
            turn = places.count((file, line))
        return Anchor(
            deed,
            nth=nth,
            turn=turn,
            which=0 if access is None else self._which[str(access.resource[0])],
            label=access.label if access is not None else "",
            file=PurePath(file).name,
            line=line,
            function=event.begin.function,
            code=source_of(file, line),
            kind=Kind.DATA if access is None else access.kind,
        )

    @cached_property
    def _which(self) -> dict[str, int]:
        """The place of each object among those of its type, in the order of their making."""
        names = {str(a.resource[0]) for event in self._run for a in event.accesses}
        counts: dict[str, int] = {}
        ranks = {}
        for name in sorted(names, key=_made):
            kind = _made(name)[-1]
            ranks[name] = counts[kind] = counts.get(kind, 0) + 1
        return ranks


def _made(name: str) -> tuple[str, int, int, str]:
    """Return when an object got its name (task, event, place), and its type; see observe/naming."""
    parts = re.fullmatch(r"(.*)\.(\d+):(\d+)\.(.*)", name, re.DOTALL)
    return (parts[1], int(parts[2]), int(parts[3]), parts[4]) if parts else ("", 0, 0, name)


def _runs(event: Event) -> Deed:
    return Deed(event.task, RUNS, source_of(event.begin.file, event.begin.line))


def _place(event: Event, access: Access | None) -> tuple[str, int]:
    """Return the file and line; what trio does for the program is done where the event begins."""
    file, _, line = access.line.rpartition(":") if access is not None else ("", "", "")
    return (file, int(line)) if line.isdigit() else (event.begin.file, event.begin.line)


def broken(
    constraints: Iterable[OrderConstraint], events: Sequence[Event]
) -> tuple[OrderConstraint, ...]:
    """Return the constraints whose later side happened while the earlier had not."""
    index = Index(events)
    found = []
    for constraint in constraints:
        first, then = index.find(constraint.first), index.find(constraint.then)
        if then is not None and (first is None or first > then):
            found.append(constraint)
    return tuple(found)


def as_plain(constraints: Iterable[OrderConstraint]) -> list[list[Any]]:
    """Return ``constraints`` as lists of texts and numbers, which JSON and msgpack can hold."""
    return [[*_plain(c.first), *_plain(c.then)] for c in constraints]


def from_plain(rows: object) -> tuple[OrderConstraint, ...]:
    """Return what `as_plain` was given. Raises `BadSeed` for anything else."""
    if not isinstance(rows, list):
        raise BadSeed("the order constraints are no list")
    return tuple(OrderConstraint(_anchor(row, 0), _anchor(row, WIDTH)) for row in rows)


def _plain(anchor: Anchor) -> list[str | int]:
    return [
        *anchor.deed,
        anchor.nth,
        anchor.turn,
        anchor.which,
        anchor.label,
        anchor.file,
        anchor.line,
        anchor.function,
        anchor.code,
    ]


KINDS = (str, str, str, int, int, int, str, str, int, str, str)
WIDTH = len(KINDS)


def _anchor(row: object, start: int) -> Anchor:
    values = row[start : start + WIDTH] if isinstance(row, list) else []
    if tuple(map(type, values)) != KINDS:
        raise BadSeed(f"an order constraint is damaged: {str(row)[:60]}")
    task, what, resource, *rest = values
    return Anchor(Deed(task, what, resource), *rest)
