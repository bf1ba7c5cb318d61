"""Fields: what a record's parts may be, and how nasty, rare, unique or contended they are."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.data.domains import Amounts, Domain, Integers, Listed
from raceexplore.sim.data.fakes import Fakes
from raceexplore.sim.data.lazily import Lazily, distinct
from raceexplore.sim.data.moments import Instants
from raceexplore.sim.data.texts import LETTERS, Texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import SearchStrategy

    from raceexplore.sim.data.drawing import Drawing

DAY_S = 86_400
UNIQUE_ATTEMPTS = 2_000
SPARE = 43  # options for one boundary: 200 records then show each in more than 99 of 100 samples


class Nature(Enum):
    """What a value is, other than one of the boundaries."""

    ORDINARY = "ordinary"
    CONTENDED = "contended"


class Spot(NamedTuple):
    """Where a field stands: in record ``number`` of those called ``scope``."""

    scope: str
    number: int | str
    field: str

    def label(self, number: int | str) -> str:
        """Return the label of the draw of this field of another record."""
        return f"{self.scope}#{number}.{self.field}"


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a record: what it may be, and how often it is odd.

    domain: its ordinary values. odd: boundaries that are tried in half of the records.
    absent: how often it is None. single: no two records of one kind have the same.
    share: how often it is one of ``keys`` values that all records may have.
    pool: whose values these are; the field's own if empty.
    """

    domain: Domain
    odd: tuple[Any, ...] = ()
    absent: float = 0.0
    single: bool = False
    share: float = 0.0
    keys: int = 0
    pool: str = ""

    def nasty(self, *more: object) -> Field:
        """Return the field that is at a boundary in half of the records: invalid values, too.

        Its own boundaries, ``more``, and what another record has.
        """
        return replace(self, odd=distinct(*self.domain.boundaries, *more))

    def nullable(self, chance: float = 0.1) -> Field:
        """Return the field that is None with this chance."""
        return replace(self, absent=_chance("nullable", chance))

    def unique(self) -> Field:
        """Return the field that no two records of one kind have the same."""
        return replace(self, single=True)

    def contended(self, chance: float = 0.5, *, keys: int = 1, pool: str = "") -> Field:
        """Return the field that is, with this chance, one of ``keys`` values that others have, too.

        Two requests that run at the same time then ask for the same key, on purpose. pool: fields
        with the same pool, of different records even, contend for the same values.
        """
        if keys < 1:
            raise BadOption(f"contended: there is at least one key, not {keys}")
        return replace(self, share=_chance("contended", chance), keys=keys, pool=pool)

    def draw(self, drawing: Drawing, spot: Spot) -> Any:
        """Return the value of the field at ``spot``."""
        if self.absent and drawing.happens(self.absent, "is None"):
            return None
        if self.share and drawing.happens(self.share, "is contended"):
            return self._shared(drawing, spot, drawing.pick(range(self.keys), "key"))
        return self._single(drawing, spot) if self.single else self._own(drawing, spot)

    def _single(self, drawing: Drawing, spot: Spot) -> Any:
        """Return a value that no record before this one has of its own."""
        if not isinstance(spot.number, int):
            raise BadOption(f"{drawing.label}: only records with a number can be unique")
        world, of = drawing.world, f"data {spot.scope} {spot.field}, all of them"
        values: list[Any] = world.remember(of, list)
        world.used(of, write=spot.number >= len(values))
        for number in range(len(values), spot.number + 1):
            other = drawing.beside(f"{spot.label(number)} of its own")
            turns = (0, *range(number, number + UNIQUE_ATTEMPTS))
            found = (self._own(other.again(turn) if turn else other, spot) for turn in turns)
            value = next((each for each in found if each not in values), Nature.CONTENDED)
            if value is Nature.CONTENDED:
                raise BadOption(f"{other.label}: the {number} before it have all values tried")
            values.append(value)
        return deepcopy(values[spot.number])

    def _own(self, drawing: Drawing, spot: Spot) -> Any:
        nature = drawing.pick(self._natures(), "is") if self.odd else Nature.ORDINARY
        if nature is Nature.CONTENDED:
            return self._shared(drawing, spot, 0)
        return self.domain.draw(drawing) if nature is Nature.ORDINARY else nature

    def _shared(self, drawing: Drawing, spot: Spot, key: int) -> Any:
        pool = self.pool or f"{spot.scope}.{spot.field}"
        return self.domain.draw(drawing.beside(f"{pool} shared {key}"))

    def _natures(self) -> Sequence[Any]:
        """Return ordinary, each boundary, what others have, and ordinary for all of the rest."""
        known = (Nature.ORDINARY, *self.odd, Nature.CONTENDED)
        size = max(len(known), min(2 * len(known), SPARE))
        return Lazily(size, lambda n: known[n] if n < len(known) else Nature.ORDINARY)


def _chance(name: str, chance: float) -> float:
    if not 0 <= chance <= 1:
        raise BadOption(f"{name}: a chance is from 0 to 1, not {chance}")
    return chance


def integer(low: int, high: int) -> Field:
    """Return the field of whole numbers from ``low`` to ``high``, the nearest to 0 is simplest."""
    return Field(Integers(*_ordered(low, high)))


def amount(low: Decimal | str, high: Decimal | str, *, places: int = 2) -> Field:
    """Return the field of decimals from ``low`` to ``high`` with so many places."""
    return Field(Amounts(*_ordered(Decimal(low), Decimal(high)), places))


def boolean() -> Field:
    """Return the field that is False or True."""
    return Field(Listed((False, True)))


def one_of(*items: object) -> Field:
    """Return the field that is one of ``items``, the first of which is simplest."""
    return Field(Listed(items))


def text(least: int = 0, most: int = 20, *, letters: str = LETTERS) -> Field:
    """Return the field of strings of ``least`` to ``most`` letters, the first is the simplest."""
    return Field(Texts(least, most, letters))


def moment(*, before_days: int = 0, after_days: int = 0) -> Field:
    """Return the field of moments around the beginning of the run, by the virtual clock, in UTC."""
    return Field(Instants(before_days * DAY_S, after_days * DAY_S))


def fake(provider: str, *args: object, locale: str = "", **options: object) -> Field:
    """Return the field of what a provider of Faker's makes: ``fake("email")``, ``fake("city")``.

    locale: ``de_DE`` say; that of `Data` if empty. Raises `BadOption` for an unknown provider.
    """
    return Field(Fakes(provider, args, options, locale))


def strategy(made: SearchStrategy[Any]) -> Field:
    """Return the field of what a Hypothesis strategy draws, each choice of it by the schedule."""
    from raceexplore.sim.data.strategies import Strategic  # Hypothesis takes its time to import

    return Field(Strategic(made))


def _ordered(low: Any, high: Any) -> tuple[Any, Any]:
    if low > high:
        raise BadOption(f"from {low} to {high} there is no number")
    return low, high
