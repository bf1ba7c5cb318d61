"""Follow a schedule in an edited program: by what the code said, not by how often it stopped."""

from __future__ import annotations

import linecache
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.choice import Deviation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.events.trace import Event, Site
    from raceexplore.kernel.outcome import Run

# what an await is recognised by, the best first
LABELS = (("function", "text"), ("text",), ("function",))


class Pin(NamedTuple):
    """One deviation, and the await that it was pinned to, in words that survive an edit.

    kind, at, nth, take: see `Deviation`. function and text: of the line at which the task ``at``
    waited; empty for a draw, and once the task had ended. seen: for each of `LABELS`, how often
    the task had stopped at an await so labelled before.
    """

    kind: str
    at: str
    nth: int
    take: str | int
    function: str = ""
    text: str = ""
    seen: Sequence[int] = ()


def pins(run: Run) -> tuple[Pin, ...]:
    """Return the deviations of the recorded ``run`` with the awaits they are pinned to."""
    stops = _Stops()
    found = {(event.task, event.nth): stops.note(event) for event in run.events}
    return tuple(
        Pin(*d, *found.get((d.at, d.nth), ()) if d.kind == "task" else ())
        for d in run.schedule.deviations
    )


def as_lists(found: Sequence[Pin]) -> list[Any]:
    """Return ``found`` as JSON would give it back."""
    return [[*pin[:-1], list(pin.seen)] for pin in found]


def are_pins(rows: Sequence[Any]) -> bool:
    """Return whether ``rows`` are what `as_lists` makes: a stranger may have written them."""
    return all(type(row) is list and len(row) == len(Pin._fields) and _fits(row) for row in rows)


def _fits(row: list[Any]) -> bool:
    kind, at, nth, take, function, text, seen = row
    words = all(type(word) is str for word in (kind, at, function, text))
    counts = type(seen) is list and len(seen) in {0, len(LABELS)}
    target = type(take) is (str if kind == "task" else int)
    return words and counts and target and all(type(n) is int for n in (nth, *seen))


class _Stops:
    """Counts the awaits at which each task has stopped, by each of `LABELS`."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Any, ...]] = Counter()

    def note(self, event: Event) -> tuple[str, str, tuple[int, ...]]:
        """Return function and text of the await that ``event`` reached, and how often before."""
        function, text = label(event.end)
        seen = []
        for which in range(len(LABELS)):
            key = _key(which, event.task, function, text)
            seen.append(self._counts[key])
            self._counts[key] += 1
        return function, text, tuple(seen)


def _key(which: int, task: str, function: str, text: str) -> tuple[Any, ...]:
    labels = LABELS[which]
    return which, task, function * ("function" in labels), text * ("text" in labels)


def label(site: Site) -> tuple[str, str]:
    """Return the function of ``site`` and the text of its line."""
    return site.function, linecache.getline(site.file, site.line).strip()


class Aligned:
    """A scheduler that makes each deviation where the code reads as it did then.

    labels: for each pin the index in `LABELS` of what its await is recognised by. After the
    run, ``skipped`` lists the deviations that found no place, ``lost`` their indexes.
    """

    def __init__(self, found: Sequence[Pin], labels: Sequence[int]) -> None:
        self._pins = found
        self._switches: dict[tuple[Any, ...], int] = {}
        self._draws: dict[tuple[str, str, int], int] = {}
        for i, (pin, which) in enumerate(zip(found, labels, strict=True)):
            if pin.kind != "task":
                self._draws.setdefault((pin.kind, pin.at, pin.nth), i)
            elif pin.seen:
                key = _key(which, pin.at, pin.function, pin.text)
                self._switches.setdefault((*key, pin.seen[which]), i)
        self.begin()

    def begin(self) -> bool:
        """Start over."""
        self._stops, self._known = _Stops(), 0
        self._due: int | None = None
        self._taken: set[int] = set()
        return True

    @property
    def lost(self) -> tuple[int, ...]:
        """The indexes of the pins that found no place."""
        return tuple(i for i in range(len(self._pins)) if i not in self._taken)

    @property
    def skipped(self) -> tuple[Deviation, ...]:
        """The deviations that found no place."""
        return tuple(Deviation(*self._pins[i][:4]) for i in self.lost)

    def choose(self, point: ChoicePoint) -> int:
        """Return the index of the task that the pin here takes, or 0."""
        if point.kind != "task":
            place = self._draws.get((point.kind, point.label, point.ordinal))
            index = 0 if place is None else int(self._pins[place].take)
            index = index if index < point.bound else 0
        else:
            place, index = self._here(point.events), 0
            paths = [] if place is None else [task.path for task in point.tasks]
            if place is not None and self._pins[place].take in paths:
                index = paths.index(str(self._pins[place].take))
        if index and place is not None:
            self._taken.add(place)
        return index

    def _here(self, events: Sequence[Event]) -> int | None:
        """Return the pin of the await that the last of ``events`` has reached."""
        for event in events[self._known :]:
            function, text, seen = self._stops.note(event)
            keys = [(*_key(which, event.task, function, text), n) for which, n in enumerate(seen)]
            self._due = next((self._switches[key] for key in keys if key in self._switches), None)
        self._known = len(events)
        return self._due

    def end(self, run: Run) -> None:
        """Nothing to learn."""


def renamed(pin: Pin, names: Mapping[str, str]) -> Pin:
    """Return ``pin`` under the names of now."""
    at, take = pin.at, pin.take
    if pin.kind == "task":
        return pin._replace(at=names.get(at, at), take=names.get(str(take), take))
    path, _, rest = at.partition(":")
    return pin._replace(at=f"{names.get(path, path)}:{rest}")


def new_names(then: Sequence[str], now: Sequence[str]) -> dict[str, str]:
    """Return what the tasks of ``then`` that are gone from ``now`` are called there.

    Both are paths in the order in which the tasks began. Among the children of one task, functions
    or names that are gone are matched with those that are new: what is spelled alike first, then in
    order, and the ordinals stay. Where there are more of the one than of the other, because tasks
    have got names or lost them, the tasks themselves are matched in order.
    """
    names: dict[str, str] = {}
    for path in sorted(then, key=lambda path: path.count("/")):
        parent, _, name = path.rpartition("/")
        if not parent:
            names[path] = next((p for p in now if "/" not in p), path)
            continue
        above = names.get(parent, parent)
        renamed = _renamed(_children(parent, then), _children(above, now))
        names[path] = f"{above}/{renamed.get(name, name)}"
    return {old: new for old, new in names.items() if old != new}


def _children(parent: str, paths: Sequence[str]) -> list[str]:
    """Return the names of the tasks that ``parent`` started."""
    split = [path.rpartition("/") for path in paths]
    return [name for above, _, name in split if above == parent]


def _renamed(was: Sequence[str], now: Sequence[str]) -> dict[str, str]:
    """Return the new names of those of ``was`` that are gone from ``now``."""
    gone, strange = _less(was, now), _less(now, was)
    if len(gone) != len(strange):
        return dict(zip(_bearers(was, gone), _bearers(now, strange), strict=False))
    likeness = {(a, b): SequenceMatcher(None, a, b).ratio() for a in gone for b in strange}
    found: dict[str, str] = {}
    for a, b in sorted(likeness, key=lambda pair: -likeness[pair]):  # stable: ties stay in order
        if a not in found and b not in found.values():
            found[a] = b
    return {n: found[_base(n)] + n[len(_base(n)) :] for n in _bearers(was, gone)}


def _base(name: str) -> str:
    return name.partition("#")[0]


def _less(some: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the names of ``some``, less their ordinals, that nobody of ``others`` has."""
    bases = dict.fromkeys(map(_base, some))
    return [base for base in bases if base not in {_base(name) for name in others}]


def _bearers(names: Sequence[str], bases: Sequence[str]) -> list[str]:
    return [name for name in names if _base(name) in bases]
