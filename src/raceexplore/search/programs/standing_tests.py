"""Programs that are pytest tests: they can be run while pytest holds their fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from raceexplore.kernel.errors import NeedsPytest
from raceexplore.kernel.program import Program

Visitor = Callable[[Program], object]
Observing = Callable[[Sequence[str]], Program]  # the program, with these packages observed

_standing: dict[str, Observing] = {}
_visitors: list[Visitor] = []


@contextmanager
def visited(visitor: Visitor) -> Iterator[None]:
    """Within the block, pytest hands the tests that it would explore to ``visitor``."""
    _visitors.append(visitor)
    try:
        yield
    finally:
        _visitors.pop()


def visitor() -> Visitor | None:
    """Return who is handed tests in the place of their being explored."""
    return _visitors[-1] if _visitors else None


@contextmanager
def standing(program: Observing, *names: str) -> Iterator[None]:
    """Within the block, `standing_test` finds ``program`` by each of ``names``."""
    _standing.update(dict.fromkeys(names, program))
    try:
        yield
    finally:
        for name in names:
            _standing.pop(name, None)


def standing_test(node_id: str, packages: Sequence[str]) -> Program:
    """Return the test ``node_id`` as a program. Raises `NeedsPytest` unless its fixtures stand."""
    if node_id not in _standing:
        raise NeedsPytest(node_id)
    return _standing[node_id](packages)
