"""Cancellation as a choice: at each await of a task that may be cancelled, a draw says if it is.

The draw is called ``cancel`` and is counted for each task: "it is cancelled at its k-th await" is
one deviation, that replays and shrinks like any other. It is asked when the task stops; and once
more when another event has woken it, as ``cancel once woken``, since what was handed over to it by
then gets lost in many a program. Neutral is never. What a cancellation is, the run loop knows: a
task of asyncio, or the innermost cancel scope that a task of trio is in.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.outcome import leaves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from raceexplore.kernel.decisions import Decisions
    from raceexplore.kernel.events.record import Recorder
    from raceexplore.kernel.names import TaskInfo

CANCELS_MAX = 2  # a run
NOW, WOKEN = "cancel", "cancel once woken"


class Cancellable(Protocol):
    """The run loop, as far as cancelling needs it.

    interruption: what is raised at an await that is cancelled.
    """

    decisions: Decisions
    unwinding: bool
    interruption: type[BaseException]

    @property
    def infos(self) -> Mapping[Any, TaskInfo]:
        """The names of the tasks."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the main task has ended."""
        ...

    def victim(self, task: Any) -> object | None:
        """Return what to cancel so that the await of ``task`` is; None if nothing may be."""
        ...

    def strike(self, task: Any, victim: Any) -> None:
        """Cancel ``victim``, at the await at which ``task`` has stopped."""
        ...


class Cancelling:
    """The cancellations of one run. pattern: of the names or paths of those who may be cancelled.

    count: how many there have been.
    """

    def __init__(self, loop: Cancellable, pattern: str, recorder: Recorder | None) -> None:
        self._loop, self._pattern, self._recorder = loop, pattern, recorder
        self._may: dict[str, bool] = {}
        self.count, self._asked = 0, False

    def after(self, task: Any, woken: Sequence[Any]) -> None:
        """Ask, now that ``task`` has done an event that has made ``woken`` ready."""
        loop = self._loop
        if loop.unwinding or loop.ended:
            return
        self._ask(task, NOW)
        for other in woken:
            if other is not task:
                self._ask(other, WOKEN)

    def explains(self, error: BaseException) -> bool:
        """Return whether ``error`` is no more than that a cancellation of ours has got out."""
        return self.count > 0 and all(
            type(leaf) is self._loop.interruption for leaf in leaves(error)
        )

    def _ask(self, task: Any, label: str) -> None:
        loop = self._loop
        info = loop.infos[task]
        if self.count >= CANCELS_MAX or info.serial < 1 or not self._matches(info.path):
            return
        victim = loop.victim(task)
        if victim is None:
            return
        if not self._asked and self._recorder is not None:
            # a search must know that the program draws
            self._recorder.draw("cancellation", 0, "", counts=False)
        self._asked = True
        if loop.decisions.ask("fault", f"{info.path}:{label}", rare=True):
            self.count += 1
            if self._recorder is not None:
                self._recorder.draw(label, 1, "yes", counts=True)
            loop.strike(task, victim)

    def _matches(self, path: str) -> bool:
        found = self._may.get(path)
        if found is None:
            name = path.rpartition("/")[2].partition("#")[0]
            texts = (path, name)
            found = any(fnmatchcase(text, self._pattern) for text in texts)
            self._may[path] = found
        return found
