"""What chooses: the Scheduler protocol, what a scheduler may offer beside it, and Replay.

A scheduler has the three methods of `Scheduler`. All else is optional, and written down here: a
campaign asks by ``isinstance`` whether a scheduler offers it, once, when it begins.
docs/schedulers.md writes a scheduler with each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from raceexplore.kernel.choice import Schedule

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint, Deviation
    from raceexplore.kernel.outcome import Run


class Scheduler(Protocol):
    """Three methods; a scheduler that is a dataclass gets its options from its fields.

    They are called in this order, run after run: `begin`, `choose` as often as the run can go on in
    more than one way (perhaps never), `end`.
    """

    def begin(self) -> bool:
        """Get ready for the next run.

        False: there is nothing left to explore, and the campaign ends as complete; `choose` and
        `end` are not called. A scheduler that can always draw another run returns True each time.
        """
        ...

    def choose(self, point: ChoicePoint) -> int:
        """Return an index below ``point.bound``; 0 is neutral.

        ``point`` is one object, filled anew for each choice: take from it what is needed later.
        An index out of bounds ends the campaign with `BadChoice`.
        """
        ...

    def end(self, run: Run) -> None:
        """Learn from the run that has just ended; it may have been cut by a limit.

        Not called for a scheduler that `Learns`.
        """
        ...


@runtime_checkable
class Observes(Protocol):
    """A scheduler that wants to know what each event reads and writes.

    observes: whether the run that has just begun is to be observed. It is looked at after each
    `begin`, so it may differ from run to run. An observed run costs several times another, and
    its ``run.events`` hold the accesses.
    """

    observes: bool


@runtime_checkable
class ByIndex(Protocol):
    """A scheduler whose run i depends on its fields, i and what it knows: any process can do it.

    next_run: the index of the run that `begin` begins next, and adds 1 to. Another process makes
    the scheduler anew from its fields, sets this, and calls `begin`.
    """

    next_run: int


@runtime_checkable
class Splits(Protocol):
    """A scheduler whose runs any process can do, given more than a number.

    looks_ahead: the next run may begin before the ones before it have been learnt from.
    """

    looks_ahead: bool

    def turn(self) -> Any:
        """Return the turn of the run that has begun, as plain data; None: it is done here."""
        ...

    def take(self, turn: Any) -> None:
        """Begin the run of that turn, in place of `begin`."""
        ...


@runtime_checkable
class Learns(Protocol):
    """A scheduler that learns at the ends of rounds, from one run after the other.

    knowledge: all that its next runs go by, as plain data, sent to the processes that do them; None
    if a turn says it all. These methods are called in place of `end`, so that the runs of a round
    know nothing of one another, and may be done in any order.
    """

    knowledge: Any

    def lesson(self, run: Run) -> Any:
        """Return what there is to learn from the run that has just ended, as plain data."""
        ...

    def study(self, lesson: Any) -> None:
        """Learn it: change ``knowledge``, and nothing else that a run depends on."""
        ...


@runtime_checkable
class Overhears(Protocol):
    """A scheduler that learns from the observed runs of others, beside which it takes turns."""

    def learn(self, run: Run) -> None:
        """Learn from an observed run that another scheduler has chosen."""
        ...


@runtime_checkable
class Draws(Protocol):
    """A scheduler that draws runs, of which what is unseen can be estimated.

    is_drawn: whether the run that has just begun was drawn, as all those are.
    """

    @property
    def is_drawn(self) -> bool:
        """Whether the run that has just begun was drawn."""
        ...


@runtime_checkable
class Completes(Protocol):
    """A scheduler whose `begin` returns False once all of something is explored."""

    @property
    def covered(self) -> str:
        """What is explored then, in words, such as ``every schedule``."""
        ...


@runtime_checkable
class Tells(Protocol):
    """A scheduler that can say what its runs have shown, provided that none of them failed."""

    def known(self) -> tuple[str, ...]:
        """Return what the runs so far have shown, in sentences; empty if nothing yet."""
        ...


@runtime_checkable
class Proves(Completes, Tells, Protocol):
    """A scheduler that completes, and says what that has shown."""


@runtime_checkable
class Claims(Completes, Protocol):
    """A scheduler whose claim to have explored all holds under conditions, or not at all."""

    @property
    def relative(self) -> tuple[str, ...]:
        """What the claim of a completed search is relative to; empty if it is a proof."""
        ...

    @property
    def doubt(self) -> str:
        """Why a completed search claims nothing; empty if it does."""
        ...


@runtime_checkable
class Aims(Protocol):
    """A scheduler that is to prove something: a campaign of which that is no proof has failed."""

    def shortfall(self, *, complete: bool) -> str:
        """Return why what has been explored is no proof; empty if it is one."""
        ...


class Replay:
    """Follow ``schedule``; wherever it says nothing, take the neutral option.

    After the run, ``skipped`` lists the deviations that could not be taken.
    """

    def __init__(self, schedule: Schedule = Schedule()) -> None:  # noqa: B008 a frozen value
        self._tasks: dict[tuple[str, int], Deviation] = {}
        self._draws: dict[tuple[str, str, int], Deviation] = {}
        for deviation in schedule.deviations:
            if deviation.kind == "task":
                self._tasks.setdefault((deviation.at, deviation.nth), deviation)
            else:
                key = (deviation.kind, deviation.at, deviation.nth)
                self._draws.setdefault(key, deviation)
        self._schedule = schedule
        self._taken: set[Deviation] = set()

    @property
    def skipped(self) -> tuple[Deviation, ...]:
        """The deviations that this replay has not (yet) taken."""
        return tuple(d for d in self._schedule.deviations if d not in self._taken)

    def begin(self) -> bool:
        """Start over."""
        self._taken = set()
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the recorded index, or 0."""
        if point.kind == "task":
            if not self._tasks:
                return 0
            deviation = self._tasks.get(point.at)
            index = 0 if deviation is None else self._index(point, str(deviation.take))
        else:
            deviation = self._draws.get((point.kind, point.label, point.ordinal))
            index = 0 if deviation is None else int(deviation.take)
            index = index if index < point.bound else 0
        if index and deviation is not None:
            self._taken.add(deviation)
        return index

    @staticmethod
    def _index(point: ChoicePoint, path: str) -> int:
        for index, task in enumerate(point.tasks):
            if task.path == path:
                return index
        return 0

    def end(self, run: Run) -> None:
        """Nothing to learn."""


class Turns:
    """Each task in its turn, whoever would be chosen; for draws ``asked`` is still asked.

    Who goes on is taken out of a scheduler's hands for a while, but not what a latency is: a load
    of many requests at once would else have calls of the median only, and no rate would be right.
    """

    def __init__(self, asked: Scheduler) -> None:
        self._asked = asked

    def begin(self) -> bool:
        """Begin nothing: the run has begun."""
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0 for a task, and for a draw what is chosen."""
        return 0 if point.kind == "task" else self._asked.choose(point)

    def end(self, run: Run) -> None:
        """Learn nothing."""
