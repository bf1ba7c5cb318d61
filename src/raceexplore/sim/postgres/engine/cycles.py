"""The cycle of waits that somebody is in: what PostgreSQL takes for a deadlock."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    Waiter = TypeVar("Waiter", bound=Hashable)


def cycle_through(start: Waiter, blockers: Callable[[Waiter], Iterable[Waiter]]) -> list[Waiter]:
    """Return the waiters of a cycle that ``start`` is in, in order; else none.

    blockers: for whom one waits, in an order that repeats.
    """
    way: list[Waiter] = []
    seen: set[Waiter] = set()

    def reaches(waiter: Waiter) -> bool:
        way.append(waiter)
        for other in blockers(waiter):
            if other == start:
                return True
            if other not in seen:
                seen.add(other)
                if reaches(other):
                    return True
        way.pop()
        return False

    return way if reaches(start) else []
