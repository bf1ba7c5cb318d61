"""How a long run is driven on: in parts, with a look at what goes on after each.

Theory of operation. A run of fewer events than `FIRST_LOOK` is driven in one go. In a longer one
there are three things that no schedule should be blamed for, and each is noticed between two parts:

- *Starvation.* A task that could go on has not, for all of the last part. The scheduler is not
  asked for a while: the quiet day gives every task its turn. What is then no deviation in the run
  is none in its replay, which comes to the same looks at the same events.
- *Polling.* Nothing has changed but that some tasks went round, in states that all recur. Real
  time passes while they do: the earliest deadline fires, and again whenever these tasks alone have
  gone round `ROUND` events more.
- *No end.* Some tasks wait and nobody will wake them; the others sleep and wake in states that
  recur. See `endless`.

Only if none of them has happened, and the limit of steps is spent while nothing has changed since
half of it, is the run a livelock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.standing.endless import (
    WATCHED,
    Standings,
    Watch,
    has_no_deadline,
    movers,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FEWEST = 20  # events that show that something comes again and again
FIRST_LOOK = 500  # events before the first look; each further part is as long as all before it
ROUND = 32  # events of pollers between two deadlines
TURN = 20  # events that each task gets which could go on, and had no turn


class Driven(Protocol):
    """The run loop, as far as it is driven in parts. verdict: empty while the run can go on."""

    verdict: Any

    def drive(self, limit: int) -> None:
        """Do ``limit`` events, or fewer if the run ends before."""
        ...

    def drive_fairly(self, limit: int) -> None:
        """Do them by the quiet day, whatever the scheduler would choose."""
        ...

    def drive_watched(self, limit: int, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Do them, and call ``after`` with the task and whom it has made ready after each."""
        ...

    def fire_next(self) -> bool:
        """Let time pass until the earliest deadline although tasks can run; False without one."""
        ...

    def pass_until(self, time_s: float) -> None:
        """Let time pass although tasks can run."""
        ...

    def standing(self) -> Standings:
        """Return where the tasks are."""
        ...

    def progress(self) -> tuple[float, int, int]:
        """Return what changes while a run gets anywhere: time, tasks spawned, tasks alive."""
        ...

    def able(self) -> Sequence[Any]:
        """Return the tasks that can go on."""
        ...

    def waiting_on(self, tasks: set[Any]) -> list[Any]:
        """Return the program's tasks but for ``tasks`` if the main task is one of them."""
        ...

    def scopes(self, task: Any) -> list[Any]:
        """Return the cancel scopes that ``task`` is in."""
        ...

    def drawn(self) -> int:
        """Return how many draws there have been."""
        ...


class Pace:
    """Drives ``loop`` for at most ``steps`` events.

    movers: the tasks that would go on for ever as they do, once the verdict is ``endless``.
    """

    def __init__(self, loop: Driven, steps: int) -> None:
        self.loop, self.steps, self.left = loop, steps, steps
        self.movers: set[Any] = set()
        self._pollers: set[Any] = set()
        self._states: set[int] = set()  # that the pollers go round through
        self._progress = loop.progress()
        self._patience_s = 0.25
        self._since = 0  # the events done when it was seen to change last

    @property
    def done(self) -> int:
        """The events done."""
        return self.steps - self.left

    def drive(self) -> None:
        """Drive until the run ends or the verdict is reached."""
        loop, half = self.loop, max(1, self.steps // 2)
        while self.left:
            before = loop.standing()
            part = ROUND if self._pollers else FIRST_LOOK if self._states else self._long()
            if not self._part(min(part, half), loop.drive):
                return
            look = self._look_at_pollers if self._pollers else self._look
            if self.left and not look(before):
                return
        moved = self._since > half or self.steps < FEWEST
        loop.verdict = "steps" if moved else "livelock"

    def _long(self) -> int:
        """Return how many events to do until the next look, where nobody has polled so far."""
        return max(self.done, FIRST_LOOK)

    def _part(self, size: int, drive: Callable[[int], None]) -> bool:
        """Do so many events; return whether the run can go on after them."""
        size = min(size, self.left)
        drive(size)
        self.left -= size
        if self.loop.verdict != "steps":
            return False
        self.loop.verdict = ""
        progress = self.loop.progress()
        if progress != self._progress:
            self._progress, self._since = progress, self.done
        return True

    def _look(self, before: Standings) -> bool:
        """Look at what has gone on since ``before``; return whether the run can go on."""
        loop, now, able = self.loop, self.loop.standing(), set(self.loop.able())
        if any(before.moments.get(task) == now.moments.get(task) for task in able):
            if not self._give_turns(able):
                return False
            now, able = loop.standing(), set(loop.able())
        moved = movers(before, now)
        polling = bool(moved) and able <= moved and self.done - self._since >= FIRST_LOOK
        waiting = loop.waiting_on(moved) if moved and not polling else []
        endless = (
            bool(waiting)
            and able <= moved
            and all(has_no_deadline(loop.scopes(t)) for t in waiting)
        )
        if not (endless or polling):
            return True
        watch = Watch(moved, loop.drawn, clocks=polling)
        watched = min(WATCHED, self.left)
        if not self._part(watched, lambda limit: loop.drive_watched(limit, watch.after)):
            return False
        if not watch.proves:
            return True
        if polling:
            self._pollers, self._states = moved, watch.states
        else:
            loop.verdict, self.movers = "endless", moved
        return polling

    def _give_turns(self, able: set[Any]) -> bool:
        """Do some events by the quiet day, so that each of ``able`` has its turn."""
        return self._part(TURN * len(able), self.loop.drive_fairly)

    def _look_at_pollers(self, before: Standings) -> bool:
        """Let time pass if nobody but the pollers has gone on, and they still poll."""
        loop, able = self.loop, set(self.loop.able())
        moved = movers(before, loop.standing())
        if not (moved and moved <= self._pollers):
            return True
        if not able <= self._pollers:
            return self._give_turns(able)
        states = {state_of(task.coro, clocks=True) for task in moved}
        if not states <= self._states or not (loop.fire_next() or self._wait(moved)):
            self._pollers = set()
        return True

    def _wait(self, tasks: set[Any]) -> bool:
        """Let some time pass, each time twice as much, if one of ``tasks`` asks for the time."""
        asked = any(state_of(task.coro) is None for task in tasks)
        if asked:
            self.loop.pass_until(self._progress[0] + self._patience_s)
            self._patience_s *= 2
        return asked
