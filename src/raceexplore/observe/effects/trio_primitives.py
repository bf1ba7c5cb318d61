"""What the public methods of trio's primitives read and write: a table, coarse and sound.

Each primitive is one location, and most operations write it: two of them on one primitive do not
commute. An operation is noted where it is requested, so in the event that calls it. Spawning and
joining are edges of happens-before, which the kernel knows: no location here.
"""

from __future__ import annotations

import gc
from collections import UserDict, UserList
from functools import cache
from typing import Any, Final

import trio

from raceexplore.kernel.events.trace import Kind
from raceexplore.kernel.fence.hostile import home_of, is_a
from raceexplore.observe.effects.codes import FOREIGN, READ, RELEASE, REQUEST, SKIP, WRITE, Table
from raceexplore.observe.effects.remember import Kinds
from raceexplore.observe.effects.values import namespace


def event_wait(event: object) -> int:
    """Return what waiting touches: a set event is only read; else its waiters change."""
    return READ if is_a(event, trio.Event) and event.is_set() else WRITE


def spawn(nursery: object) -> int:
    """Return what spawning touches: an edge of happens-before, but for one who comes from outside.

    Those inside keep the nursery open; whether it still is when an outsider comes, is up to them.
    """
    assert is_a(nursery, trio.Nursery)
    try:
        task: trio.lowlevel.Task | None = trio.lowlevel.current_task()
    except RuntimeError:
        return FOREIGN
    while task is not None and task is not nursery.parent_task:
        around = task.parent_nursery
        if around is nursery:
            return SKIP
        task = None if around is None else around.parent_task
    return FOREIGN if task is None else SKIP


def release(lock: Any) -> int:
    """Return what giving a lock back touches: who does not have it fails, whoever waits for it."""
    if is_a(lock, trio.Condition):
        owner = lock.statistics().lock_statistics.owner
    else:
        assert is_a(lock, trio.Lock | trio.StrictFIFOLock)
        owner = lock.statistics().owner
    try:
        return RELEASE if owner is trio.lowlevel.current_task() else WRITE
    except RuntimeError:
        return WRITE


# What a table does not name is a write (see codes.py).
LOCK: Final[Table] = {
    "locked": READ,
    "statistics": READ,
    "acquire": REQUEST,
    "__aenter__": REQUEST,
    "release": release,
    "__aexit__": release,
}
SCOPE: Final[Table] = {
    "cancel_called": READ,
    "cancelled_caught": READ,
    "deadline": READ,
    "relative_deadline": READ,
    "shield": READ,
    "is_relative": READ,
    "__enter__": SKIP,
    "__exit__": SKIP,
}
NURSERY: Final[Table] = {
    "start_soon": spawn,
    "start": spawn,
    "cancel_scope": SKIP,  # never rebound
    "parent_task": SKIP,
    "child_tasks": FOREIGN,  # spawning and ending tell of no place that they touch
}
TASK: Final[Table] = {
    "parent_nursery": SKIP,
    "eventual_parent_nursery": SKIP,
    "coro": SKIP,
    "context": SKIP,
    "child_nurseries": FOREIGN,  # likewise
    "iter_await_frames": FOREIGN,
}

TABLES: Final[dict[type, Table]] = {
    trio.Lock: LOCK,
    trio.StrictFIFOLock: LOCK,
    trio.Condition: LOCK,
    trio.Semaphore: {"value": READ, "max_value": SKIP, "statistics": READ},
    trio.CapacityLimiter: {
        "total_tokens": READ,
        "borrowed_tokens": READ,
        "available_tokens": READ,
        "statistics": READ,
    },
    trio.Event: {"is_set": READ, "statistics": READ, "wait": event_wait},
    trio.MemorySendChannel: {"statistics": READ},
    trio.MemoryReceiveChannel: {"statistics": READ},
    trio.CancelScope: SCOPE,
    trio.Nursery: NURSERY,
    type(trio.open_nursery(strict_exception_groups=True)): {
        "__aenter__": SKIP,
        "__aexit__": SKIP,
    },  # edges, as above
    trio.lowlevel.Task: TASK,
    trio.lowlevel.ParkingLot: {
        "statistics": READ,
        "__len__": READ,
        "__bool__": READ,
        "repark": FOREIGN,  # they change the other lot, too
        "repark_all": FOREIGN,
    },
    trio.lowlevel.RunVar: {"get": READ},
}

CHANNELS: Final = (trio.MemorySendChannel, trio.MemoryReceiveChannel)


SORTS: Final = {
    trio.Lock: Kind.LOCK,
    trio.StrictFIFOLock: Kind.LOCK,
    trio.Condition: Kind.LOCK,  # that of its lock
    trio.Semaphore: Kind.SEMAPHORE,
    trio.CapacityLimiter: Kind.LIMITER,
    trio.Event: Kind.EVENT,
    trio.MemorySendChannel: Kind.CHANNEL,
    trio.MemoryReceiveChannel: Kind.CHANNEL,
    trio.lowlevel.ParkingLot: Kind.LOT,
    trio.CancelScope: Kind.SCOPE,
}
is_channel: Final = Kinds(*CHANNELS)
is_scope: Final = Kinds(trio.CancelScope)
is_entered: Final = Kinds(
    trio.Lock, trio.StrictFIFOLock, trio.Semaphore, trio.CapacityLimiter, trio.Condition, *CHANNELS
)
"""What a ``with`` block works on, and once more when it ends."""
has_state_elsewhere: Final = Kinds(trio.Condition, *CHANNELS, UserDict, UserList, memoryview)


def held_by(variable: trio.lowlevel.RunVar[object]) -> list[object]:
    """Return what a variable of the run holds now."""
    try:
        return [variable.get()]
    except LookupError:
        return []


def state_of(obj: object) -> object:
    """Return the object whose state ``obj``, of such a class, works on.

    All ends of one memory channel share a state; a condition works on its lock. A memoryview and
    the containers that programs derive from stand for what is behind them.
    """
    if is_a(obj, memoryview):
        try:
            return obj.obj
        except ValueError:  # it was released: it has let go of what it showed
            return obj
    if is_a(obj, UserDict | UserList):
        return namespace(obj).get("data", obj.__class__)
    wanted = (channel_state(),) if is_channel[type(obj)] else (trio.Lock, trio.StrictFIFOLock)
    found = [part for part in gc.get_referents(obj) if issubclass(type(part), wanted)]
    # Not told apart, all such objects count as one.
    return found[0] if len(found) == 1 else CHANNELS


@cache
def channel_state() -> type:
    """Return the type of what the two ends of a memory channel share, learnt from an example.

    trio has no public name for it.
    """
    send, receive = trio.open_memory_channel[None](0)
    both = {id(part) for part in gc.get_referents(receive)}
    shared = [type(part) for part in gc.get_referents(send) if id(part) in both]
    send.close()
    receive.close()
    found = [kind for kind in shared if home_of(kind).partition(".")[0] == "trio"]
    found = [kind for kind in found if not issubclass(kind, type)]
    return found[0] if len(found) == 1 else type(None)
