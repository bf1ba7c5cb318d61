"""Expressions over the state of a whole program: any task's variables, by name."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.debug.tell import user_frames
from raceexplore.kernel.standing.domain import domain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType

    from raceexplore.kernel.standing.moment import Standing


class Looked(Protocol):
    """A run at a moment between two events."""

    def tasks(self) -> list[Standing]:
        """Return the tasks, in the order in which they were spawned."""


class Expression:
    """A Python expression; raises `SyntaxError` if it is none.

    first: the path of the task whose variables come first.
    error: the last error that evaluating it gave, other than a name that is missing. known: all
    names were there at some time; else missing tells of one that was not.
    """

    def __init__(self, text: str, first: str) -> None:
        self._code = compile(text.strip(), "<until>", "eval")
        self._names = frozenset(_names(self._code))
        self._first = first
        self.error = ""
        self.missing = ""
        self.known = False

    def why(self) -> str:
        """Return what kept it from being true, in brackets, if that was an error."""
        error = self.error or ("" if self.known else self.missing)
        return f" ({error})" if error else ""

    def holds(self, moment: Looked, first: str = "") -> bool:
        """Return whether it is true at ``moment``; it is not where a name is missing.

        first: the path of the task whose variables come first, if it is not always the same.
        What the program has named by `World.state` comes before all variables.
        """
        found: dict[str, Any] = {}
        for view in (domain(), *_views(moment, first or self._first)):
            found |= {name: view[name] for name in self._names - found.keys() if name in view}
        try:
            value = eval(self._code, {**found, "__builtins__": builtins})  # noqa: S307 the user's own
            self.known = True
            return bool(value)
        except NameError as error:
            self.missing = str(error)
        except Exception as error:  # noqa: BLE001 whatever the user's expression raises
            self.error = f"{type(error).__name__}: {error}"
        return False


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from _names(constant)


def _views(moment: Looked, first: str) -> Iterator[Any]:
    tasks = moment.tasks()
    ordered = [t for t in tasks if t.path == first] + [t for t in tasks if t.path != first]
    stacks = [user_frames(task.coroutine)[::-1] for task in ordered]
    yield from (frame.f_locals for stack in stacks for frame, _ in stack)
    yield from (frame.f_globals for stack in stacks for frame, _ in stack)
