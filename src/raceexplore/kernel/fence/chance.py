"""Chance inside a run: ``random`` and what is made of it follow a stream that is chosen."""

from __future__ import annotations

import random
from hashlib import blake2b
from random import Random as RealRandom
from typing import Any

from raceexplore.kernel.fence.serving import state


def derive(entropy: int, salt: int | str) -> int:
    """Return a 64-bit number that depends on nothing but the arguments."""
    return int.from_bytes(blake2b(f"{entropy}/{salt}".encode(), digest_size=8).digest(), "big")


def dice(entropy: int) -> RealRandom:
    """Return a generator that ``entropy`` alone decides; a run is not asked."""
    return RealRandom(entropy)


class RunRandom(RealRandom):
    """A generator that follows a stream of the run's inside a run, and its own state outside.

    Which stream is a choice, made when the program first draws: 0 is the entropy's own.
    """

    _serial = -1
    _inside: RealRandom | None = None

    def _stream(self) -> random.Random:
        assert state.run is not None
        if self._serial != state.serial:
            self._serial = state.serial
            number = state.run.stream()
            entropy = derive(state.run.entropy, f"stream {number}") if number else state.run.entropy
            self._inside = RealRandom(entropy)
        assert self._inside is not None
        return self._inside

    def position(self) -> Any:
        """Return where the run's stream is, None if nobody has drawn; only inside a run."""
        begun = self._serial == state.serial
        return (self._stream().getstate(), self.gauss_next) if begun else None

    def go_back(self, position: Any) -> None:
        """Put the run's stream where `position` found it."""
        if position is None:
            self._serial = -1
            return
        inside, self.gauss_next = position
        self._stream().setstate(inside)

    def random(self) -> float:
        """Return the next float in [0, 1)."""
        return super().random() if state.run is None else self._stream().random()

    def getrandbits(self, k: int) -> int:
        """Return ``k`` random bits."""
        return super().getrandbits(k) if state.run is None else self._stream().getrandbits(k)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Return a normal number; numbers are made in pairs, and a run gets none of another's."""
        if state.run is None:
            return super().gauss(mu, sigma)
        return self._stream().gauss(mu, sigma)

    def getstate(self) -> tuple[Any, ...]:
        """Return the state of what the current place follows."""
        return super().getstate() if state.run is None else self._stream().getstate()

    def setstate(self, state_: tuple[Any, ...]) -> None:
        """Set the state of what the current place follows."""
        if state.run is None:
            super().setstate(state_)
        else:
            self._stream().setstate(state_)

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Seed what the current place follows: the run's stream inside a run."""
        if state.run is None:
            super().seed(a, version)
        elif a is not None:
            self._stream().seed(a, version)


class FreshRandom(RealRandom):
    """``random.Random``, whose unseeded instances follow the run's entropy inside a run."""

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Seed from ``a``, or from the run."""
        if a is None and state.run is not None:
            a = shared.getrandbits(64)
        super().seed(a, version)


shared = RunRandom()
