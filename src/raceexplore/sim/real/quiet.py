"""The rule that makes runs on a real server repeat: nobody goes on before all is quiet.

One statement is sent at a time. Then everybody goes on until each statement that is out has either
been answered or is blocked, and being blocked counts only if it was read after the last answer.
Deadlocks are found here, in the server's own graph of who blocks whom, and not by its timer: that
looks once for each wait, at a moment that nobody controls.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import waiting

from raceexplore.kernel.fence.serving import paused
from raceexplore.sim.postgres.engine.cycles import cycle_through
from raceexplore.sim.real.trouble import ServerTrouble

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from psycopg import Connection

    Graph = Mapping[int, Sequence[int]]
    Choose = Callable[[list[int]], int]

DOWN = "57P"  # SQLSTATEs of a server that ends a session: shut down, or crashed
GLANCE_S = 0.001  # how long to wait for an answer before the server is asked who is blocked
BLOCKED = """
SELECT pid, pg_blocking_pids(pid) FROM unnest(%s::int[]) AS pid
"""


@contextmanager
def answering() -> Iterator[None]:
    """Speak to the real server in the block. Raises `ServerTrouble` if it has gone."""
    try:
        with paused():
            yield
    except psycopg.OperationalError as error:
        if error.sqlstate is None or error.sqlstate.startswith(DOWN):
            raise gone(error) from None
        raise


def gone(error: psycopg.Error) -> ServerTrouble:
    """Return what is said of a server that has gone: it is no failure of the program's."""
    return ServerTrouble(f"the real PostgreSQL has gone: {' '.join(str(error).split())}")


class Out(Protocol):
    """A session whose statement is out."""

    pid: int
    number: int
    link: Any

    def collect(self) -> bool:
        """Read what has come from the server; return whether the statement is answered now."""
        ...


class Quiet:
    """The statements that are out on one database.

    control: a connection of our own, which asks the server. choose: picks, of the sessions of a
    cycle of waits, the number of the one that fails.
    """

    def __init__(self, control: Connection[Any], choose: Choose) -> None:
        self.control, self.choose = control, choose
        self.out: list[Out] = []
        self.victims: set[int] = set()

    def settle(self) -> list[Out]:
        """Wait until each statement is answered or blocked; return the answered, by number."""
        answered: list[Out] = []
        while self._collect(answered) or self.out:
            before = len(answered)
            if self._all_blocked(answered):
                break
            if len(answered) == before:
                self._glance()
        return sorted(answered, key=number)

    def cancel(self, session: Out) -> None:
        """Take back a statement that is out: its client wants no answer any more."""
        self.control.execute("SELECT pg_cancel_backend(%s)", (session.pid,))
        while not session.collect():
            self._wait(session)
        self.out.remove(session)
        self.victims.discard(session.pid)

    def _collect(self, answered: list[Out]) -> bool:
        found = [session for session in self.out if session.collect()]
        for session in found:
            self.out.remove(session)
        answered += found
        return bool(found)

    def _all_blocked(self, answered: list[Out]) -> bool:
        """Return whether all that is out was blocked after the last answer had come."""
        if not self.out:
            return True
        graph = self._graph()
        late = self._collect(answered)
        if late or len(graph) < len(self.out):
            return False
        return not self._break_cycle(graph)

    def _graph(self) -> Graph:
        rows = self.control.execute(BLOCKED, ([session.pid for session in self.out],)).fetchall()
        return {pid: blockers for pid, blockers in rows if blockers}

    def _break_cycle(self, graph: Graph) -> bool:
        """End a cycle of waits by the failure of one of its sessions; False if there is none."""
        if self.victims & graph.keys():
            return True  # it is on its way
        numbers = {session.pid: session.number for session in self.out}
        for pid in sorted(graph, key=lambda each: numbers.get(each, 0), reverse=True):
            cycle = cycle_through(pid, lambda waiter: sorted(graph.get(waiter, ())))
            if cycle:
                pids = {numbers[each]: each for each in cycle}
                victim = pids[self.choose(sorted(pids, reverse=True))]
                self.victims.add(victim)
                self.control.execute("SELECT pg_cancel_backend(%s)", (victim,))
                return True
        return False

    def _glance(self) -> None:
        """Give the server a moment; an answer to who asked last ends it."""
        if self.out:
            self._wait(self.out[-1])

    @staticmethod
    def _wait(session: Out) -> None:
        waiting.wait(_readable(), session.link.fileno(), GLANCE_S)


def _readable() -> Generator[waiting.Wait, Any, None]:
    """Wait once, in the shape in which psycopg waits."""
    yield waiting.Wait.R


def number(session: Out) -> int:
    """Return the number of a session: the order in which answers of one round are delivered."""
    return session.number
