from __future__ import annotations

import pytest
import trio

from raceexplore import History, Limits, Recording, Replay, check_linearizable, explore, run_once
from raceexplore.linearizability import models as sequential
from raceexplore.linearizability.explain import (
    NotLinearizable,
    NotSequentiallyConsistent,
    check_sequentially_consistent,
    explain,
)
from raceexplore.linearizability.history import Operation
from raceexplore.linearizability.lanes import LINES, WIDTH, lanes
from raceexplore.linearizability.linearize import linearizable
from raceexplore.report.terminal.text import failure_report


class Counter:
    """The read and the write of an add are two events: an update in between is lost."""

    def __init__(self) -> None:
        self.total = 0

    async def add(self, n: int) -> None:
        before = self.total
        await trio.lowlevel.checkpoint()
        self.total = before + n

    async def read(self) -> int:
        await trio.lowlevel.checkpoint()
        return self.total


async def two_adds() -> None:
    calls, shared = Recording(), Counter()
    async with trio.open_nursery() as nursery:
        for name in ("ann", "bob"):
            nursery.start_soon(calls.call, name, shared.add, 1)
    await calls.call("ann", shared.read)
    check_linearizable(calls.history(), sequential.counter())


LOST_UPDATE = """\
counter: no order of the calls explains ann: read() -> 1

 moment  ann       bob
      1  add(1)
      2  |         add(1)
      3  |         '-> None
      4  '-> None
      5  read()
      6  '-> 1  <- !

The order that gets furthest:
  bob: add(1) -> None
  ann: add(1) -> None
Then the state is 2.
ann: read() -> 1 cannot come next: it would give 2 there"""


def test_a_program_that_checks_its_history_fails_with_the_explanation() -> None:
    (found,) = explore(two_adds, entropy=1).failures
    assert found.kind == "NotLinearizable"
    first, _, rest = LOST_UPDATE.partition("\n\n")
    assert found.message == first
    assert found.run.failure is not None
    assert "\n".join(found.run.failure.details).startswith(rest)
    report = "\n".join(line.plain for line in failure_report(found.run, 100))
    assert f"\n\n{rest}\n\n" in report
    assert found.run.schedule.size == 1


WITHOUT_ANSWER = """\
queue: no order of the calls explains c: get() -> 'x'

 moment  a           b        c
      1  put('x')
      2  |           get()
      3  |           '-> 'x'
      4  '-> None
      5  get() -> ?
      6                       get()
      7                       '-> 'x'  <- !
(-> ? = no answer came: it may have taken effect later, or never)

The order that gets furthest:
  a: put('x') -> None
  b: get() -> 'x'
Then the state is ().
c: get() -> 'x' cannot come next: it would give None there"""


def test_calls_without_an_answer_are_shown_as_such() -> None:
    history = History((
        Operation("a", "put", "x", None, 1, 4),
        Operation("b", "get", None, "x", 2, 3),
        Operation("a", "get", None, None, 5),
        Operation("c", "get", None, "x", 6, 7),
    ))  # fmt: skip
    with pytest.raises(NotLinearizable) as caught:
        check_linearizable(history, sequential.queue())
    assert "\n\n".join([str(caught.value), *caught.value.__notes__]) == WITHOUT_ANSWER


def test_only_the_part_that_cannot_be_explained_is_shown() -> None:
    history = History((
        Operation("a", "put", ("x", 1), None, 1, 2),
        Operation("a", "put", ("y", 1), None, 3, 4),
        Operation("b", "get", "y", 2, 5, 6),
    ))  # fmt: skip
    told = explain(linearizable(history, sequential.kv()), history, sequential.kv())
    assert told.startswith("kv at 'y': no order of the calls explains b: get('y') -> 2\n")
    assert "'x'" not in told
    assert told.endswith("b: get('y') -> 2 cannot come next: it would give 1 there")


def test_what_would_wait_is_said_to_wait() -> None:
    history = History((
        Operation("a", "acquire", "a", None, 1, 2),
        Operation("b", "acquire", "b", None, 3, 4),
    ))  # fmt: skip
    with pytest.raises(NotLinearizable) as caught:
        check_linearizable(history, sequential.lock())
    assert (
        "b: acquire('b') -> None cannot come next: it would wait there" in caught.value.__notes__[0]
    )
    with pytest.raises(NotSequentiallyConsistent) as caught_too:
        check_sequentially_consistent(history, sequential.lock())
    assert "it would wait there" in caught_too.value.__notes__[0]


def test_unknown_lets_the_run_pass_with_a_warning() -> None:
    async def program() -> None:
        await trio.lowlevel.checkpoint()
        writes = [Operation(f"{i}", "write", i, None, i + 1, 101 + i) for i in range(12)]
        history = History((*writes, Operation("r", "read", None, 99, 200, 201)))
        verdict = check_linearizable(history, sequential.register(), steps=50)
        assert verdict.answer == "unknown"

    run = run_once(program, Replay(), limits=Limits())
    assert run.outcome == "passed"
    assert run.warnings == (
        "not known whether a history is linearizable: 50 steps were not enough",
    )


def test_a_drawing_is_bounded_and_has_one_line_a_moment_whatever_the_values_hold() -> None:
    long = [Operation("a", "put", "a\nb\x1b[0m" * 99, None, 2 * i, 2 * i + 1) for i in range(99)]
    drawn = lanes(long)
    assert len(drawn) == LINES + 1
    assert drawn[1].strip() == f"...  {198 + 1 - LINES} lines left out"
    assert all("\n" not in line and "\x1b" not in line for line in drawn)
    assert max(map(len, drawn)) <= len(" moment  ") + WIDTH
