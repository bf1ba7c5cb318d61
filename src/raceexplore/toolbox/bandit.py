"""A bandit: shares the runs of a campaign among samplers, by what each still discovers."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, KeysView, Mapping

FLOOR = 0.03


class Bandit:
    """Allots runs to arms in proportion to prior weight times discovery rate.

    The rate of an arm is Good-Turing's f1 / N: of the N runs of it that were looked at, the share
    that showed a class which no other run of any arm has shown; to begin with, 1. No arm gets
    less than ``floor`` of the runs, so that what it guarantees stays true. Deterministic: the arm
    that is furthest behind its share comes next.
    Source: Good, Biometrika 1953 (f1 / N); apportionment by Sainte-Lague's divisors.
    """

    def __init__(self, weights: Mapping[str, float], floor: float = FLOOR) -> None:
        self.floor = floor
        self._weights = dict(weights)
        self._runs = dict.fromkeys(weights, 0)
        self._looked = dict.fromkeys(weights, 0)
        self._alone = dict.fromkeys(weights, 0)  # classes seen once, by the arm that saw them
        self._seen: dict[Hashable, tuple[str, int]] = {}  # by class: who saw it first, how often
        self._twice = 0  # classes seen exactly twice
        self._shares: dict[str, float] = {}  # as they are until something is learnt

    def next(self) -> str:
        """Return the arm whose turn it is, and count a run for it."""
        shares = self._shares = self._shares or self.shares()
        arm = min(shares, key=lambda name: (self._runs[name] + 0.5) / shares[name])
        self.count(arm)
        return arm

    def count(self, arm: str) -> None:
        """Count a run for ``arm``, also one that it was given otherwise."""
        self._runs[arm] += 1

    def shares(self) -> dict[str, float]:
        """Return the share of the runs that each arm is worth now."""
        worth = {name: weight * self.rate(name) for name, weight in self._weights.items()}
        least = self.floor * sum(worth.values())
        poor = [name for name, value in worth.items() if value < least]
        rich = sum(value for name, value in worth.items() if name not in poor)
        left = 1 - self.floor * len(poor)
        return {
            name: self.floor if name in poor else left * value / rich
            for name, value in worth.items()
        }

    def rate(self, arm: str) -> float:
        """Return the chance that the next run of ``arm`` shows a new class (never quite 0)."""
        return (self._alone[arm] + 1) / (self._looked[arm] + 1)

    def learn(self, arm: str, key: Hashable) -> None:
        """Note that a run of ``arm`` was of the class ``key``."""
        self._shares = {}
        self._looked[arm] += 1
        owner, times = self._seen.get(key, (arm, 0))
        self._seen[key] = owner, times + 1
        self._alone[owner] += (times == 0) - (times == 1)
        self._twice += (times == 1) - (times == 2)

    def drop(self, *arms: str) -> None:
        """Let ``arms`` have no more runs."""
        for arm in arms:
            self._weights.pop(arm, None)
        self._shares = {}

    @property
    def seen(self) -> KeysView[Hashable]:
        """The classes seen."""
        return self._seen.keys()

    @property
    def looked(self) -> int:
        """The number of runs that were looked at."""
        return sum(self._looked.values())

    def classes(self) -> float:
        """Return Chao's estimate, a lower bound, of the number of classes, seen or not.

        S + f1 (f1 - 1) / (2 (f2 + 1)); infinity while most classes were seen once and fewer than
        5 twice, as it then tells the number of runs and not that of classes.
        Source: Chao, Scandinavian Journal of Statistics 1984.
        """
        once = sum(self._alone.values())
        if self._twice < 5 and 2 * once >= len(self._seen):
            return inf
        return len(self._seen) + once * (once - 1) / (2 * (self._twice + 1))
