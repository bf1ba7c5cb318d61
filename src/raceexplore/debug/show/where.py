"""The first event after which an expression holds: one run, in which it is looked at after each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.debug.expression import Expression
from raceexplore.debug.show.watched import replay_watched
from raceexplore.kernel.standing.moment import Standing
from raceexplore.kernel.standing.still import still

if TYPE_CHECKING:
    from raceexplore.kernel.events.trace import Event
    from raceexplore.search.corpus.replay import Stored


class _After:
    """A run just after an event of the task ``path``."""

    def __init__(self) -> None:
        self.path = ""
        self.coroutines: dict[str, Any] = {}

    def tasks(self) -> list[Standing]:
        """Return where each task is that has had an event."""
        return [Standing(path, "", coroutine) for path, coroutine in self.coroutines.items()]


def first_where(stored: Stored, text: str) -> tuple[int | None, str]:
    """Return the first event after which ``text`` holds, and None with the reason if there is none.

    The names in it are those of `World.state`, and the variables of every task, those of the one
    that has just acted first. It need not stay true: one run is looked at as a whole, so that
    there is nothing to gain from halves. Raises `SyntaxError` if ``text`` is no expression.
    """
    expression, after, held = Expression(text, ""), _After(), list[int]()

    def watch(event: Event, coroutine: Any) -> None:
        after.path = event.task
        after.coroutines[event.task] = coroutine
        if held:
            return
        with still():
            if expression.holds(after, first=event.task):
                held.append(event.number)

    replay_watched(stored, watch)
    return (held[0], "") if held else (None, expression.why())
