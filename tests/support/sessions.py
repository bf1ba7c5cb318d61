"""Sessions that run SQL statement by statement, in an order that a list of numbers chooses.

One statement is sent at a time, to a session that can take one; then everybody goes on until each
is done or waits for a lock. The simulated server and a real one are driven by the same rule, so
that the same numbers give the same run on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import trio
import trio.testing

from raceexplore import ChoicePoint, Run, World, run_once
from raceexplore.sim.postgres import AsyncConnection, Postgres

Statement = str | Callable[[list[Any]], str]  # the text, or what makes it of the results so far
Program = Sequence[Statement]


class Done(NamedTuple):
    """A statement that has ended: whose, which, and its rows or its SQLSTATE."""

    session: int
    nth: int
    answer: Any


class Sent(NamedTuple):
    """A statement that has been sent and has to wait."""

    session: int
    nth: int


@dataclass
class Choices:
    """Numbers to choose by; `bounds` tells how many ways there were each time."""

    word: Sequence[int] = ()
    bounds: list[int] = field(default_factory=list)

    def choose(self, ready: list[int]) -> int:
        """Return the session that goes on; where there is only one, no number is used up."""
        if len(ready) == 1:
            return ready[0]
        place = len(self.bounds)
        self.bounds.append(len(ready))
        return ready[self.word[place] % len(ready) if place < len(self.word) else 0]


class Ordered:
    """Sessions in an order that is given."""

    bounds: Sequence[int] = ()

    def __init__(self, order: Sequence[int]) -> None:
        self.order = list(order)

    def choose(self, ready: list[int]) -> int:
        """Return the session that goes on: the next that can."""
        place = next((n for n, session in enumerate(self.order) if session in ready), None)
        return ready[0] if place is None else self.order.pop(place)


def words() -> Iterator[Choices]:
    """Yield choices for every word there is, depth first; each must be used before the next."""
    word: list[int] = []
    while True:
        choices = Choices(word)
        yield choices
        taken = [*word, *[0] * len(choices.bounds)][: len(choices.bounds)]
        while taken and taken[-1] + 1 >= choices.bounds[len(taken) - 1]:
            taken.pop()
        if not taken:
            return
        word = [*taken[:-1], taken[-1] + 1]


class Simulated:
    """The sessions' side of the simulated server, inside of a run."""

    def __init__(self, world: World, nursery: trio.Nursery, db: Postgres, count: int) -> None:
        self.db, self.world = db, world
        self.connections: list[AsyncConnection] = []
        self.answers: dict[int, Any] = {}
        self.nursery, self.count = nursery, count

    async def open(self) -> None:
        for _ in range(self.count):
            self.connections.append(await self.db.connection(autocommit=True))

    async def _ask(self, session: int, text: str) -> None:
        try:
            cursor = await self.connections[session].execute(text)
            rows = cursor.description is not None
            self.answers[session] = await cursor.fetchall() if rows else cursor.rowcount
        except Exception as error:
            state = getattr(error, "sqlstate", None)
            if state is None:
                raise
            self.answers[session] = state

    async def send(self, session: int, text: str) -> None:
        self.nursery.start_soon(self._ask, session, text, name=f"session {session}")

    async def settle(self) -> dict[int, Any]:
        await trio.testing.wait_all_tasks_blocked()
        found, self.answers = self.answers, {}
        return found


def scripted(steps: Sequence[tuple[int, str]]) -> tuple[list[list[str]], Ordered]:
    """Return the programs and the order of ``steps``: a session, from 0, and its statement."""
    count = 1 + max(session for session, _ in steps)
    programs = [[text for session, text in steps if session == n] for n in range(count)]
    return programs, Ordered([session for session, _ in steps])


def answers(log: Sequence[Done | Sent], session: int) -> list[Any]:
    """Return what the statements of ``session`` were answered, in order."""
    return [d.answer for d in log if isinstance(d, Done) and d.session == session]


async def play(
    server: Any, programs: Sequence[Program], choices: Choices | Ordered
) -> list[Done | Sent]:
    """Run ``programs`` in the order of ``choices`` and return what happened."""
    log: list[Done | Sent] = []
    results: list[list[Any]] = [[] for _ in programs]
    waiting: dict[int, int] = {}
    while True:
        ready = [n for n, p in enumerate(programs) if n not in waiting and len(results[n]) < len(p)]
        if not ready:
            return log
        session = choices.choose(ready)
        nth = len(results[session])
        statement = programs[session][nth]
        text = statement if isinstance(statement, str) else statement(results[session])
        waiting[session] = nth
        await server.send(session, text)
        answers = await server.settle()
        if session not in answers:
            log.append(Sent(session, nth))
        for other in sorted(answers):
            results[other].append(answers[other])
            log.append(Done(other, waiting.pop(other), answers[other]))


class Outcome(NamedTuple):
    """What came of one word: the log, the bounds of the choices, and rows at the end."""

    log: tuple[Done | Sent, ...]
    bounds: tuple[int, ...]
    rows: tuple[Any, ...]


def simulate(
    schema: str,
    programs: Sequence[Program],
    choices: Choices | Ordered,
    tables: Sequence[str] = (),
    *,
    draws: Choices | None = None,
) -> Outcome:
    """Run ``programs`` on a fresh simulated server; draws: who wins where the server has a race."""
    found: list[Outcome] = []

    async def main(world: World) -> None:
        db = Postgres(world, schema)
        async with trio.open_nursery() as nursery:
            server = Simulated(world, nursery, db, len(programs))
            await server.open()
            log = await play(server, programs, choices)
            nursery.cancel_scope.cancel()
        rows = tuple(tuple(sorted(db.query(f"SELECT * FROM {t}"), key=repr)) for t in tables)
        found.append(Outcome(tuple(log), tuple(choices.bounds), rows))

    run = run_once(main, Draws(draws or Choices()))
    assert run.outcome == "passed", run.failure
    return found[0]


class Draws:
    """The default schedule, but for its draws and for who of several sessions goes on first."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.current = ""

    def begin(self) -> bool:
        """Get ready for the next run."""
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the index of the option to take."""
        if point.kind == "task":
            paths = [task.path for task in point.tasks]
            if not all("session" in path for path in paths):
                return 0
            if self.current not in paths:  # who goes on does so until it is done or has to wait
                self.current = paths[self.choices.choose(list(range(point.bound)))]
            return paths.index(self.current)
        return self.choices.choose(list(range(point.bound)))

    def end(self, run: Run) -> None:
        """Learn nothing."""


def ways(
    schema: str, programs: Sequence[Program], word: Sequence[int], tables: Sequence[str]
) -> Iterator[Outcome]:
    """Yield each way in which ``programs`` can go in the order of ``word``, the default first."""
    for draws in words():
        yield simulate(schema, programs, Choices(word), tables, draws=draws)


def every_order(
    schema: str, programs: Sequence[Program], tables: Sequence[str] = ()
) -> list[Outcome]:
    """Run ``programs`` in every order there is; each way in which it went, once."""
    found: dict[Any, Outcome] = {}
    for choices in words():
        outcome = simulate(schema, programs, choices, tables)
        found.setdefault(repr(outcome.log), outcome)
    return list(found.values())


def states(outcome: Outcome) -> list[str]:
    """Return the SQLSTATEs that statements have failed with."""
    return [d.answer for d in outcome.log if isinstance(d, Done) and isinstance(d.answer, str)]


__all__ = [
    "Choices", "Done", "Ordered", "Outcome", "Program", "Sent", "answers", "every_order", "play",
    "scripted", "simulate", "states", "ways", "words",
]  # fmt: skip
