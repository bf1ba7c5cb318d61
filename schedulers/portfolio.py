"""Portfolio: the bounded search, all samplers side by side, and a proof where one is in reach."""

from __future__ import annotations

from dataclasses import dataclass

from raceexplore import (
    BadOption,
    Bandit,
    ChoicePoint,
    Run,
    Scheduler,
    by_name,
    derive,
    trace_key,
)

# The samplers with their weights, which the bandit multiplies by what each discovers.
SAMPLERS = {
    "surw": 3.0,
    "random": 3.1,
    "pos": 2.0,
    "urw": 2.0,
    "swarm": 1.0,
    "pct:depth=2": 0.7,
    "pct:depth=3": 0.7,
    "sticky": 0.7,
    "freeze": 0.7,
}
EARLY, LATE = 30, 5  # every third of so many runs is the bounded search's, then one in so many
ENOUGH = 60  # runs looked at before the number of classes is estimated
LOOK = 4  # one run in so many of a sampler is looked at, for its class


@dataclass
class Portfolio:
    """Explore with everything there is; needs no tuning, and is the default.

    The first run is the quiet day. Then the schedules with no and with one preemption take turns
    with samplers that share the other runs by what they discover: each has at least 3 % of them,
    so that its own guarantee holds for its own runs. Once the estimated number of trace classes
    is small enough, optimal partial-order reduction gets every second run; if it completes, so
    does the campaign.
    burst: the most schedules of the bounded search. prove: the most trace classes that are
        worth a proof (0: none).
    What the program touches is observed in the runs of the samplers that need it and in some
    others; where nothing can be observed, these samplers stay out and classes are schedules.
    Source: docs/schedulers.md; Coyote's default is a portfolio too, rotated without feedback.
    """

    burst: int = 400
    prove: int = 5_000
    entropy: int = 0

    def __post_init__(self) -> None:
        if self.burst < 1 or self.prove < 0:
            raise BadOption("portfolio: burst must be at least 1, prove must not be negative")
        self._arms: dict[str, Scheduler] = {
            spec: by_name(spec, entropy=derive(self.entropy, spec)) for spec in SAMPLERS
        }
        self._bandit = Bandit(SAMPLERS)
        self._bounded: Scheduler | None = by_name("icb:bound=1")
        self._proof: Scheduler | None = None
        self._turns: dict[str, int] = dict.fromkeys(SAMPLERS, 0)
        self._runs = self._bounded_runs = self._proof_runs = 0
        self._provable, self._blind = self.prove > 0, False
        self.observes = True

    def begin(self) -> bool:
        """Choose whose run it is; False once every trace class has been explored."""
        self._runs += 1
        self._arm = ""
        if self._proof is not None and self._runs % 2:
            self._turn, self.observes = self._proof, True
            self._proof_runs += 1
            if self._proof_runs <= 2 * self.prove:
                return self._proof.begin()
            self._forget_proof()  # the estimate was far too low
        if self._bounded is not None and self._is_bounded_turn():
            if self._bounded_runs < self.burst and self._bounded.begin():
                self._turn, self.observes = self._bounded, self._bounded_runs == 0
                self._bounded_runs += 1
                return True
            self._bounded = None
        self._arm = arm = self._bandit.next()
        self._turn = self._arms[arm]
        self._turns[arm] += 1
        self._looks = self._turns[arm] % LOOK == 1
        observing = getattr(self._turn, "observes", False)
        self.observes = observing or (self._looks and not self._blind)
        return self._turn.begin()

    def _is_bounded_turn(self) -> bool:
        return self._runs % (3 if self._runs <= EARLY else LATE) == 1

    def choose(self, point: ChoicePoint) -> int:
        """Return what the scheduler whose run it is chooses."""
        if self._provable and (point.kind != "task" or point.tasks[-1].serial < 0):
            self._forget_proof()  # it takes draws and the clock as they come
        return self._turn.choose(point)

    def _forget_proof(self) -> None:
        self._provable, self._proof = False, None

    def end(self, run: Run) -> None:
        """Let everybody learn from the run, and see whether a proof is in reach."""
        self._turn.end(run)
        if self._runs == 1:
            self._look_around(run)
        if self.observes:
            for arm in self._arms.values():
                if arm is not self._turn and hasattr(arm, "learn"):
                    arm.learn(run)
        if self._arm and self._looks:
            self._bandit.learn(self._arm, run.schedule if self._blind else trace_key(run.events))
        if self._provable and self._proof is None and self._is_small():
            self._proof = by_name("dpor")

    def _is_small(self) -> bool:
        return self._bandit.looked >= ENOUGH and self._bandit.classes() <= self.prove

    def _look_around(self, run: Run) -> None:
        """Find out, from the first run, what there is to observe."""
        opaque = [event.opaque for event in run.events]
        self._blind = all(opaque)
        strict = run.settings.time == "strict" and run.settings.order == "any"
        self._provable &= strict and not any(opaque)
        for spec, arm in list(self._arms.items()):
            if self._blind and getattr(arm, "observes", False):
                self._bandit.drop(spec)
                del self._arms[spec]
