"""Portfolio: the bounded search, all samplers side by side, and a proof where one is in reach."""

from __future__ import annotations

from dataclasses import dataclass, replace

from raceexplore import BadOption, Bandit, ChoicePoint, Run, Scheduler, by_name, derive, trace_key

# The samplers with their weights, which the bandit multiplies by what each discovers.
SAMPLERS = {
    "pos": 4.0,
    "surw": 4.0,
    "urw": 3.0,
    "lockstep": 1.5,
    "random": 0.5,
    "swarm": 0.5,
    "freeze": 0.5,
    **dict.fromkeys(("pct:depth=2", "pct:depth=3", "sticky"), 0.3),
}
# Whose the first runs are: first those that are cheap and unlike each other, then the samplers.
OPENING = (
    *("delay", "lockstep") * 2, "delay", "delay", "urw", "urw", "lockstep",
    *("pos", "surw") * 3, "pos", "delay", "delay", "delay",
)  # fmt: skip
DELAYS = 12  # the first schedules by their number of delays; then those by preemptions, up to one
EVERY = 5  # after the opening one run in so many is the bounded search's
ENOUGH = 30  # runs looked at before the number of classes is estimated
UNSEEN = 7  # the first runs are not observed: many a bug needs no more
LOOK = 8  # after them one run in so many of a sampler is observed, to learn from and to compare


@dataclass
class Portfolio:
    """Explore with everything there is; needs no tuning, and is the default.

    The first run preempts nobody. Others follow that are unlike each other: all tasks in step, one
    delayed at the end or the start, a few walks. Then schedules with no and with one preemption
    take turns with samplers that share the other runs by what they discover: each has at least
    3 % of them, so that its own guarantee holds for its own runs. Once the estimated number of
    trace classes is small enough, optimal partial-order reduction gets every second run; if it
    completes, so does the campaign.
    What the program touches is observed in one run in eight of each sampler; those that need to
    know it go by what was learnt there. Where nothing can be observed they stay out, and
    schedules are counted in place of classes.
    burst: the most schedules with at most one preemption. prove: the most trace classes that are
        worth a proof (0: none).
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
        self._bounded = [(by_name("delay"), DELAYS), (self._icb, self.burst)]
        self._proof: Scheduler | None = None
        self._turns: dict[str, int] = dict.fromkeys(SAMPLERS, 0)
        self._runs = self._proof_runs = 0
        self._provable = self.prove > 0
        self._draws = self._blind = self._known = False
        self.observes = False

    def parts(self) -> list[Scheduler | None]:
        """Return the schedulers whose own runs tell what is known."""
        return [self._proof, self._icb, self._arms.get("pct:depth=2")]

    def begin(self) -> bool:
        """Choose whose run it is; False once every trace class has been explored."""
        self._runs += 1
        self._arm = ""
        self._onlookers = [self._arms["urw"]] if self._runs == 1 else []
        for onlooker in self._onlookers:
            onlooker.begin()
        if self._proof is not None and self._runs % 2:
            self._turn, self.observes = self._proof, True
            self._proof_runs += 1
            if self._proof_runs <= 2 * self.prove:
                return self._proof.begin()
            self._forget_proof()  # the estimate was far too low
        opening = OPENING[self._runs - 1] if self._runs <= len(OPENING) else ""
        if self._is_bounded_turn(opening) and self._begin_bounded():
            return True
        self._arm = arm = opening if opening in self._arms else self._bandit.next()
        self._turn = self._arms[arm]
        self._turns[arm] += 1
        self._looks = self._known and self._turns[arm] % LOOK == LOOK // 2
        self.observes = self._runs == UNSEEN + 1 or (self._looks and not self._blind)
        return self._turn.begin()

    def _is_bounded_turn(self, opening: str) -> bool:
        if opening:  # other draws find more than other orders with the same draws
            return opening == "delay" and not self._draws
        return self._runs % (2 * EVERY if self._draws else EVERY) == 0

    def _begin_bounded(self) -> bool:
        while self._bounded:
            scheduler, left = self._bounded[0]
            if left and scheduler.begin():
                self._bounded[0] = scheduler, left - 1
                self._turn, self.observes = scheduler, False
                return True
            del self._bounded[0]
        return False

    def choose(self, point: ChoicePoint) -> int:
        """Return what the scheduler whose run it is chooses."""
        if point.kind != "task":
            self._draws = True
            self._forget_proof()  # it takes draws as they come
        for onlooker in self._onlookers:
            onlooker.choose(point)
        return self._turn.choose(point)

    def _forget_proof(self) -> None:
        self._provable, self._proof = False, None

    def end(self, run: Run) -> None:
        """Let everybody learn from the run, and see whether a proof is in reach."""
        for onlooker in self._onlookers:
            onlooker.end(run)
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
        if self._provable and self._proof is None and self._bandit.looked >= ENOUGH:
            self._proof = by_name("dpor") if self._bandit.classes() <= self.prove else None

    def _look_around(self, run: Run) -> None:
        self._known = True
        opaque = [event.opaque for event in run.events]
        self._blind = all(opaque)
        strict = run.settings.time == "strict" and run.settings.order == "any"
        self._provable &= strict and not any(opaque)
        for spec, arm in list(self._arms.items()):
            if self._blind and getattr(arm, "observes", False):
                self._bandit.drop(spec)
                del self._arms[spec]
