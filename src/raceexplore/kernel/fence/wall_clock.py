"""What ``time.time()`` shows inside a run: virtual time since 2020, and how wrong a host has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

EPOCH_S = 1_577_836_800.0
"""What ``time.time()`` shows at virtual second 0: 2020-01-01 00:00 UTC."""

Ahead = Callable[[float], float]


def _right(_: float) -> float:
    return 0.0


ahead: ContextVar[Ahead] = ContextVar("ahead", default=_right)
"""How far the wall clock is ahead at a virtual second, where the current code runs.

Tasks inherit it from who starts them, as the threads of a process share their host's clock.
"""


def wall_s(now_s: float) -> float:
    """Return what the wall clock shows at virtual second ``now_s``."""
    return EPOCH_S + now_s + ahead.get()(now_s)


@contextmanager
def shifted(seconds: float) -> Iterator[None]:
    """Put the wall clock ahead by ``seconds`` for as long as the block lasts."""
    before = ahead.set(lambda _: seconds)
    try:
        yield
    finally:
        ahead.reset(before)
