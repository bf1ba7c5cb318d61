"""The actors of a run and their names, which do not depend on the schedule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.actors import Actor, Clockwork, numbered
from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.standing.walk import is_installed

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTED = re.compile(r"Task-[0-9]+")  # what asyncio calls a task that nobody has named
NUMBER = re.compile(r"[-_ #]?[0-9]+")


class Infos(dict[Any, TaskInfo]):
    """The names of the actors; one of a callback is made when it is asked for, or goes on."""

    def __init__(self, names: dict[int, TaskInfo]) -> None:
        self._names = names

    def __missing__(self, actor: Any) -> TaskInfo:
        info = numbered(actor.parent, actor.kind, actor.nth, actor.number)
        self[actor] = self._names[actor.number] = actor.info = info
        return info


class Actors:
    """All actors of a run.

    infos: their names; names: the same by number. fresh: tasks whose names are not known before
    their spawner stops: it may give them one. named: how many tasks have got a name of asyncio's.
    """

    __slots__ = (
        "_root", "alive", "clockwork", "fresh", "infos", "main", "named", "names", "posted",
    )  # fmt: skip

    def __init__(self) -> None:
        self.clockwork: Any = Clockwork()
        self.names: dict[int, TaskInfo] = {-1: self.clockwork.info}
        self.infos = Infos(self.names)
        self.infos[self.clockwork] = self.clockwork.info
        self.fresh: list[Actor] = []
        self.alive: dict[Actor, None] = {}
        self.main: Actor | None = None
        self.posted = self.named = 0
        self._root = TaskInfo(None, "asyncio", 0)

    def new(self, task: Any, by: Any) -> Actor:
        """Return the actor of ``task``, which the actor ``by`` spawns."""
        self.posted += 1
        actor = Actor(self.posted, task, by, f"Task-{self.named}")
        self.fresh.append(actor)
        self.alive[actor] = None
        return actor

    def next_name(self) -> str:
        """Return what asyncio would call the next task of a fresh process."""
        self.named += 1
        return f"Task-{self.named}"

    def rename(self, task: Any) -> str:
        """Let ``task``, if asyncio has named it, which counts on from run to run, count from 1.

        Returns its new name; empty if it has one of its own.
        """
        if not COUNTED.fullmatch(task.get_name()):
            return ""
        task.set_name(self.next_name())
        return str(task.get_name())

    def number(self, handle: Any, by: Any) -> None:
        """Count ``handle`` among the actors, and among those of its kind that ``by`` posts."""
        parent = self._parent(by)
        counts = parent.counts
        if counts is None:
            counts = parent.counts = {}
        kind = handle.kind
        handle.nth = counts[kind] = counts.get(kind, 0) + 1
        self.posted += 1
        handle.number, handle.parent = self.posted, parent

    def name_fresh(self) -> None:
        """Name the tasks that the last event has spawned."""
        for actor in self.fresh:
            name = actor.task.get_name()
            label: object = actor.coro if name == actor.name or not name else name
            if label is name and is_installed(actor.coro.cr_code.co_filename):
                label = NUMBER.sub("", str(name))  # libraries count on from run to run
            first = self.main is None and actor.parent is self.clockwork
            if first or actor is self.main:
                self.name(actor, TaskInfo(None, "main", actor.number))
            else:
                self.name(actor, TaskInfo(self._parent(actor.parent), label, actor.number))
        self.fresh.clear()

    def name(self, actor: Actor, info: TaskInfo) -> None:
        """Let ``actor`` be called ``info``."""
        actor.info = self.infos[actor] = self.names[actor.number] = info

    def _parent(self, actor: Any) -> TaskInfo:
        if actor is self.clockwork or actor.info is None:
            return self._root
        return actor.info  # type: ignore[no-any-return]

    def count_steps(self) -> int:
        """Return the number of events that the program's actors have done; note each one's."""
        total = 0
        infos: Mapping[Any, TaskInfo] = self.infos
        for actor, info in infos.items():
            info.steps = actor.steps
            if info.serial > 0:
                total += actor.steps
        return total

    def clear(self) -> None:
        """Let go of them; their names stay."""
        self.alive.clear()
        self.infos.clear()
        self.fresh.clear()
        self.main = None
