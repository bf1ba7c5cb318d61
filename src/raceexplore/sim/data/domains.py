"""Domains: what a field may be, the simplest first, and the boundaries that deserve a try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.data.lazily import Lazily, distinct

if TYPE_CHECKING:
    from raceexplore.sim.data.drawing import Drawing


class Domain(Protocol):
    """What a field may be."""

    def draw(self, drawing: Drawing) -> Any:
        """Return a value; the simplest one on an undisturbed run."""
        ...

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """What `Field.nasty` tries beside: the simplest first, and not all of it valid."""
        ...


def numbers(low: int, high: int, made: Callable[[int], Any] = int) -> Sequence[Any]:
    """Return the whole numbers from ``low`` to ``high``, the nearest to 0 first: 0, 1, -1, 2, ...

    made: what becomes of each, an amount of money say. Raises `BadOption` if there are none.
    """
    if low > high:
        raise BadOption(f"from {low} to {high} there is no number")
    return Lazily(high - low + 1, lambda index: made(_nearest(low, high, index)))


def _nearest(low: int, high: int, index: int) -> int:
    """Return the number at ``index`` of those from ``low`` to ``high``, the nearest to 0 first."""
    if low >= 0:
        return low + index
    if high <= 0:
        return high - index
    both = 2 * min(-low, high)  # so many after the 0 alternate
    if index <= both:
        return (index + 1) // 2 if index % 2 else -(index // 2)
    rest = index - both // 2
    return rest if high > -low else -rest


LIMITS = tuple(
    number for bits in (8, 16, 32, 64) for number in (2 ** (bits - 1) - 1, -(2 ** (bits - 1)) - 1)
)
"""The largest of what a column or a C integer holds, and one less than the smallest."""


@dataclass(frozen=True, slots=True)
class Integers:
    """Whole numbers from ``low`` to ``high``, both included."""

    low: int
    high: int

    def draw(self, drawing: Drawing) -> int:
        """Return one of them; each is as likely."""
        number: int = drawing.pick(numbers(self.low, self.high))
        return number

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """0, both ends and what is just beyond them, 1, -1, and what columns cannot hold."""
        ends = (0, self.low, self.high, self.low - 1, self.high + 1, 1, -1)
        return distinct(*ends, *LIMITS)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Decimals from ``low`` to ``high``, both included, with so many ``places``."""

    low: Decimal
    high: Decimal
    places: int

    def draw(self, drawing: Drawing) -> Decimal:
        """Return one of them; each is as likely."""
        low, high = (int(end.scaleb(self.places)) for end in (self.low, self.high))
        amount: Decimal = drawing.pick(numbers(low, high, self._made))
        return amount

    def _made(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self.places)

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """0, both ends and what is just beyond them, half a unit, and what no column holds."""
        unit = self._made(1)
        ends = (Decimal(0), self.low, self.high, self.low - unit, self.high + unit)
        return distinct(*ends, unit, -unit, unit / 2, Decimal("1e28"))


@dataclass(frozen=True, slots=True)
class Listed:
    """One of ``items``, the first on an undisturbed run."""

    items: Sequence[Any]

    def __post_init__(self) -> None:
        if not len(self.items):
            raise BadOption("one_of: it needs at least one item")

    def draw(self, drawing: Drawing) -> Any:
        """Return one of them; each is as likely."""
        return drawing.pick(self.items)

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """The first and the last one."""
        return distinct(self.items[0], self.items[-1])
