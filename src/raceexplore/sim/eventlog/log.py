"""An append-only log of events, and the state that a reducer makes of them.

The state at version k is the fold of the first k entries, less those that are undone among them.
An undo is an entry of its own, so that what the state was before it can still be asked for; and it
may be undone in turn. What holds throughout: the snapshots are folds like any other, and there is
one right after each undo, so that a fold from the nearest snapshot meets no undo of what is before
it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.hostile import repr_of
from raceexplore.kernel.run import world as running
from raceexplore.sim.eventlog.absent import absent
from raceexplore.sim.eventlog.entries import Conflict, Depended, Entry, Undone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from raceexplore.kernel.world import World

State = TypeVar("State")
Happened = TypeVar("Happened")


class EventLog(Generic[State, Happened]):
    """A log of events, and the state that follows from it.

    reduce: returns the state after an event; it changes nothing, and raises `Refused` where the
        event cannot follow. initial: the state at version 0. Neither is ever changed in place.
    name: in traces and reports. every: entries between two snapshots.
    now: returns seconds, for the audit; in a run its virtual time, if it is left out.
    entries: of a log that was kept before; they are folded as they are.
    Works in and outside of runs. In one, appends and looks count as accesses, each append is a
    line of the trace, and reports show the state beside the tasks. Every method is one step: to
    compare and append is atomic. Raises `BadOption` for ``every`` below 1.
    """

    def __init__(
        self,
        reduce: Callable[[State, Happened], State],
        initial: State,
        *,
        name: str = "log",
        every: int = 64,
        now: Callable[[], float] | None = None,
        entries: Iterable[Entry] = (),
    ) -> None:
        if every < 1:
            raise BadOption(f"{name}: snapshots are taken every entry or more, not every {every}")
        self._world = _here()
        self.name = self.first_name = name
        if self._world is not None:
            made = logs()
            namesakes = sum(each.first_name == name for each in made.values())
            self.name = f"{name}-{namesakes + 1}" if namesakes else name
            made[self.name] = self
            self._world.state(self.name, lambda: self._state)
            self._world.hand_over(initial)
        self.reduce, self._every = reduce, every
        self._now = now or (self._world.now if self._world is not None else None)
        self._absent = absent(self.name)
        self._entries: list[Entry] = []
        self._versions, self._snapshots = [0], [initial]
        self._state = initial
        for entry in entries:
            self._add(entry)

    @property
    def version(self) -> int:
        """The number of entries, those that undo included."""
        self._look()
        return len(self._entries)

    @property
    def state(self) -> State:
        """The state now."""
        self._look()
        return self._state

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries: the audit trail. An undone one is still there."""
        self._look()
        return tuple(self._entries)

    def append(
        self,
        event: Happened,
        *,
        expected_version: int | None = None,
        by: str = "",
        caused_by: int | Entry | Iterable[int | Entry] = (),
    ) -> Entry:
        """Append ``event`` and return its entry.

        expected_version: of the log when the caller looked, and decided. by: who; in a run the task
        if it is left out. caused_by: earlier entries or their numbers.
        Raises `Conflict` if the log has another version by now, `ValueError` for a cause that is
        not there, and whatever the reducer raises; then nothing has been appended.
        """
        self._look()  # a refusal is an answer, too: it depends on what is in the log
        causes = self._causes(caused_by)
        version = len(self._entries)
        if expected_version not in (None, version):
            raise Conflict(self.name, expected_version or 0, version)
        return self._append(event, by, causes, expected_version)

    def at(self, version: int) -> State:
        """Return the state that the first ``version`` entries make. Raises `IndexError`."""
        self._look()
        return self._fold(version)

    def first_step_where(self, predicate: Callable[[State], object]) -> int | None:
        """Return the first version whose state holds ``predicate``, if it stays true once it is.

        By halves: it looks at log2 of the versions, and at the last one. None: it does not hold
        there.
        """
        self._look()
        if not predicate(self._state):
            return None
        low, high = -1, len(self._entries)  # it holds at high, and not at low
        while high - low > 1:
            middle = (low + high) // 2
            if predicate(self._fold(middle)):
                high = middle
            else:
                low = middle
        return high

    def dependents(self, number: int) -> tuple[Entry, ...]:
        """Return the later entries that cannot be without entry ``number``, in order.

        They name it, or one that depends on it, as a cause; or the reducer refuses them without it.
        """
        self._look()
        return self._without(number)[1]

    def undo(self, number: int, *, by: str = "", cascade: bool = False) -> State:
        """Take the event of entry ``number`` back, and return the state without it.

        cascade: with all that depends on it. Undoing an undo brings its events back.
        Raises `Depended`, which names what depends on it, and `IndexError` if there is no such
        entry, or it is undone already.
        """
        self._look()
        state, dependents = self._without(number)
        if dependents and not cascade:
            raise Depended(self.name, number, dependents)
        numbers = (number, *(entry.number for entry in dependents))
        self._append(Undone(numbers), by, (number,), None)
        assert self._state == state, "the undo of an event is the log without it"
        return self._state

    def _append(self, event: object, by: str, causes: tuple[int, ...], seen: int | None) -> Entry:
        world = self._world
        who = by or (world.task if world is not None else "")
        when_s = None if self._now is None else self._now()
        entry = Entry(len(self._entries) + 1, event, who, when_s, causes, seen)
        self._add(entry)
        if world is not None and world.is_observed:
            world.hand_over(event, self._state)
            values = (f"version {entry.number - 1}", f"version {entry.number}")
            world.used(self.name, write=True, values=values)
            because = f", because of {', '.join(f'#{cause}' for cause in causes)}" if causes else ""
            world.event(f"{self.name} #{entry.number} {repr_of(event)}{because}")
        return entry

    def _add(self, entry: Entry) -> None:
        """Put ``entry`` into the log, unless the reducer refuses it."""
        undoes = isinstance(entry.event, Undone)
        state = self._without(0, [*self._entries, entry])[0] if undoes else self._after(entry)
        self._entries.append(entry)
        self._state = state
        if undoes or entry.number - self._versions[-1] >= self._every:
            self._versions.append(entry.number)
            self._snapshots.append(state)

    def _after(self, entry: Entry, state: State | None = None) -> State:
        before = self._state if state is None else state
        return before if entry.number == self._absent else self.reduce(before, entry.event)  # type: ignore[arg-type]

    def _fold(self, version: int) -> State:
        if not 0 <= version <= len(self._entries):
            count = len(self._entries)
            raise IndexError(f"{self.name} has the versions 0 to {count}, not {version}")
        index = bisect_right(self._versions, version) - 1
        state = self._snapshots[index]
        for entry in self._entries[self._versions[index] : version]:
            state = self._after(entry, state)
        return state

    def _without(
        self, number: int, entries: Sequence[Entry] | None = None
    ) -> tuple[State, tuple[Entry, ...]]:
        """Return the fold of all entries but ``number``, and of what depends on it; and these."""
        entries = self._entries if entries is None else entries
        void = _void(entries)
        if number:
            if number in void or not 0 < number <= len(entries):
                raise IndexError(f"{self.name} has no entry #{number} that is not undone")
            void = _void([*entries, Entry(len(entries) + 1, Undone((number,)), "", None)])
        state, dependents = self._snapshots[0], list[Entry]()
        gone = {number}
        for entry in entries:
            if isinstance(entry.event, Undone) or entry.number in void:
                continue
            free = gone.isdisjoint(entry.caused_by)
            after = self._tried(entry, state, must=not 0 < number < entry.number) if free else ()
            if after:
                state = after[0]
            else:
                gone.add(entry.number)
                dependents.append(entry)
        return state, tuple(dependents)

    def _tried(self, entry: Entry, state: State, *, must: bool) -> tuple[State] | tuple[()]:
        """Return the state after ``entry``, or nothing if it cannot follow. must: it has to."""
        try:
            return (self._after(entry, state),)
        except Exception:
            if must:
                raise
            return ()

    def _causes(self, given: int | Entry | Iterable[int | Entry]) -> tuple[int, ...]:
        several: Iterable[int | Entry] = [given] if isinstance(given, int | Entry) else given
        causes = tuple([c if isinstance(c, int) else c.number for c in several])
        for cause in causes:
            if not 0 < cause <= len(self._entries):
                raise ValueError(f"{self.name} has no entry #{cause} that could be a cause")
        return causes

    def _look(self) -> None:
        if self._world is not None:
            self._world.used(self.name, write=False)


def _void(entries: Sequence[Entry]) -> set[int]:
    """Return the numbers of the entries that are undone, be they undos themselves."""
    void: set[int] = set()
    for entry in reversed(entries):
        if isinstance(entry.event, Undone) and entry.number not in void:
            void.update(entry.event.numbers)
    return void


def _here() -> World | None:
    try:
        return running()
    except RuntimeError:
        return None


def logs() -> dict[str, EventLog[Any, Any]]:
    """Return the logs that the run in progress has made, by their names."""
    made: dict[str, EventLog[Any, Any]] = running().remember("event logs", dict)
    return made
