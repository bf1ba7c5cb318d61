"""What trio's primitives touch, at the call."""

from __future__ import annotations

import pytest

from raceexplore.observe.effects.trio_primitives import channel_state


@pytest.mark.parametrize(
    ("made", "line", "expected"),
    [
        ("trio.Lock()", "await x.acquire()", ["w Lock#1.(queue)"]),
        ("trio.Lock()", "x.acquire_nowait(); x.release()", ["w Lock#1", "w Lock#1.(free)"]),
        ("trio.Lock()", "x.locked(); x.statistics()", ["r Lock#1"]),
        ("trio.StrictFIFOLock()", "await x.acquire()", ["w StrictFIFOLock#1.(queue)"]),
        ("trio.Event()", "x.set()", ["w Event#1"]),
        ("trio.Event()", "x.is_set()", ["r Event#1"]),
        ("trio.Event()", "n.start_soon(x.wait); x.set(); await x.wait()", ["w Event#1"]),
        ("trio.Semaphore(1)", "await x.acquire()", ["w Semaphore#1"]),
        ("trio.Semaphore(1)", "x.value", ["r Semaphore#1"]),
        ("trio.CapacityLimiter(1)", "x.total_tokens = 2", ["w CapacityLimiter#1"]),
        ("trio.CapacityLimiter(1)", "x.borrowed_tokens", ["r CapacityLimiter#1"]),
        ("trio.CancelScope()", "x.cancel()", ["w CancelScope#1"]),
        ("trio.CancelScope()", "x.cancel_called", ["r CancelScope#1"]),
        ("trio.CancelScope()", "x.deadline = 3", ["w CancelScope#1"]),
        ("trio.CancelScope()", "x.deadline += 3", ["w CancelScope#1"]),
        ("n", "x.start_soon(trio.sleep, 0)", []),
        ("n", "x.cancel_scope.cancel()", ["w CancelScope#1"]),
    ],
)
def test_an_operation_touches_its_primitive(touched, made, line, expected) -> None:
    source = f"""
        import trio
        async def f():
            async with trio.open_nursery() as n:
                x = {made}
                {line}
    """
    events = touched(source)
    assert events == ([expected] if expected else [])


def test_async_with_acquires_and_releases(touched) -> None:
    source = """
        import trio
        async def f():
            async with trio.Lock() as nothing:
                assert nothing is None
                await trio.lowlevel.checkpoint()
    """
    # acquire is a schedule point of its own; the lock is let go in the last event
    assert touched(source) == [["w Lock#1.(queue)"], ["w Lock#1.(free)"]]


def test_all_ends_of_a_channel_are_one_location(touched) -> None:
    source = """
        import trio
        async def f():
            send, receive = trio.open_memory_channel[int](1)
            send.send_nowait(1)
            other = send.clone()
            receive.receive_nowait()
            async with other, receive: pass
            with send: pass
    """
    assert {label for event in touched(source) for label in event} == {"w MemoryChannelState#1"}


def test_each_step_of_a_loop_over_a_channel_receives(touched) -> None:
    source = """
        import trio
        async def f():
            send, receive = trio.open_memory_channel(2)
            await send.send(1)
            await send.send(2)
            await send.aclose()
            await trio.lowlevel.checkpoint()
            async for _ in receive: pass
            return [_ async for _ in receive]
    """
    # three events before the checkpoint; two items; the end, which needs no schedule point
    assert touched(source) == [["w MemoryChannelState#1"]] * 6


def test_a_condition_works_on_its_lock(touched) -> None:
    source = """
        import trio
        async def f():
            lock = trio.Lock()
            condition = trio.Condition(lock)
            lock.acquire_nowait()
            condition.notify_all()
            lock.release()
    """
    assert touched(source) == [["w Lock#1", "w Lock#1.(free)"]]


def test_what_the_ends_of_a_channel_share_is_found() -> None:
    # If this fails, a new trio hides it: then all channels count as one location.
    assert channel_state() is not type(None)


def test_errors_within_async_with_have_no_frame_of_ours(touched) -> None:
    source = """
        import trio
        async def f():
            async with trio.Lock() as lock:
                async with trio.open_nursery():
                    {}["a"]
    """
    with pytest.raises(ExceptionGroup) as caught:
        touched(source)
    (error,) = caught.value.exceptions
    files = []
    for raised in (caught.value, error):
        traceback = raised.__traceback__
        while traceback is not None:
            files.append(traceback.tb_frame.f_code.co_filename)
            traceback = traceback.tb_next
    assert files[-1] == "program.py"
    assert not [file for file in files if "raceexplore/observe" in file]
