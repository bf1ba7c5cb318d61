"""Instants: dates and times counted from the beginning of the run, by its virtual clock.

The present would be another one under another schedule, and so would the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.wall_clock import EPOCH_S
from raceexplore.sim.data.domains import numbers
from raceexplore.sim.data.lazily import distinct

if TYPE_CHECKING:
    from raceexplore.sim.data.drawing import Drawing

BEGINNING = datetime.fromtimestamp(EPOCH_S, UTC)


@dataclass(frozen=True, slots=True)
class Instants:
    """Instants from ``before_s`` seconds before the run began to ``after_s`` seconds after it."""

    before_s: int
    after_s: int

    def draw(self, drawing: Drawing) -> datetime:
        """Return one of them, in UTC; the beginning of the run on an undisturbed one."""
        moment: datetime = drawing.pick(numbers(-self.before_s, self.after_s, _at))
        return moment

    @property
    def boundaries(self) -> tuple[Any, ...]:
        """Both ends and what is just beyond; leap days, and where counters of seconds end."""
        second = timedelta(seconds=1)
        ends = (_at(-self.before_s), _at(self.after_s))
        edges = (BEGINNING, *ends, ends[0] - second, ends[1] + second)
        return distinct(*edges, *ODD)


def _at(seconds: int) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)


ODD = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2020, 2, 29, 12, tzinfo=UTC),  # a year later there is no such day
    datetime(2020, 3, 29, 1, 30, tzinfo=UTC),  # Europe's clocks have just gone forward
    datetime(2020, 10, 25, 1, 30, tzinfo=UTC),  # its half past two has come twice
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),  # 32 bits of seconds are over
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
)
"""Instants that are odd whatever the field is for."""
