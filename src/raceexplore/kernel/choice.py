"""Choice points: an index below a bound, and the sparse schedules made of them."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.names import TaskInfo

KINDS = ("task", "latency", "fault", "data", "tie")
DRAWN = frozenset({"latency", "fault", "data"})  # the draws that a program makes itself
TIMES = "latency", "tie"  # how long calls take: such draws act through the order of events alone
TIE_RUNS = 8  # one run in so many has calls that end just when a deadline comes
RARITY = 4, 16, 64  # of draws that are asked at each await
CLOCK = "clock"  # the name of the pseudo-task that fires deadlines


class Deviation(NamedTuple):
    """One non-neutral decision.

    kind: one of `KINDS`; a switch to the clock is one of kind ``task``.
    at: the path of the task that ran last, or ``path:label`` of a draw; a draw that is anybody's
        has no path.
    nth: how many events that task had done, or which draw of that label it was (from 0).
    take: the path of the task that goes on (``clock`` for the clock), or the drawn index.
    """

    kind: str
    at: str
    nth: int
    take: str | int


class Schedule:
    """The decisions of a run: its deviations from the default schedule, in their order.

    Any such list can be run: a deviation whose moment never comes, or whose target is not
    enabled then, is skipped. Empty is the default run. Equal where its deviations are.
    """

    __slots__ = ("_deviations", "_spell")

    def __init__(
        self,
        deviations: Iterable[Deviation] = (),
        *,
        spell: Callable[[], Iterable[Deviation]] | None = None,
    ) -> None:
        """Hold ``deviations``, or those that ``spell()`` gives when they are asked for.

        Most runs pass and nobody asks: naming every task in them would cost as much as they do.
        """
        self._deviations = tuple(deviations) if spell is None else None
        self._spell = spell

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """The deviations, in the order they were taken."""
        found = self._deviations
        if found is None:
            assert self._spell is not None
            found = self._deviations = tuple(self._spell())
            self._spell = None
        return found

    @property
    def size(self) -> int:
        """The number of deviations."""
        return len(self.deviations)

    def without(self, *indexes: int) -> Schedule:
        """Return this schedule less the deviations at ``indexes``."""
        drop = frozenset(indexes)
        return Schedule(d for i, d in enumerate(self.deviations) if i not in drop)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.deviations == other.deviations

    def __hash__(self) -> int:
        return hash(self.deviations)

    def __repr__(self) -> str:
        return f"Schedule({self.deviations!r})"

    def __reduce__(self) -> tuple[type[Schedule], tuple[tuple[Deviation, ...]]]:
        return Schedule, (self.deviations,)


class Options(Protocol):
    """What a choice point asks the run loop for, and only when a scheduler wants to know."""

    def option_tasks(self) -> list[TaskInfo]:
        """Return the task behind each option."""
        ...

    def events_so_far(self) -> Sequence[Event]:
        """Return the events of the run so far; always empty unless it is recorded."""
        ...

    def last_actor(self) -> tuple[str, int]:
        """Return the path of the task that ran last and how many events it has done."""
        ...


class ChoicePoint:
    """One question: pick an index below ``bound``. A reused view, valid during the call.

    kind: one of `KINDS`.
    bound: the number of options, at least 2; option 0 is the neutral one.
    continues: option 0 is the task that ran last and could go on (kind ``task`` only), so
        every other index is a preemption.
    label: ``path:label`` of a draw; empty for tasks.
    ordinal: which draw of that label this is, from 0.
    rare: it is asked so often that a sampler is to answer it with 0 nearly always; see `keyed`.
    """

    __slots__ = ("_options", "bound", "continues", "kind", "label", "ordinal", "rare")

    def __init__(self, options: Options) -> None:
        self._options = options
        self.kind = "task"
        self.bound = 0
        self.continues = False
        self.label = ""
        self.ordinal = 0
        self.rare = False

    def let_go(self) -> None:
        """Drop the loop: the run has ended."""
        del self._options

    @property
    def tasks(self) -> list[TaskInfo]:
        """The task behind each option (kind ``task``); the clock, if offered, is the last."""
        return self._options.option_tasks()

    @property
    def events(self) -> Sequence[Event]:
        """The events so far, a live view: of recorded runs only, else empty."""
        return self._options.events_so_far()

    @property
    def at(self) -> tuple[str, int]:
        """The task that ran last and the number of its events: where a deviation is pinned."""
        return self._options.last_actor()

    def keyed(self, entropy: int) -> int:
        """Return the index that ``entropy`` gives this draw, whatever the schedule was before it.

        Depends on the label, the ordinal and the bound only, so that the same entropy gives the
        same data under every schedule.
        """
        if self.kind == "tie" and entropy % TIE_RUNS:
            return 0
        text = f"{entropy}/{self.kind}/{self.label}/{self.ordinal}".encode()
        number = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
        if not self.rare:
            return number % self.bound
        # one in four, in sixteen or in 64, as the entropy says: runs are short and long
        one_in = RARITY[entropy % len(RARITY)]
        return 0 if number % one_in else number // one_in % (self.bound - 1) + 1
