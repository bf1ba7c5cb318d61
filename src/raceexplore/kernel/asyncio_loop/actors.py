"""What can go on in an asyncio program: its tasks, and the callbacks that belong to none."""

from __future__ import annotations

from asyncio import events
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.standing.walk import code_of

if TYPE_CHECKING:
    from collections.abc import Callable

CLOCK_NUMBER = -1
CALLBACK, TIMER, THREAD = "callback", "timer", "thread"  # what actors without a task are called
DELIVERY = "cancellation"  # likewise: see deliveries.py
NOBODY: frozenset[Any] = frozenset()
GROUPS: tuple[Any, ...] = ()
HANDLE: Any = events.Handle  # as Any: most of what is used here has no types
TIMER_HANDLE: Any = events.TimerHandle


class Location(type):
    """The kind of what stands for a place that asyncio's loop has, and no object of the program."""


class CallbackLine(metaclass=Location):
    """Where plain callbacks wait for their turn: whoever posts one is before those who come later.

    It is a place that events write, since the order in which they post is that of the calls.
    """


class Complaints(metaclass=Location):
    """Where failures of a run go that raise nothing in main: the first of them counts."""


class Scope:
    """What stands for the cancellation of one task, as a cancel scope does under trio."""

    __slots__ = ("__weakref__",)

    cancelled_caught = shield = False


INTERRUPTION = Scope()  # stands for the innermost scope around an await that was cancelled


class Around:
    """Stands for the nursery of a task: under asyncio nothing cancels a task but its name."""

    __slots__ = ("cancel_scope",)

    def __init__(self, scope: Scope) -> None:
        self.cancel_scope = scope


class Actor:
    """One task: its step or its wake-up waits in ``callback``, of which a task has one at most.

    number: counts the actors of the run. steps: events done. parent: the actor that spawned it.
    name: what `asyncio` calls it unless the program does.
    """

    __slots__ = (
        "args", "callback", "cancelled_by", "context", "coro", "info", "name", "number", "parent",
        "parent_nursery", "scope", "steps", "struck", "task",
    )  # fmt: skip

    child_nurseries = GROUPS
    kind = ""

    def __init__(self, number: int, task: Any, parent: Any, name: str) -> None:
        self.number, self.task, self.parent, self.name = number, task, parent, name
        coro = task.get_coro()
        self.coro: Any = coro if type(coro) is CoroutineType else Awaitable(coro)
        self.steps = 0
        self.callback: Any = None
        self.args: tuple[Any, ...] = ()
        self.context: Any = None
        self.info: Any = None
        self.scope = Scope()
        self.parent_nursery = Around(self.scope)
        self.struck = -1  # its count of events when it was cancelled last
        self.cancelled_by: Any = None  # the site of the program's own call that cancelled it


class Awaitable:
    """What a task runs that is no coroutine, in the shape of one: a generator, or less."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.__name__ = str(getattr(inner, "__name__", type(inner).__name__))
        self.cr_code = getattr(inner, "gi_code", None) or _nothing.__code__
        self.cr_await = inner

    @property
    def cr_frame(self) -> Any:
        """The frame of a generator; what has none looks as if it had ended."""
        return getattr(self.inner, "gi_frame", None)

    def close(self) -> None:
        """Close what is inside."""
        close = getattr(self.inner, "close", None)
        if close is not None:
            close()


class _Ended:
    """The coroutine of an actor that has none."""

    cr_frame = cr_await = None

    def __init__(self, callback: Callable[..., object]) -> None:
        self.cr_code = code_of(callback) or _nothing.__code__


def _nothing() -> None:
    """Stand for a callable that is written in C."""


class CallbackActor(HANDLE):  # type: ignore[misc]
    """A callback of no task: an actor that does one event.

    kind: a plain callback, of which only the oldest can go on; a timer; the job of a thread; or a
    delivery. polls: it has posted itself, so that others go first. watched: the tasks that a
    delivery sleeps for (see deliveries.py).
    """

    __slots__ = (
        "code", "info", "kind", "nth", "number", "parent", "polls", "scope", "steps", "watched",
    )  # fmt: skip

    child_nurseries = GROUPS
    callback = None

    def __init__(self, callback: Any, args: tuple[Any, ...], loop: Any, context: Any) -> None:
        events.Handle.__init__(self, callback, args, loop, context)
        self.steps = 0
        self.polls = False
        self.info: Any = None
        self.kind = CALLBACK
        self.code: Any = callback
        self.watched = NOBODY

    def cancel(self) -> None:
        """Cancel as asyncio does: its turn comes nevertheless, and then it does nothing."""
        self._loop.host.touch(self)
        events.Handle.cancel(self)

    @property
    def task(self) -> None:
        """An actor of this kind has no task."""
        return None

    @property
    def coro(self) -> Any:
        """What stands for its coroutine, which is at an end."""
        return _Ended(self.code)

    @property
    def context(self) -> Any:
        """The context in which it runs."""
        return self._context

    @property
    def parent_nursery(self) -> Around:
        """What stands for its nursery."""
        return Around(Scope())


class TimerActor(TIMER_HANDLE):  # type: ignore[misc]
    """A callback that waits for its time; once that has come it is an actor like the others."""

    __slots__ = ("code", "info", "kind", "nth", "number", "parent", "polls", "scope", "steps")

    child_nurseries = GROUPS
    callback = None
    task, coro, context = CallbackActor.task, CallbackActor.coro, CallbackActor.context
    parent_nursery = CallbackActor.parent_nursery

    def __init__(
        self, when: float, callback: Any, args: tuple[Any, ...], loop: Any, context: Any
    ) -> None:
        events.TimerHandle.__init__(self, when, callback, args, loop, context)
        self.steps = 0
        self.polls = False
        self.info: Any = None
        self.kind = TIMER
        self.code: Any = callback

    def cancel(self) -> None:
        """Cancel as asyncio does: one whose time has come has its turn nevertheless."""
        self._loop.host.touch(self)
        events.TimerHandle.cancel(self)

    __hash__ = object.__hash__  # asyncio's hangs on the time alone, its equality on the callback

    def __eq__(self, other: object) -> bool:
        return self is other


class Clockwork:
    """The pseudo-actor that fires timers; counts them as a task counts its events."""

    __slots__ = ("info", "number", "steps")

    def __init__(self) -> None:
        self.number, self.steps = CLOCK_NUMBER, 0
        self.info = TaskInfo(None, CLOCK, -1)


def numbered(parent: Any, name: str, nth: int, serial: int) -> TaskInfo:
    """Return the name of the ``nth`` actor called ``name`` that ``parent`` has posted.

    The number is that of posting, whatever the order in which they run.
    """
    info = TaskInfo(None, name, serial)
    info.parent, info.ordinal, info.given = parent, nth, False
    return info
