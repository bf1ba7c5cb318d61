"""Accesses without values, each made once for all runs: most events of a run recur in others."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from raceexplore.kernel.events.footprint import Accesses
from raceexplore.kernel.events.trace import QUEUES, Access, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT_MAX: Final = 20_000


@lru_cache(maxsize=KEPT_MAX, typed=True)
def spelled(name: str, key: object, write: bool, kind: Kind) -> Access:  # noqa: FBT001 as in an Access
    """Return the access without values: the same object in each run, most likely."""
    return Access((name, key), write, "", kind=kind)


class Shared(dict[tuple[int, ...], Accesses]):
    """What events touched, each kept once, by the ids of the accesses: those are kept alive here.

    An id only finds what was made before; what is found is equal to what would be made.
    """

    def of(self, named: list[Access]) -> Accesses:
        """Return the accesses of an event: for those of `spelled` the same object, most likely."""
        key = tuple(map(id, named))
        found = self.get(key)
        if found is None:
            if len(self) >= KEPT_MAX:
                self.clear()
            found = self[key] = Accesses(named)
        return found


shared: Final = Shared()


def told_once(accesses: Sequence[Access]) -> tuple[Access, ...]:
    """Return ``accesses``, of which those to the parts of one lock or queue are told once.

    They share a label: the first write is told, or else the first read.
    """
    first: dict[str, int] = {}
    for number, access in enumerate(accesses):
        if access.kind in QUEUES:
            known = first.setdefault(access.label, number)
            if access.write and not accesses[known].write:
                first[access.label] = number
    return tuple(
        [
            a if a.kind not in QUEUES or first[a.label] == number else a._replace(kind=Kind.INNER)
            for number, a in enumerate(accesses)
        ]
    )
