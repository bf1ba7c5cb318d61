"""Order constraints: what one task does comes before what another does."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.order import WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from raceexplore.kernel.trace import Access, Event

READS, WRITES, RUNS = "reads", "writes", "runs"
SCOPE = "CancelScope"


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

    deed: what it is. nth: which event of the task that does so, from 1. step: which event of all
    the task's, from 1. label: the location in words. file (without its folder), line, function and
    code (the source line): where.
    """

    deed: Deed
    nth: int
    step: int
    label: str = ""
    file: str = ""
    line: int = 0
    function: str = ""
    code: str = ""

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

    That it looks at its cancel scopes is no deed: every event does.
    """
    yield Deed(event.task, RUNS, source_of(event.begin.file, event.begin.line)), None
    seen: set[Deed] = set()
    for access in event.effects:
        if access.write or not str(access.resource[0]).endswith(SCOPE):
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
        for number, event in enumerate(events):
            for deed, _ in deeds(event):
                nth = self.count[deed] = self.count.get(deed, 0) + 1
                self.events[deed, nth] = number
                self.nth[number, deed] = nth

    def find(self, anchor: Anchor) -> int | None:
        """Return the number of the event of ``anchor``; None if it did not happen."""
        return self.events.get((anchor.deed, anchor.nth))


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
        anchor.step,
        anchor.label,
        anchor.file,
        anchor.line,
        anchor.function,
        anchor.code,
    ]


KINDS = (str, str, str, int, int, str, str, int, str, str)
WIDTH = len(KINDS)


def _anchor(row: object, start: int) -> Anchor:
    values = row[start : start + WIDTH] if isinstance(row, list) else []
    if tuple(map(type, values)) != KINDS:
        raise BadSeed(f"an order constraint is damaged: {str(row)[:60]}")
    task, what, resource, *rest = values
    return Anchor(Deed(task, what, resource), *rest)
