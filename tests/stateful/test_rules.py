from __future__ import annotations

import re

import pytest
import trio
from hypothesis import strategies as st

from machines import FEW, failure_of, play, variant
from objects import CounterMachine
from raceexplore.hypothesis import Schedule
from raceexplore.kernel.errors import BadOption
from raceexplore.linearizability import (
    History,
    NotLinearizable,
    NotSequentiallyConsistent,
    Raised,
    check_sequentially_consistent,
    queue,
    register,
)
from raceexplore.linearizability.history import Recording
from raceexplore.search.as_exception import Deadlock
from raceexplore.stateful import (
    Call,
    ConcurrentStateMachine,
    Plan,
    invariant,
    precondition,
    rule,
    run_concurrent_state_machine_as_test,
)


class EmptyBox(ConcurrentStateMachine):
    """A get waits for ever where there is nothing to get."""

    model = queue()

    async def setup(self) -> None:
        self.sender, self.receiver = trio.open_memory_channel[int](9)

    @rule()
    async def get(self) -> int:
        return await self.receiver.receive()


class Mailbox(EmptyBox):
    @rule(item=st.integers(0, 2))
    async def put(self, item: int) -> None:
        await self.sender.send(item)


GETS = """\
the calls:
 moment  a           b
      1  get() -> ?
      2              get() -> ?"""


def test_a_call_that_waits_for_ever_is_a_deadlock_with_lanes() -> None:
    error = failure_of(EmptyBox, FEW)
    assert isinstance(error, Deadlock)
    assert str(error) == "2 tasks wait for ever"
    assert GETS in error.__notes__


def test_a_play_by_hand_that_waits_for_ever_tells_its_calls_too() -> None:
    plan = Plan(prefix=[], clients=[[Call("get")], [Call("get")]])
    with pytest.raises(Deadlock) as caught:
        Schedule().run(EmptyBox.play, plan)
    report, calls = caught.value.__notes__
    assert calls == GETS
    assert "replay  Schedule().run(EmptyBox.play, ...)" in report
    own = Recording()
    with pytest.raises(Deadlock) as caught:
        Schedule().run(EmptyBox.play, plan, own)
    assert len(caught.value.__notes__) == 1
    assert len(own.history()) == 2


def test_a_call_that_waits_for_ever_stands_after_those_that_were_answered() -> None:
    """How many others are left is Hypothesis's affair."""
    error = failure_of(Mailbox, FEW)
    assert isinstance(error, Deadlock)
    assert str(error) in ("1 task waits for ever", "2 tasks wait for ever")
    [lanes] = [note for note in error.__notes__ if note.startswith("the calls:\n moment")]
    rows = lanes.splitlines()[2:]
    hanging = [row for row in rows if re.fullmatch(r" +\d+ +get\(\) -> \?", row)]
    assert f"{len(hanging)} task" in str(error)
    assert rows[-1] == hanging[-1]
    assert lanes.count("?") == len(hanging)


def test_with_patience_a_call_that_waits_for_ever_is_an_info_operation() -> None:
    patient, played = variant(Mailbox, patience_s=60)
    run_concurrent_state_machine_as_test(patient, settings=FEW)
    assert any(op.info for history in played for op in history)


class Slow(ConcurrentStateMachine):
    """A write that takes effect, and then times out."""

    model = register(0)

    async def setup(self) -> None:
        self.value = 0

    @rule(value=st.just(1))
    async def write(self, value: int) -> None:
        self.value = value
        with trio.fail_after(1):
            await trio.sleep(2)

    @rule()
    async def read(self) -> int:
        await trio.sleep(0.5)
        return self.value


def test_a_time_out_is_neither_success_nor_failure() -> None:
    timing, played = variant(Slow)
    run_concurrent_state_machine_as_test(timing, settings=FEW)
    writes = [op for history in played for op in history if op.call == "write"]
    assert writes
    assert all(op.info for op in writes)


class Jar(ConcurrentStateMachine):
    """A queue whose get raises, checked by an invariant and a precondition."""

    model = queue(empty=Raised("IndexError"))

    async def setup(self) -> None:
        self.items: list[int] = []

    @precondition(lambda self: len(self.items) < 2)
    @rule(item=st.integers(0, 9))
    async def put(self, item: int) -> None:
        self.items.append(item)

    @rule(raises=(IndexError,))
    async def get(self) -> int:
        return self.items.pop(0)

    @invariant()
    def is_never_overfull(self) -> None:
        assert len(self.items) <= 2


def test_exceptions_are_results_and_preconditions_skip() -> None:
    tried, played = variant(Jar)
    run_concurrent_state_machine_as_test(tried, settings=FEW)
    results = {op.result for history in played for op in history if op.call == "get"}
    assert Raised("IndexError") in results
    sizes = [sum(op.call == "put" for op in history) for history in played]
    assert max(sizes) > 2


class TwoSides(ConcurrentStateMachine):
    """Money moves in two steps: the sum holds between calls, and not in the middle of them."""

    async def setup(self) -> None:
        self.left, self.right = 10, 0

    @rule(amount=st.integers(1, 3))
    async def move(self, amount: int) -> None:
        self.left -= amount
        await trio.lowlevel.checkpoint()
        self.right += amount

    def holds(self) -> None:
        assert self.left + self.right == 10, "money is lost"


class Quiet(TwoSides):
    checked = invariant()(TwoSides.holds)


class Always(TwoSides):
    checked = invariant(always=True)(lambda self: self.holds())


def test_an_invariant_holds_between_calls_or_always() -> None:
    run_concurrent_state_machine_as_test(Quiet, settings=FEW)
    error = failure_of(Always, FEW)
    assert str(error).startswith("money is lost")


class Lagging(ConcurrentStateMachine):
    """Each client reads a copy that may lag behind."""

    model = register(0)

    async def setup(self) -> None:
        self.value = self.copy = 0

    @rule(value=st.integers(1, 2))
    async def write(self, value: int) -> None:
        self.value = value
        await trio.lowlevel.checkpoint()

    @rule()
    async def read(self) -> int:
        before, self.copy = self.copy, self.value
        return before


class Weakly(Lagging):
    def check(self, history: History) -> None:
        check_sequentially_consistent(history, register(0))


class OwnCheck(Lagging):
    def check(self, history: History) -> None:
        assert len(history) < 3, "three calls are too many"


def test_a_machine_may_ask_for_sequential_consistency_or_check_for_itself() -> None:
    assert isinstance(failure_of(Lagging), NotLinearizable)
    stale = Plan(prefix=[], clients=[[Call("write", 1)], [Call("read")]], suffix=[])
    with pytest.raises(NotLinearizable):
        play(Lagging, stale, Schedule())
    play(Weakly, stale, Schedule())
    own = Plan(prefix=[], clients=[[Call("write", 1), Call("read")], []], suffix=[])
    with pytest.raises(NotSequentiallyConsistent):
        play(Weakly, own, Schedule())
    error = failure_of(OwnCheck, FEW)
    assert str(error).startswith("three calls are too many")
    assert error.__notes__[0].startswith("the calls:\n moment")


def test_an_error_of_the_object_is_raised_as_it_is_with_the_calls() -> None:
    class Fragile(CounterMachine):
        @rule()
        async def fall(self) -> None:
            await trio.lowlevel.checkpoint()
            raise ZeroDivisionError("fell")

    error = failure_of(Fragile, FEW)
    assert type(error) is ZeroDivisionError
    assert "fall() -> ?" in error.__notes__[0]


def test_rules_that_cannot_be_played_are_refused_in_words() -> None:
    class Sync(ConcurrentStateMachine):
        @rule()
        def get(self) -> None: ...

    class Wrong(ConcurrentStateMachine):
        @rule(n=st.none())
        async def get(self, m: int) -> None: ...

    for machine, message in (
        (Sync, "get must be an async method"),
        (Wrong, r"get takes \['m'\], but @rule gives \['n'\]"),
        (ConcurrentStateMachine, "has no @rule"),
    ):
        with pytest.raises(BadOption, match=message):
            run_concurrent_state_machine_as_test(machine)
