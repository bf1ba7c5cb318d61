"""Samplers side by side: what an observed run of one shows, all that want to know learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.fence.chance import derive
from raceexplore.kernel.scheduler import Draws, Learns, Observes, Overhears
from raceexplore.toolbox.by_name import by_name, fields
from raceexplore.toolbox.classes import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from raceexplore.kernel.outcome import Run

# The portfolio's samplers with their weights, which its bandit multiplies by what each discovers.
WEIGHTS = {
    **dict.fromkeys(("pos", "surw"), 4.0),
    "urw": 3.0,
    "lockstep": 1.5,
    **dict.fromkeys(("random", "swarm", "freeze"), 0.5),
    **dict.fromkeys(("pct:depth=2", "pct:depth=3", "sticky"), 0.3),
}

Turn = tuple[str, Any, bool, bool]
Lesson = tuple[str, Any, Any]


class _Offers(NamedTuple):
    draws: bool
    learns: bool
    overhears: bool


_known: dict[type, _Offers] = {}


def _offers(sampler: Any) -> _Offers:
    """Return what samplers of that class offer: to ask one of them costs as much as some events."""
    kind = type(sampler)
    if kind not in _known:
        asked = isinstance(sampler, Draws), isinstance(sampler, Learns)
        _known[kind] = _Offers(*asked, isinstance(sampler, Overhears))
    return _known[kind]


class Samplers(dict[str, Any]):
    """Samplers by name, one of whose runs is going on. A pickle holds what they know.

    every: one run in so many of each is looked at, to learn from and to compare. blind: nothing
    can be observed, so schedules are compared and not trace classes. search: a scheduler that
    takes turns with them and looks ahead (see `Relay`). running: whose run it is; empty: that
    one's. observes: the run is to be observed.
    """

    every, blind, running, observes = 1, False, "", False
    search: Any = None

    def __init__(self, samplers: Iterable[tuple[str, Any]]) -> None:
        super().__init__(samplers)
        kinds = {name: _offers(one) for name, one in self.items()}
        self._drawn = {name for name, kind in kinds.items() if kind.draws}
        self._learners = {name for name, kind in kinds.items() if kind.learns}
        self._overhear = {name for name, kind in kinds.items() if kind.overhears}

    @classmethod
    def by_name(
        cls, names: Iterable[str], entropy: int, own: Mapping[str, int], *, every: int
    ) -> Samplers:
        """Return those samplers. own: the entropy of some; the others' is their own as well."""
        made = cls((n, by_name(n, entropy=own.get(n, derive(entropy, n)))) for n in names)
        made.every = every
        return made

    def start(self, name: str, *, looks: bool) -> Any:
        """Begin the next run of a sampler; return the sampler. looks: look in any case."""
        number = self[name].next_run
        looks = looks or (number + 1) % self.every == self.every // 2
        return self.take((name, number, looks, self.blind))

    @property
    def is_drawn(self) -> bool:
        """Whether the run that has begun is one that a sampler draws."""
        return self.running in self._drawn and bool(self[self.running].is_drawn)

    def turn(self) -> Turn:
        """Return the turn of the run that has begun."""
        if not self.running:
            return "", self.search.turn(), False, self.blind
        return self.running, self[self.running].next_run - 1, self._looks, self.blind

    def take(self, turn: Turn) -> Any:
        """Begin the run of that turn; return the sampler whose it is, or the search."""
        self.running, number, self._looks, self.blind = turn
        self.observes = self._looks and not self.blind
        if not self.running:
            self.search.take(number)
            return self.search
        sampler = self[self.running]
        sampler.next_run = number
        sampler.begin()
        return sampler

    def lesson(self, run: Run) -> Lesson:
        """Return whose run it was, what it has to learn, and the class if that is looked at."""
        if not self.running:
            return "", self.search.lesson(run), None
        sampler, key = self[self.running], None
        learnt = sampler.lesson(run) if self.running in self._learners else None
        if self._looks:
            key = (run.schedule, 0) if self.blind else shown(run)
        return self.running, learnt, key

    def study(self, lesson: Lesson | None, run: Run | None) -> None:
        """Let one learn its lesson, and the other samplers from ``run``, if it was observed."""
        name, learnt, _ = lesson or ("", None, None)
        if learnt is not None and name in self:
            self[name].study(learnt)
        elif lesson is not None and not name:
            self.search.study(learnt)
        for other in self if run is not None else ():
            if other != name and other in self._overhear:
                self[other].learn(run)

    def drop_observing(self) -> list[str]:
        """Drop those that go by what is observed: nothing is. Return their names."""
        self.blind = True
        dropped = [name for name, s in self.items() if isinstance(s, Observes) and s.observes]
        for name in dropped:
            del self[name]
        return dropped

    def __reduce__(self) -> tuple[Callable[..., Samplers], tuple[Any, ...]]:
        made = [
            (name, type(s), fields(s), s.knowledge if name in self._learners else None)
            for name, s in self.items()
        ]
        return _restored, (made,)


def _restored(made: list[tuple[str, type, dict[str, Any], Any]]) -> Samplers:
    samplers = Samplers((name, kind(**given)) for name, kind, given, _ in made)
    for name, _, _, knowledge in made:
        if knowledge is not None:
            samplers[name].knowledge = knowledge
    return samplers
