"""Texts: letters drawn one by one, and the strings that programs stumble over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.data.lazily import distinct

if TYPE_CHECKING:
    from raceexplore.sim.data.drawing import Drawing

LETTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-'\"/\u00e9\u00df\u0159\u4e2d"
)
LONG = 10_000  # letters, and more than any column or header of most has room for

ODD = (
    "",
    " ",
    "0",
    "-1",
    "1e999",  # read as a number, it is infinite
    "null",
    "\0",  # PostgreSQL refuses it, C ends there
    "\n",
    "e\u0301",  # an accent of its own: two code points, and equal to one only when normalised
    "\u0130\u00df",  # changed in case, it changes its length
    "\u202eabc",  # shown from right to left
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # one sign, five code points
    "\ud800",  # half a character: not to be encoded
    "'; --",
    "x" * LONG,
)
"""Strings that are odd whatever the field is for."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Strings of ``least`` to ``most`` letters; the first of ``letters`` is the simplest."""

    least: int
    most: int
    letters: str = LETTERS

    def __post_init__(self) -> None:
        if not (0 <= self.least <= self.most and self.letters):
            raise BadOption(f"no text has {self.least} to {self.most} letters of {self.letters!r}")

    def draw(self, drawing: Drawing) -> str:
        """Return one: its length is drawn, and then each letter."""
        length = drawing.pick(range(self.least, self.most + 1), "length")
        return "".join(drawing.pick(self.letters, "letter") for _ in range(length))

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """The shortest, the longest and what is just beyond them; and what is odd anyway."""
        lengths = (self.least, self.most, self.least - 1, self.most + 1)
        edges = (self.letters[0] * length for length in lengths if length >= 0)
        return distinct(*edges, *ODD)
