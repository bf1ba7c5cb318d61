"""Find by halves where an expression comes to hold: the process waits at an event and sends forks.

The one that waits has reached an event before which the expression does not hold. A fork of it runs
on to the middle of what is left, looks, and either tells that it holds there, and ends; or takes
over. So no part of the run is executed more than twice, and it is looked at log2(events) times.
"""

from __future__ import annotations

import os
from multiprocessing import Pipe
from typing import TYPE_CHECKING, NoReturn

from raceexplore.debug.expression import Expression
from raceexplore.debug.session import Session, finish, untrusted
from raceexplore.debug.wire import Found
from raceexplore.kernel.fence.serving import paused
from raceexplore.kernel.standing.still import still
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from raceexplore.debug.session import Wire
    from raceexplore.kernel.standing.moment import Moment


def bisect(session: Session, first: str, text: str) -> NoReturn:
    """Tell an event before which ``text`` holds, while it does not before the event before.

    If it stays true once it is, that is the first. ``first``: see `Expression`.
    """
    halves = _Halves(session, Expression(text, first))
    with silence():
        session.run(halves.before)
    halves.tell(untrusted(session) or Found(None, ": the run has ended too early"))


class _Halves:
    """Where the search is: known to hold before event ``high``, and not before the last stop.

    high: None as long as that is not known. stop: the event to look at next. above: the wire
    to the process above, which is told what was seen there.
    """

    def __init__(self, session: Session, expression: Expression) -> None:
        self.session, self.expression = session, expression
        self.stop, self.looks = 0, 0
        self.high: int | None = None
        self.above: Wire = session.wire

    def before(self, moment: Moment) -> None:
        """Look, if this is the event to look at; if it does not hold, wait here and send forks."""
        self.session.follow_digests(moment.events)
        if moment.number != self.stop:
            return
        self.looks += 1
        with still():
            held = self.expression.holds(moment)
        if moment.number == 0 and held:
            self._answer(0)
        if moment.number > 0:
            self.above.send(held)
        if held:
            finish()
        self._send_forks(moment.number)

    def _send_forks(self, low: int) -> None:
        """Narrow the search down to (``low``, high]; return in each fork, which runs on."""
        while self.high is None or self.high - low > 1:
            last = len(self.session.recording.events) - 1
            self.stop = (low + self.high) // 2 if self.high is not None else last
            if self.stop == low:  # it does not hold before the last event
                self._answer(None)
            here, there = Pipe(duplex=False)  # the other kind is a socket, which runs refuse
            with paused():
                child = os.fork()
            if child == 0:
                here.close()
                self.above = there
                return
            there.close()
            self.looks += 1
            self._heed(here)
            os.waitpid(child, 0)
            self.high = self.stop
        self._answer(self.high)

    def _heed(self, fork: Wire) -> None:
        """Return if it holds where ``fork`` has looked; else the answer is the one of the fork."""
        try:
            told = fork.recv()
            if told is True:
                return
            answer = fork.recv() if told is False else told
        except EOFError:
            answer = Found(None, ": a process of the search was killed")
        self.tell(answer)

    def _answer(self, number: int | None) -> NoReturn:
        self.tell(untrusted(self.session) or Found(number, self.expression.why(), self.looks))

    def tell(self, found: Found) -> NoReturn:
        """Give the answer to whoever waits for it, and end this process."""
        self.above.send(found)
        finish()
