"""A latency is a quantile: the schedule picks a share, and the distribution says the seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, overload

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

QUANTILES = 1023
SHORTEST, LONGEST = 1 / 1024, 1023 / 1024  # the shares at the ends of them


class Latency(Protocol):
    """How long a call takes: what everything in this room has in common."""

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        ...

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        ...


class Distribution(Latency, Protocol):
    """A latency that one quantile decides."""

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        ...


@dataclass(frozen=True, slots=True)
class Quantiles(Sequence[float]):
    """The 1,023 quantiles of ``latency`` at 1/1024 steps, the median first.

    The order is van der Corput's (1935): 1/2, 1/4, 3/4, 1/8, 5/8, 3/8, 7/8, 1/16, ... A small
    index is a simple fraction, so that a shrinker that lowers indices ends at the median. Seconds
    have 12 significant digits: another platform's ``exp`` may differ beyond them, and a seed must
    give the same run there.
    """

    latency: Distribution

    def __len__(self) -> int:
        return QUANTILES

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> list[float]: ...
    def __getitem__(self, index: int | slice) -> float | list[float]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(QUANTILES))]
        if not -QUANTILES <= index < QUANTILES:
            raise IndexError(f"there are {QUANTILES} quantiles; {index} is none of them")
        return float(f"{self.latency.quantile(share(index % QUANTILES)):.12g}")


def share(index: int) -> float:
    """Return the fraction at ``index`` of van der Corput's order: the bits of index + 1, mirrored.

    0 -> 1/2, 1 -> 1/4, 2 -> 3/4, 3 -> 1/8. Exact in binary floating point.
    """
    number = index + 1
    mirrored = int(f"{number:b}"[::-1], 2)
    return mirrored / (1 << number.bit_length())


def drawn(latency: Distribution, world: World, label: str) -> float:
    """Return the seconds of the quantile that the schedule picks for the call ``label``.

    A sweep may lengthen them all, by the knob ``latency``.
    """
    return world.pick(label, Quantiles(latency), kind="latency") * world.knob("latency", 1.0)


def lasting(latency: Distribution, world: World, label: str) -> float:
    """Return the seconds for which the call ``label``, which begins now, lasts.

    Those that the schedule picks; in some runs it ends exactly when a deadline comes: see
    `World.until_deadline`.
    """

    def within() -> tuple[float, float]:
        factor = world.knob("latency", 1.0)
        return latency.quantile(SHORTEST) * factor, latency.quantile(LONGEST) * factor

    return world.until_deadline(label, drawn(latency, world, label), within)


def require(held: bool, otherwise: str) -> None:  # noqa: FBT001 a condition, not an option
    """Raise `ValueError` with the text ``otherwise`` unless ``held``."""
    if not held:
        raise ValueError(otherwise)
