"""Portfolio: the bounded search, all samplers side by side, and a proof where one is in reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from raceexplore import BadOption, Bandit, ChoicePoint, Run, Scheduler, by_name, derive, trace_key

# The samplers with their weights, which the bandit multiplies by what each discovers.
SAMPLERS = {
    "random": 4.0,
    "urw": 4.0,
    "surw": 4.0,
    "pos": 1.5,
    "swarm": 0.7,
    "freeze": 0.5,
    "pct:depth=2": 0.3,
    "pct:depth=3": 0.3,
    "sticky": 0.3,
}
DELAYS = 12  # the first schedules with at most one delay; then those with at most one preemption
EARLY, LATE = 30, 5  # every third of so many runs is the bounded search's, then one in so many
ENOUGH = 30  # runs looked at before the number of classes is estimated
UNSEEN = 7  # the first runs are not observed: many a bug needs no more
LOOK = 8  # after them one run in so many of a sampler is observed, to learn from and to compare


@dataclass
class Portfolio:
    """Explore with everything there is; needs no tuning, and is the default.

    The first run preempts nobody. Then a dozen schedules with a delay, and after them those with
    no and with one preemption, take turns with samplers that share the other runs by what they
    discover: each has at least 3 % of them, so that its own guarantee holds for its own runs.
    Once the estimated number of trace classes is small enough, optimal partial-order reduction
    gets every second run; if it completes, so does the campaign.
    burst: the most schedules of the bounded search. prove: the most trace classes that are
        worth a proof (0: none).
    What the program touches is observed in one run in eight of each sampler; the samplers that
    need to know it go by what was learnt there. Where nothing can be observed they stay out, and
    schedules are counted in place of trace classes.
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
        self._icb = by_name("icb:bound=1")
        self._bounded = [(by_name("delay:bound=1"), DELAYS), (self._icb, self.burst)]
        self._proof: Scheduler | None = None
        self._turns: dict[str, int] = dict.fromkeys(SAMPLERS, 0)
        self._runs = self._proof_runs = 0
        self._provable, self._blind, self._known = self.prove > 0, False, False
        self.observes = False

    @property
    def finished(self) -> int:
        """The number of preemptions up to which every schedule has been run; -1 for none."""
        finished: int = getattr(self._icb, "finished", -1)
        return finished

    def parts(self) -> list[Scheduler | None]:
        """Return the schedulers whose own runs tell what is known."""
        return [self._proof, self._icb, self._arms.get("pct:depth=2")]

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
        if self._is_bounded_turn() and self._begin_bounded():
            return True
        self._arm = arm = self._bandit.next()
        self._turn = self._arms[arm]
        self._turns[arm] += 1
        self._looks = self._known and self._turns[arm] % LOOK == LOOK // 2
        self.observes = self._runs == UNSEEN + 1 or (self._looks and not self._blind)
        return self._turn.begin()

    def _begin_bounded(self) -> bool:
        """Begin a run of a bounded search, if there is one left."""
        while self._bounded:
            scheduler, left = self._bounded[0]
            if left and scheduler.begin():
                self._bounded[0] = scheduler, left - 1
                self._turn, self.observes = scheduler, False
                return True
            del self._bounded[0]
        return False

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
        # what was recorded for another purpose tells nothing of what was touched
        self._turn.end(run if self.observes else replace(run, events=()))
        if self.observes:
            if not self._known:
                self._look_around(run)
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
        """Find out, from the first observed run, what there is to observe."""
        self._known = True
        opaque = [event.opaque for event in run.events]
        self._blind = all(opaque)
        strict = run.settings.time == "strict" and run.settings.order == "any"
        self._provable &= strict and not any(opaque)
        for spec, arm in list(self._arms.items()):
            if self._blind and getattr(arm, "observes", False):
                self._bandit.drop(spec)
                del self._arms[spec]
