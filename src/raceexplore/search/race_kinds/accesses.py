"""The accesses of a run in order, and what is known of them: who wrote before, what forced whom."""

from __future__ import annotations

import ast
import linecache
from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.events.trace import GUARDS, QUEUES, Kind, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.kernel.events.trace import Access, Event

NO_DATA = GUARDS | {Kind.UNSEEN}
RECEIVES = (Stop.EVENT, Stop.RECEIVE)


class Touch(NamedTuple):
    """One access. place: its position among those to data. event, task: who did it."""

    place: int
    event: int
    task: str
    access: Access

    @property
    def value(self) -> str:
        """What was read, or what was there after the write."""
        return self.access.after if self.access.write else self.access.before

    def meets(self, other: Touch) -> bool:
        """Return whether both touch a common location."""
        (one, key), (two, its) = self.access.resource, other.access.resource
        return bool(one == two and (key == its or ... in (key, its)))

    def is_blind(self) -> bool:
        """Return whether it is a write that does not look at what it replaces."""
        return self.access.write and is_blind(self.access.line)


class History:
    """The accesses of ``events``, in order.

    touches, of_event: those to data that is observed. waited: by event, those to what tasks wait
    for; a channel is both. Within an event they stand in the order of their first times.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.touches: list[Touch] = []
        self.of_event: list[list[Touch]] = []
        self.waited: list[list[Touch]] = []
        self._of_object: dict[object, list[Touch]] = {}
        self._writes: dict[object, list[Touch]] = {}
        self._signals_of: dict[object, list[Touch]] = {}
        self._before: list[int] = []  # for each event the one before it of its task, or -1
        last: dict[str, int] = {}
        for event in events:
            self._before.append(last.get(event.task, -1))
            last[event.task] = event.number
            self._enter(event)

    def _enter(self, event: Event) -> None:
        first, waited = len(self.touches), []
        for access in event.accesses:
            touch = Touch(len(self.touches), event.number, event.task, access)
            if access.kind in QUEUES:
                waited.append(touch)
            if access.kind not in NO_DATA:
                self.touches.append(touch)
                self._of_object.setdefault(access.resource[0], []).append(touch)
        self.of_event.append(self.touches[first:])
        self.waited.append(waited)

    def writes(self, touch: Touch, first: int, end: int) -> list[Touch]:
        """Return the writes to what ``touch`` touched in the events [first, end), in order."""
        resource = touch.access.resource
        if resource not in self._writes:
            known = self._of_object[resource[0]]
            self._writes[resource] = [t for t in known if t.access.write and t.meets(touch)]
        found = self._writes[resource]
        return found[bisect_left(found, first, key=_event) : bisect_left(found, end, key=_event)]

    def meeting(self, touch: Touch) -> list[Touch]:
        """Return the accesses to what ``touch`` touched, in order."""
        return [t for t in self._of_object[touch.access.resource[0]] if t.meets(touch)]

    def of_task(self, task: str) -> list[int]:
        """Return the numbers of the events of ``task``."""
        return [event.number for event in self.events if event.task == task]

    def forced(self, first: int, second: int) -> bool:
        """Return whether tasks made each other wait so that ``first`` came before ``second``.

        What counts: the order within a task, spawning, waking, waiting for a task's end, and for
        an event or an item of a channel, which may have been there already. Not that time has
        passed, nor that a lock was free: another order was possible there.
        """
        seen, left = set(), [second]
        while left:
            number = left.pop()
            if number == first:
                return True
            if number > first and number not in seen:
                seen.add(number)
                left += [self._before[number], *self._signals(self.events[number])]
        return False

    def _signals(self, event: Event) -> Iterator[int]:
        """Yield the events that ``event`` had to wait for."""
        stop = event.begin.stop
        if stop is Stop.ACQUIRE:
            return
        for number in event.causes:
            cause = self.events[number]
            ended = stop is Stop.JOIN and not cause.end.file
            if event.task in cause.woken or ended:
                yield number
        yield from self._told(event)

    def _told(self, event: Event) -> Iterator[int]:
        """Yield the events that may have set, or sent, what ``event`` has waited for."""
        last = self._before[event.number]
        waited = self.waited[last][-1:] if last >= 0 else []
        if event.begin.stop in RECEIVES:
            for touch in self._signalled(waited[0].access.resource[0] if waited else None):
                if touch.event < event.number and touch.task != event.task:
                    yield touch.event

    def _signalled(self, thing: object) -> list[Touch]:
        """Return the accesses to an event or a channel that may have let others go on."""
        if thing not in self._signals_of:
            self._signals_of[thing] = [
                touch
                for number, waited in enumerate(self.waited)
                for touch in waited
                if touch.access.resource[0] == thing
                and touch.access.write
                and not (touch is waited[-1] and self._waits(number))
            ]
        return self._signals_of[thing]

    def _waits(self, number: int) -> bool:
        return self.events[number].end.stop in RECEIVES


def _event(touch: Touch) -> int:
    return touch.event


def is_blind(place: str) -> bool:
    """Return whether the line ``file:number`` assigns without looking at what it assigns to."""
    file, _, number = place.rpartition(":")
    text = linecache.getline(file, int(number)) if number.isdigit() else ""
    return _is_blind(text.strip())


@cache
def _is_blind(line: str) -> bool:
    try:
        statement: ast.stmt | None = ast.parse(line).body[0] if line else None
    except SyntaxError:
        return False  # one line of a longer statement
    while isinstance(statement, ast.FunctionDef | ast.If | ast.With) and len(statement.body) == 1:
        statement = statement.body[0]  # all in one line
    if not isinstance(statement, ast.Assign):
        return False
    targets = [_spell(target) for target in statement.targets]
    return not any(_spell(node) in targets for node in ast.walk(statement.value))


def _spell(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(node, ast.expr) else ""
