"""What any Hypothesis strategy draws, where each of its choices is a labelled pick.

So a datum shrinks with the schedule, choice by choice, and Hypothesis's own order of choices says
which one is the simplest. Its interface for backends is internal; this file is where it ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis.errors import StopTest, UnsatisfiedAssumption
from hypothesis.internal.conjecture.choice import choice_from_index, choice_permitted
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.internal.conjecture.providers import PrimitiveProvider

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.data.lazily import Lazily

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from raceexplore.sim.data.drawing import Drawing

ATTEMPTS = 50  # at what a filter lets through
WIDE = 1_024  # options that are asked for one by one
BITS = 64
EXTRA = 12  # letters above the least


@dataclass(frozen=True, slots=True)
class Strategic:
    """What ``strategy`` draws."""

    strategy: SearchStrategy[Any]

    def draw(self, drawing: Drawing) -> Any:
        """Return a value; the strategy's simplest on an undisturbed run, if no filter is in it.

        Raises `BadOption` if a filter has refused fifty.
        """
        for turn in range(ATTEMPTS):
            provider = Choices(drawing.again(turn) if turn else drawing)
            data = ConjectureData(random=None, provider=provider)
            try:
                return data.draw(self.strategy)
            except (StopTest, UnsatisfiedAssumption):
                continue
        raise BadOption(f"{drawing.label}: {self.strategy!r} refuses all {ATTEMPTS} values tried")

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """None: the strategy knows its own."""
        return ()


class Choices(PrimitiveProvider):
    """Hypothesis's choices, asked of the schedule one by one."""

    lifetime = "test_case"

    def __init__(self, drawing: Drawing) -> None:
        super().__init__(None)
        self._drawing = drawing

    def draw_boolean(self, p: float = 0.5) -> bool:
        """Return False on an undisturbed run."""
        return p >= 1 or (p > 0 and self._drawing.happens(p, "choice"))

    def draw_integer(
        self,
        min_value: int | None = None,
        max_value: int | None = None,
        *,
        weights: dict[int, float] | None = None,
        shrink_towards: int = 0,
    ) -> int:
        """Return a whole number; ``shrink_towards`` on an undisturbed run, if it is in bounds."""
        wanted: Any = {
            "min_value": min_value,
            "max_value": max_value,
            "weights": None,
            "shrink_towards": shrink_towards,
        }
        bounded = min_value is not None and max_value is not None
        size = max_value - min_value + 1 if bounded else None  # type: ignore[operator]
        return int(self._at(size, lambda index: choice_from_index(index, "integer", wanted)))

    def draw_float(
        self,
        *,
        min_value: float = -math.inf,
        max_value: float = math.inf,
        allow_nan: bool = True,
        smallest_nonzero_magnitude: float,
    ) -> float:
        """Return a float, one of the odd ones in half of the cases."""
        wanted: Any = {
            "min_value": min_value,
            "max_value": max_value,
            "allow_nan": allow_nan,
            "smallest_nonzero_magnitude": smallest_nonzero_magnitude,
        }
        odd = (-0.0, min_value, max_value, math.inf, -math.inf, math.nan)
        fit = [value for value in odd if choice_permitted(value, wanted)]
        if fit and self._drawing.happens(0.5, "odd"):
            return self._drawing.pick(fit, "choice")
        # as Hypothesis orders floats: the highest bit but one says that it is no small whole number
        high = self._drawing.happens(0.5, "minus") << BITS
        high |= self._drawing.happens(0.5, "fraction") << (BITS - 1)
        return float(self._at(None, lambda low: choice_from_index(high | low, "float", wanted)))

    def draw_string(self, intervals: Any, *, min_size: int = 0, max_size: int = WIDE) -> str:
        """Return a string; the shortest one of simplest letters on an undisturbed run."""
        letters = Lazily(min(len(intervals), WIDE), lambda n: _letter(intervals, n))
        length = self._length(min_size, max_size)
        return "".join(self._drawing.pick(letters, "letter") for _ in range(length))

    def draw_bytes(self, min_size: int = 0, max_size: int = WIDE) -> bytes:
        """Return bytes; the shortest, all 0, on an undisturbed run."""
        length = self._length(min_size, max_size)
        return bytes(self._drawing.pick(range(256), "byte") for _ in range(length))

    def _length(self, least: int, most: int) -> int:
        return self._drawing.pick(range(least, min(most, least + EXTRA) + 1), "length")

    def _at(self, size: int | None, made: Callable[[int], Any]) -> Any:
        """Return what is made of an index below ``size``; many of them are drawn by magnitude."""
        if size is not None and size <= WIDE:
            return self._drawing.pick(Lazily(size, made), "choice")
        bits = self._drawing.pick(range(BITS - 1), "bits")
        below = 1 << bits if size is None else min(1 << bits, size)
        return self._drawing.pick(Lazily(below, made), "choice")


def _letter(intervals: Any, index: int) -> str:
    """Return one of ``intervals``: the simplest at first, and then ones from all over them."""
    half = WIDE // 2
    if index >= half and len(intervals) > WIDE:
        index = half + (index - half) * (len(intervals) - half) // half
    letter: str = intervals.char_in_shrink_order(index)
    return letter
