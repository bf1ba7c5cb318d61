"""What the loop needs of trio that trio does not promise, and whether this trio has it.

Every private name that a file of this room uses stands in `NEEDS`; a test compares them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from inspect import signature
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.errors import UnsupportedTrio

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (0, 22, 2)
RUN = "trio._core._run"
# module: what it must have; a name with a dot is an attribute or method of a class there
NEEDS = {
    RUN: """
        Runner Runner.spawn_impl Runner.spawn_system_task Runner.reschedule Runner.task_exited
        Task Task._counter Task._next_send Task._next_send_fn Task._abort_func
        Task._schedule_points Task._cancel_points Task._cancel_status Task._parent_nursery
        Task._child_nurseries Task._runner Task._activate_cancel_status
        Task._attempt_delivery_of_any_pending_cancel
        Nursery Nursery._children Nursery._closed Nursery._create Nursery._nested_child_finished
        Nursery._cancel_status
        CancelScope CancelScope._has_been_entered CancelScope._cancel_status
        CancelScope._cancel_called CancelScope._close CancelScope._registered_deadline
        CancelStatus CancelStatus._scope CancelStatus._parent
        GLOBAL_RUN_CONTEXT Instruments CONTEXT_RUN_TB_FRAMES
    """,
    "trio._core._traps": """
        CancelShieldedCheckpoint WaitTaskRescheduled PermanentlyDetachCoroutineObject
    """,
    "trio._core._asyncgens": "AsyncGenerators AsyncGenerators._finalize_one",
    "trio._threads": "start_thread_soon",
    "trio": "Event Event._tasks",
}
# newer than the oldest trio: used where it is there
OPTIONAL = {RUN: "CancelReason CancelScope._cancel Nursery._parent_waiting_in_aexit"}
SENDERS = ("_send_message_to_trio", "_run_fn_as_system_task")  # of from_thread; since 0.23, before


def _part(module: str, name: str, instead: Any = object) -> Any:
    """Return a name of trio's; where it is not there, `check_trio` says so before it is used."""
    try:
        return getattr(import_module(module), name, instead)
    except ImportError:
        return instead


# as Any: trio does not promise these names, so their types promise nothing either
threads: Any = import_module("trio._threads")
Runner: Any = _part(RUN, "Runner")
Task: Any = _part(RUN, "Task")
Nursery: Any = _part(RUN, "Nursery")
CancelStatus: Any = _part(RUN, "CancelStatus")
CancelReason: Any = _part(RUN, "CancelReason", None)
GLOBAL_RUN_CONTEXT: Any = _part(RUN, "GLOBAL_RUN_CONTEXT")
TrioInstruments: Any = _part(RUN, "Instruments")
sniffio: Any = _part(RUN, "sniffio_library", None)  # before trio 0.23, tasks tell sniffio
AsyncGenerators: Any = _part("trio._core._asyncgens", "AsyncGenerators")
CancelShieldedCheckpoint: Any = _part("trio._core._traps", "CancelShieldedCheckpoint")
WaitTaskRescheduled: Any = _part("trio._core._traps", "WaitTaskRescheduled")
PermanentlyDetachCoroutineObject: Any = _part(
    "trio._core._traps", "PermanentlyDetachCoroutineObject"
)
FRAMES_ABOVE = 1 + _part(RUN, "CONTEXT_RUN_TB_FRAMES", 0)  # ours, in tracebacks


def _default(function: Any, parameter: str) -> Any:
    found = signature(function).parameters.get(parameter) if callable(function) else None
    return None if found is None else found.default


NO_SEND = _default(getattr(Runner, "reschedule", None), "next_send")
# whether a nursery always raises a group: what trio.run does unless told otherwise, since 0.25 yes
STRICT = bool(_default(trio.run, "strict_exception_groups"))
# whether tasks are made as in trio 0.30 and its like; others are left to trio to make
TASK_PARTS = ["self", "parent_nursery", "coro", "runner", "name", "context", "ki_protected"]
KNOWN_TASK = [
    part.name for part in signature(Task.__init__).parameters.values() if part.default is part.empty
] == TASK_PARTS
by_spawn = attrgetter("_counter")
registered_deadline = attrgetter("_registered_deadline")


@cache
def check_trio() -> None:
    """Raise `UnsupportedTrio` unless the installed trio has all that the loop needs."""
    version = tuple(int(part) for part in trio.__version__.split("+")[0].split(".")[:3])
    missing = ", ".join(_missing())
    if missing or version < OLDEST:
        lacks = f"; this one lacks {missing}" if missing else ""
        raise UnsupportedTrio(
            f"trio {trio.__version__} is not supported: 0.22.2 or newer is{lacks}"
        )


def _missing() -> Iterator[str]:
    """Yield what is in `NEEDS` and not in this trio."""
    for module, names in NEEDS.items():
        for name in names.split():
            owner, _, attribute = name.rpartition(".")
            try:
                kind = import_module(module)
            except ImportError:
                kind = None
            if not _has(getattr(kind, owner, None) if owner else kind, attribute):
                yield name
    if not any(_has(threads, name) for name in SENDERS):
        yield SENDERS[0]


def _has(kind: Any, name: str) -> bool:
    """Return whether a module or class has ``name``, or gives it to its instances as they begin."""
    if hasattr(kind, name):
        return True
    begin = getattr(getattr(kind, "__init__", None), "__code__", None)
    free = isinstance(kind, type) and kind.__dictoffset__ != 0  # else its slots are what it has
    return free and begin is not None and name in begin.co_names


TRACEBACK = BaseException.__dict__["__traceback__"].__get__  # whatever its class would say


def strip(error: BaseException) -> BaseException:
    """Return ``error`` with a traceback that starts in the task's own code."""
    tb = TRACEBACK(error)
    for _ in range(FRAMES_ABOVE):
        tb = tb and tb.tb_next
    return BaseException.with_traceback(error, tb)
