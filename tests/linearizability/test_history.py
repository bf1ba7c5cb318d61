from __future__ import annotations

import pytest
import trio

from raceexplore import History, Recording, Replay, run_once
from raceexplore.linearizability.history import UNKNOWN, Operation, Raised


def test_moments_are_the_order_of_calls_and_returns() -> None:
    recording = Recording()
    ann = recording.invoke("ann", "write", 1)
    bob = recording.invoke("bob", "read")
    recording.returned(bob, 0)
    recording.returned(ann)
    assert recording.history() == History((
        Operation("ann", "write", 1, None, 1, 4),
        Operation("bob", "read", None, 0, 2, 3),
    ))  # fmt: skip


def test_what_timed_out_was_cancelled_or_goes_on_has_no_answer() -> None:
    async def nap(seconds: float) -> None:
        await trio.sleep(seconds)

    async def too_slow() -> None:
        with trio.fail_after(1):
            await trio.sleep(2)

    async def program() -> None:
        calls = Recording()
        with pytest.raises(trio.TooSlowError):
            await calls.call("a", too_slow, raises=(Exception,))
        with trio.move_on_after(1):
            await calls.call("b", nap, 2)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(calls.call, "c", nap, 9)
            await trio.sleep(1)
            told.extend(calls.history())
            nursery.cancel_scope.cancel()

    told: list[Operation] = []
    run = run_once(program, Replay())
    assert run.failure is None
    assert [(op.client, op.called, op.info) for op in told] == [
        ("a", "too_slow()", True),
        ("b", "nap(2)", True),
        ("c", "nap(9)", True),
    ]
    assert all(op.result is UNKNOWN for op in told)


def test_an_exception_is_a_result_where_the_caller_says_so() -> None:
    async def program() -> None:
        calls, empty = Recording(), dict[str, int]()
        with pytest.raises(KeyError):
            await calls.call("a", empty.__getitem__, "x", name="get", raises=(KeyError,))
        with pytest.raises(ZeroDivisionError):
            await calls.call("a", divmod, 1, 0, raises=(KeyError,))
        told.extend(calls.history())

    told: list[Operation] = []
    assert run_once(program, Replay()).failure is None
    assert told == [
        Operation("a", "get", "x", Raised("KeyError"), 1, 2),
        Operation("a", "divmod", (1, 0), UNKNOWN, 3, None),
    ]
    assert str(told[0]) == "a: get('x') raised KeyError"
    assert str(told[1]) == "a: divmod(1, 0) -> ?"


def test_clients_stand_in_the_order_of_their_first_call() -> None:
    later = Operation("a", "read", None, 0, 5, 6)
    sooner = Operation("b", "read", None, 0, 1, 2)
    assert History((later, sooner)).clients == ("b", "a")
