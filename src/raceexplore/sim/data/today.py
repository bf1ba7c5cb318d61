"""What a library takes for today while it makes data: the day on which the run began.

A library that is imported before any run has the real clock, and a run does not look for it there.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.guard import VirtualDatetime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from raceexplore.kernel.world import World


REAL = VirtualDatetime.__mro__[1]  # in a run, datetime.datetime is the virtual one


class _Meta(type(dt.date)):  # type: ignore[misc] # the class of a class
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dt.date)


class VirtualDate(dt.date, metaclass=_Meta):
    """``datetime.date`` whose today is that of the virtual clock."""

    @classmethod
    def today(cls) -> dt.date:  # type: ignore[override]
        """Return the virtual day."""
        return VirtualDatetime.now().date()


@contextmanager
def beginning(world: World, modules: Iterable[ModuleType]) -> Iterator[None]:
    """Let ``modules`` take the beginning of the run for the present in the block."""
    undo = [(vars(each), name, value) for each in modules for name, value in _dated(each)]
    for names, name, value in undo:
        names[name] = _virtual(value)
    try:
        with world.shifted(-world.now()):
            yield
    finally:
        for names, name, value in undo:
            names[name] = value


@lru_cache(maxsize=256)
def _dated(module: ModuleType) -> tuple[tuple[str, Any], ...]:
    """Return the names in ``module`` of what knows the time."""
    knowing = (dt, dt.date, REAL)
    return tuple(
        (name, v) for name, v in vars(module).items() if any(v is each for each in knowing)
    )


@lru_cache(maxsize=8)
def _virtual(real: Any) -> Any:
    if real is REAL:
        return VirtualDatetime
    if real is dt.date:
        return VirtualDate
    module = ModuleType("datetime")
    vars(module).update(vars(dt), date=VirtualDate, datetime=VirtualDatetime)
    return module
