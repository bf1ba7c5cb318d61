"""Prove: reverse races until none is left, then let samplers try to refute it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from raceexplore import BadOption, ChoicePoint, Run, by_name
from raceexplore.toolbox import MISSED, derive, sentence, shown

CHECKERS = ("urw", "random", "lockstep")


@dataclass
class Prove:
    """Show that no schedule fails: `dpor`, and then runs of samplers that must show nothing new.

    A check run of a class that `dpor` did not reach, or that shows something else than the run of
    its class, ends the claim: what events touch was not seen rightly. Draws stay neutral in all.
    checks: runs of samplers after the last race. relative: a proof relative to code that nobody
        observes is proof enough.
    """

    checks: int = 30
    relative_is_enough: bool = False
    entropy: int = 0

    observes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.checks < 0:
            raise BadOption(f"prove: checks must not be negative, not {self.checks}")
        self._dpor: Any = by_name("dpor")
        names = [(name, derive(self.entropy, name)) for name in CHECKERS]
        self._checkers: list[Any] = [by_name(name, entropy=own) for name, own in names]
        self._checked = 0
        self._running: Any = None
        self._is_over = self._is_checked = self._missed = False

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        return str(self._dpor.covered)

    @property
    def relative(self) -> tuple[str, ...]:
        """What the proof is relative to."""
        reasons: tuple[str, ...] = self._dpor.relative
        return reasons

    @property
    def doubt(self) -> str:
        """Why nothing is claimed although no race is left to reverse; empty if it is."""
        return self._dpor.doubt or (MISSED if self._missed else "")

    def known(self) -> tuple[str, ...]:
        """Return what a completed search and its checks have shown; nothing before."""
        known: tuple[str, ...] = () if self.doubt or not self._is_checked else self._dpor.known()
        return known

    def shortfall(self, *, complete: bool) -> str:
        """Return why what has been explored is no proof; empty if it is one."""
        if not complete:
            left = "checks" if self._is_over else "races to reverse"
            return self.doubt or f"no proof: there are {left} left"
        return "" if self.relative_is_enough or not self.relative else sentence(self.relative)

    def begin(self) -> bool:
        """Get ready for the next run; False once nothing is left to reverse, and to check."""
        if not self._is_over:
            self._running = self._dpor
            if self._dpor.begin():
                return True
            self._is_over = True
        if self._checked == self.checks:
            self._is_checked = True
            return False
        self._running = self._checkers[self._checked % len(self._checkers)]
        self._checked += 1
        begun: bool = self._running.begin()
        return begun

    def choose(self, point: ChoicePoint) -> int:
        """Return what the scheduler whose run it is chooses; draws are neutral, as in `dpor`."""
        if point.kind != "task" and self._is_over:
            return 0
        index: int = self._running.choose(point)
        return index

    def end(self, run: Run) -> None:
        """Learn from the run, and compare it with those of its class."""
        self._running.end(run)
        if self._is_over:
            is_new = self._dpor.classes.add(shown(run))
            self._missed = self._missed or (is_new and run.outcome != "cut")
