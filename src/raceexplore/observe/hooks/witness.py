"""Where cancel scopes are opened and cancelled: noted for a reader while values are recorded."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.events.cancels import CHOICE
from raceexplore.kernel.runtimes import cancelling
from raceexplore.kernel.standing.walk import callers, is_installed, is_user_file
from raceexplore.observe.effects.by_class_of_object import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.observe.ledger.ledger import Ledger


@contextmanager
def witnessed(ledger: Ledger) -> Iterator[None]:
    """Tell ``ledger`` where scopes are opened and cancelled, by whatever code does it."""
    kind: Any = trio.CancelScope
    enter, cancel = kind.__enter__, kind.cancel

    @wraps(enter)
    def entered(scope: Any) -> Any:
        ledger.scopes.opened(scope, users_line())
        return enter(scope)

    @wraps(cancel)
    def cancelled(scope: Any, *args: Any, **kwargs: Any) -> Any:
        ledger.scopes.cancelled(scope, users_line())
        return cancel(scope, *args, **kwargs)

    kind.__enter__, kind.cancel = entered, cancelled
    try:
        yield
    finally:
        kind.__enter__, kind.cancel = enter, cancel


def users_line() -> str:
    """Return ``file:line`` of the innermost frame of the user's own project.

    Of an installed library's, where there is none; empty if the code is nobody's. `CHOICE` if it
    is the run itself that cancels.
    """
    second = ""
    for frame in callers(sys._getframe(2)):  # noqa: SLF001 the one way to a caller's line
        file = frame.f_code.co_filename
        if file == cancelling.__file__:
            return CHOICE
        if is_user_file(file):
            line = f"{file}:{frame.f_lineno}"
            if not is_installed(file) or MARK in frame.f_globals:
                return line
            second = second or line
    return second
