"""Task names: paths that stay the same when an unrelated part of the program is edited."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LOADED = "raceexplore_program_"  # what the name of a module begins with whose own was taken


class TaskInfo:
    """What a scheduler may know of a task: its path, and what it is.

    ``path`` is `main/checkout#2`: the spawner's path, the function's name, its ordinal among the
    tasks of that name which the same spawner started. A name given by the program
    (``start_soon(..., name="alice")``) is kept; only its second bearer gets an ordinal.
    ``serial`` counts the spawns of this run, from 0; the clock's is -1. ``steps`` counts the
    task's events: as of the last choice point at which it was an option, and all of them once
    the run has ended. ``site`` is the await where the task will go on (``file:line``; its path
    before its first event), known in recorded runs only; ``stand`` is the same, not yet spelled.
    """

    __slots__ = (
        "_path", "counts", "given", "name", "ordinal", "parent", "serial", "stand", "steps",
    )  # fmt: skip

    def __init__(self, parent: TaskInfo | None, label: object, serial: int) -> None:
        self.parent = parent
        self.given = isinstance(label, str)
        # the name and not the function, of which every partial and bound method is another one
        # libraries name tasks after a function's module, which may have been loaded by another name
        name = str.removeprefix(label, LOADED) if isinstance(label, str) else function_name(label)
        self.name = name = name if type(name) is str and name.isascii() else spelled(name)
        self.serial = serial
        self.steps = 0
        self.counts: dict[str, int] | None = None
        self.stand: object = ""
        self._path: str | None = None
        if parent is None:
            self.ordinal = 1
            return
        counts = parent.counts
        if counts is None:
            counts = parent.counts = {}
        self.ordinal = counts[name] = counts.get(name, 0) + 1

    @property
    def path(self) -> str:
        """The task's name, e.g. ``main/checkout#2``."""
        if self._path is None:
            self._path = self._spell()
        return self._path

    @property
    def site(self) -> str:
        """The await where the task will go on; empty where that is not recorded."""
        return str(self.stand)

    def _spell(self) -> str:
        if self.parent is None:
            return self.name
        suffix = "" if self.given and self.ordinal == 1 else f"#{self.ordinal}"
        return f"{self.parent.path}/{self.name}{suffix}"

    def __repr__(self) -> str:
        return f"<task {self.path}>"


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return a short name for each task path: without the ``main/`` that all but one share."""
    names = {path: path.removeprefix("main/") for path in paths}
    return names if len(set(names.values())) == len(names) else {path: path for path in names}


def spelled(name: str) -> str:
    """Return ``name`` as a plain text that can be encoded, whatever its class would say."""
    return str.__str__(name).encode(errors="backslashreplace").decode()


def function_name(function: object) -> str:
    """Return the bare name of ``function``; a partial's is that of what it wraps."""
    while isinstance(function, partial):  # a mock has an attribute ``func``, whatever one asks for
        function = function.func
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__
