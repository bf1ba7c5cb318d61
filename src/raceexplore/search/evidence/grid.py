"""What a sweep varies: knobs and their values, read from ``sigma=0:1.6:8`` and its like."""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.program import knob_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

POINTS_MAX = 1_000
NAME = re.compile(r"[A-Za-z_][\w.-]*")


class Axis(NamedTuple):
    """One knob, and the values that it takes."""

    name: str
    values: tuple[float, ...]


def axis(text: str) -> Axis:
    """Return what ``cpu=1,0.5,0.25`` or ``sigma=0:1.6:8`` says: eight values from 0 to 1.6.

    Raises `BadOption`.
    """
    name, _, rest = text.partition("=")
    ends = rest.split(":")
    try:
        values = tuple(float(part) for part in rest.split(",")) if len(ends) == 1 else _even(ends)
    except ValueError:
        values = ()
    if not NAME.fullmatch(name) or not values or not all(map(math.isfinite, values)):
        raise BadOption(f"vary a knob as cpu=1,0.5,0.25 or sigma=0:1.6:8, not {text[:60]!r}")
    return Axis(name, values)


def _even(ends: Sequence[str]) -> tuple[float, ...]:
    """Return so many values from the first to the second end, both included."""
    low, high, count = float(ends[0]), float(ends[1]), int(ends[2]) if len(ends) == 3 else 0
    if not 2 <= count <= POINTS_MAX:
        return ()
    step = (high - low) / (count - 1)
    return tuple(float(f"{low + i * step:.12g}") for i in range(count))


def points(axes: Iterable[Axis], further: Iterable[str] = ()) -> tuple[str, ...]:
    """Return all settings of ``axes``, the first one the slowest, and ``further`` ones as they are.

    Each is spelled as `Settings.knobs` has it. Raises `BadOption` for more than 1,000.
    """
    axes = tuple(axes)
    count = math.prod(len(axis.values) for axis in axes)
    if count > POINTS_MAX:
        raise BadOption(f"a sweep has at most {POINTS_MAX:,} points, not {count:,}")
    named = ([f"{axis.name}={value:g}" for value in axis.values] for axis in axes)
    product = [",".join(parts) for parts in itertools.product(*named)] if axes else []
    for text in further:
        knob_values(text)
    return (*product, *further)
