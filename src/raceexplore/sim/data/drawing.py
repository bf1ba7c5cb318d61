"""What one field of one record is drawn from: labelled picks that are the same whoever makes them.

A pick hangs on its label alone, and not on the task that makes it or on what was drawn before. So a
field more changes no other field, and the same entropy gives the same data under every schedule. A
record may be drawn again, by another task say: what was picked is remembered, and the first to draw
it has written what the others read.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, TypeVar

from raceexplore.sim.data.lazily import Lazily

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

Option = TypeVar("Option")
STEPS = 1_000  # of a probability


class Drawing:
    """The picks of ``label``.

    locale: of names and addresses. turn: 0, or which attempt this is after what was drawn could not
        be taken: each picks other values, the undisturbed run's too. The first after an attempt n
        takes the options n further on.
    """

    def __init__(self, world: World, label: str, locale: str, turn: int = 0) -> None:
        self.world, self.label, self.locale, self.turn = world, label, locale, turn
        self._again = f" again {turn}" if turn else ""
        self._kept: list[object] = world.remember(("data", label + self._again), list)
        self._at = 0

    def again(self, turn: int) -> Drawing:
        """Return the drawing of the attempt ``turn``."""
        return Drawing(self.world, self.label, self.locale, turn)

    def beside(self, label: str) -> Drawing:
        """Return the drawing of another label, under the same circumstances."""
        return Drawing(self.world, label, self.locale)

    def pick(self, options: Sequence[Option], part: str = "") -> Option:
        """Return one of ``options``, the first on an undisturbed run; ``part`` says what of."""
        name = f"{self.label}{self._again}{f' {part}' if part else ''}"
        known = self._at < len(self._kept)
        self.world.used(f"data {name}", write=not known)
        if not known:
            shown = turned(options, self.turn) if self.turn else options
            self._kept.append(self.world.pick(name, shown, anybodys=True))
        value: Option = deepcopy(self._kept[self._at])  # type: ignore[assignment] # what is kept
        self._at += 1
        return value

    def happens(self, chance: float, part: str) -> bool:
        """Return whether what has this chance happens; it does not on an undisturbed run."""
        return self.pick(odds(chance), part)


def turned(options: Sequence[Option], turn: int) -> Sequence[Option]:
    """Return ``options``, beginning at the nth, and the ones before it at the end."""
    size = len(options)
    return Lazily(size, lambda index: options[(index + turn) % size])


def odds(chance: float) -> Sequence[bool]:
    """Return options: False at first, then True in as many of a thousand as ``chance`` says."""
    last = round(chance * STEPS)
    return Lazily(STEPS + 1, lambda index: 0 < index <= last)
