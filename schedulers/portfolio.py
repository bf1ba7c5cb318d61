"""Portfolio: reversed races, walks and the bounded search side by side, and a proof in reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from raceexplore import BadOption, ChoicePoint, Run, Scheduler, by_name
from raceexplore.toolbox import WEIGHTS, Bandit, Proof, Relay, Samplers, whose_turn

DELAYS = 12  # the first schedules by their number of delays; then those by preemptions, up to one
ENOUGH = 30  # runs looked at before the number of classes is estimated, and a proof believed
LOOK = 8  # one run in so many of a sampler is observed, to learn from and to compare


@dataclass
class Portfolio:
    """Explore with everything there is; needs no tuning, and is the default.

    The first run preempts nobody, and is observed. Then runs that reverse a race, runs in which
    all tasks go in step, and uniform walks take turns. Later, some runs have at most one
    preemption; samplers share the others by what they discover: each has at least 3 % of them, so
    that its own guarantee holds for its own runs. Once the estimated number of trace classes is
    small, optimal partial-order reduction, which the reversed races began, gets every second run;
    if it completes, so does the campaign.
    One run in eight of each sampler is observed; those that need to know what the program touches
    go by that. Where nothing can be observed they stay out, and schedules count, not classes.
    burst: the most schedules with at most one preemption. prove: the most trace classes that are
        worth a proof (0: none).
    Source: docs/schedulers.md; Coyote's default is a portfolio too, rotated without feedback.
    """

    looks_ahead: ClassVar[bool] = False
    doubt: ClassVar[str] = ""  # a proof that is in doubt is forgotten

    burst: int = 400
    prove: int = 5_000
    entropy: int = 0

    def __post_init__(self) -> None:
        if self.burst < 1 or self.prove < 0:
            raise BadOption("portfolio: burst must be at least 1, prove must not be negative")
        own = {"urw": self.entropy}  # it walks as `urw` alone does with this entropy
        self._arms = self.knowledge = Samplers.by_name(WEIGHTS, self.entropy, own, every=LOOK)
        self._turn: Scheduler
        self._bandit = Bandit(WEIGHTS)
        self._proof, self._icb = Proof(self.prove), by_name("icb:bound=1")
        legs = (by_name("delay"), DELAYS), (self._icb, self.burst)
        self._bounded = self._arms.search = Relay(*legs)
        self._runs, self._draws, self.observes, self._is_complete = 0, False, False, False
        self._shown: set[Any] = set()  # by the runs that were looked at, and their classes

    def known(self) -> tuple[str, ...]:
        """Return what the runs of the proof, the bounded search and PCT have shown."""
        parts: list[Any] = [self._icb, self._arms.get("pct:depth=2")]
        told = [part.known() for part in parts if part is not None]
        return sum(told, self._proof.known() if self._is_complete else ())

    @property
    def is_drawn(self) -> bool:
        """Whether the run that has begun is one that a sampler draws."""
        return self._arms.is_drawn

    @property
    def relative(self) -> tuple[str, ...]:
        """What a completed proof is relative to."""
        return self._proof.relative

    @property
    def covered(self) -> str:
        """What a completed proof has explored, in words."""
        return self._proof.covered

    def begin(self) -> bool:
        """Choose whose run it is; False once every trace class has been explored."""
        self._is_complete = self._bandit.looked >= ENOUGH and self._proof.holds(self._shown)
        if self._is_complete:
            return False
        self._runs += 1
        proof = self._proof
        turn = whose_turn(self._runs, proof=proof.is_open, near=proof.near, draws=self._draws)
        if not self._start(turn):
            self._start(self._bandit.next())
        elif self._arm:
            self._bandit.count(turn)
        self.choose = self._turn.choose  # type: ignore[method-assign]  # one call less a choice
        return True

    def _start(self, turn: str) -> bool:
        """Begin the run of ``turn``; False if that has nothing left to run."""
        self._arm = self._arms.running = turn if turn in self._arms else ""
        if turn == "proof":
            self._turn, self.observes = self._proof, True
        elif turn == "bounded":
            self._turn, self.observes = self._bounded, self._runs == 1
        elif not self._arm:
            return False
        else:
            self._turn = self._arms.start(turn, looks=self._proof.finished)
            self.observes = self._arms.observes
            return True
        return self._turn.begin()

    def choose(self, point: ChoicePoint) -> int:
        """Return what the scheduler whose run it is chooses."""
        return self._turn.choose(point)

    def turn(self) -> Any:
        """Return the turn of the run that has begun; None for the proof, which looks not ahead."""
        return None if self._turn is self._proof else self._arms.turn()

    def take(self, turn: Any) -> None:
        """Begin the run of that turn."""
        self._arms, self.knowledge.search = self.knowledge, self._bounded
        self._turn, self._arm = self._arms.take(turn), self._arms.running
        self.choose, self.observes = self._turn.choose, self._arms.observes  # type: ignore[method-assign]

    def end(self, run: Run) -> None:
        """Let everybody learn from the run."""
        self.study(self.lesson(run))

    def lesson(self, run: Run) -> Any:
        """Return what there is to learn, and the run, if observed; the proof learns at once."""
        if run.events and not self.observes:  # they were recorded for another purpose
            run = replace(run, events=())
        if self._turn is self._proof:
            self._turn.end(run)
            return None, run
        return self._arms.lesson(run), run if self.observes else None

    def study(self, lesson: Any) -> None:
        """Let the samplers learn, and see whether a proof is in reach."""
        own, run = lesson
        self._arms.study(own, run)
        if run is not None:
            self._learn(run)
        if own is not None and own[-1] is not None:
            self._bandit.learn(own[0], own[-1][0])  # what a class has shown is no other class
            self._shown.add(own[-1])
            if self._bandit.looked >= ENOUGH:
                self._proof.weigh(self._bandit.classes())

    def _learn(self, run: Run) -> None:
        if self._runs == 1:
            self._proof.look(run)
            if all(event.opaque for event in run.events):
                self._bandit.drop(*self._arms.drop_observing())
        if any(event.draws for event in run.events):
            self._draws = True
            self._proof.forget()  # it takes draws as they come
