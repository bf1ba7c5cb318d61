"""Exhaustive depth-first search: every schedule once."""

from __future__ import annotations

from dataclasses import dataclass

from raceexplore import BadOption, ChoicePoint, NotDeterministic, Run


@dataclass
class DFS:
    """Visit every schedule exactly once, the default schedule first.

    preemptions: visit only schedules with at most that many switches away from a task that
        could go on (-1: all). latencies: enumerate latencies too, instead of keeping each at its
        median. Complete when every alternative is used up; a program that does not replay its
        prefix is `NotDeterministic`.
    Source: Godefroid's VeriSoft (POPL 1997); the bound is CHESS's (Musuvathi and Qadeer,
    PLDI 2007).
    """

    preemptions: int = -1
    latencies: bool = False

    def __post_init__(self) -> None:
        if self.preemptions < -1:
            raise BadOption(f"dfs: preemptions must be -1 or more, not {self.preemptions}")
        self._path: list[tuple[int, int, str]] = []  # (index, limit, what was asked)
        self._depth = 0
        self._spent = 0
        self._started = False
        self._medians = ""

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        bound = self.preemptions
        most = "" if bound < 0 else f" of at most {bound} preemption{'s' * (bound != 1)}"
        return f"every schedule{most}{self._medians}"

    def begin(self) -> bool:
        """Advance the deepest choice that has an alternative left; False when none has."""
        if self._started:
            while self._path and self._path[-1][0] + 1 >= self._path[-1][1]:
                self._path.pop()
            if not self._path:
                return False
            index, limit, asked = self._path[-1]
            self._path[-1] = (index + 1, limit, asked)
        self._started = True
        self._depth = self._spent = 0
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the recorded index on the prefix, 0 beyond it."""
        if point.kind == "latency" and not self.latencies:
            self._medians = ", each latency at its median"
            return 0
        if point.kind == "tie":
            self._medians = self._medians or ", no call ending just at a deadline"
            return 0
        asked = f"{point.kind} {point.label} {point.bound} {point.continues}"
        if self._depth < len(self._path):
            index, _, recorded = self._path[self._depth]
            if recorded != asked:
                raise NotDeterministic(
                    f"choice {self._depth} was '{recorded}' and is now '{asked}':"
                    " the program does not do the same under the same schedule"
                )
        else:
            index = 0
            exhausted = point.continues and self._spent == self.preemptions
            self._path.append((0, 1 if exhausted else point.bound, asked))
        self._depth += 1
        self._spent += bool(index and point.continues)
        return index

    def end(self, run: Run) -> None:
        """Forget what an earlier run had chosen beyond the end of this one."""
        del self._path[self._depth :]
