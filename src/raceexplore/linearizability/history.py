"""A history: what each client called, what came back, and in which order."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import trio

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.names import function_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class _Unknown:
    """The result of an operation that nobody saw return; it equals whatever a model expects."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "?"


UNKNOWN = _Unknown()


class Raised(NamedTuple):
    """The result of a call that raised an exception its caller reckoned with."""

    kind: str

    def __repr__(self) -> str:
        return f"raised {self.kind}"


class Operation(NamedTuple):
    """One call by one client.

    argument: None for none, the value for one, a tuple for several.
    invoked, returned: numbers of two moments of the history, no two of them equal. An operation
        with ``returned=None`` is an *info* operation: it timed out, crashed or was still going on
        at the end. Nobody knows its result; it took effect some time after ``invoked``, or never.
    """

    client: str
    call: str
    argument: object
    result: object
    invoked: int
    returned: int | None = None

    @property
    def info(self) -> bool:
        """Whether nobody knows how it ended."""
        return self.returned is None

    @property
    def called(self) -> str:
        """The call as it was written, e.g. ``put('k', 1)``."""
        if self.argument is None:
            return f"{self.call}()"
        several = type(self.argument) is tuple
        values = self.argument if several else (self.argument,)
        return f"{self.call}({', '.join(map(repr, values))})"  # type: ignore[call-overload]

    @property
    def told(self) -> str:
        """What came of it, e.g. ``-> 1``, ``-> ?`` or ``raised KeyError``."""
        result = UNKNOWN if self.info else self.result
        return repr(result) if isinstance(result, Raised) else f"-> {result!r}"

    def __str__(self) -> str:
        return f"{self.client}: {self.called} {self.told}"


@dataclass(frozen=True, slots=True)
class History:
    """Operations in the order of their invocation. Raises `BadOption` for one that cannot be."""

    operations: tuple[Operation, ...] = ()

    def __post_init__(self) -> None:
        moments: set[int] = set()
        for op in self.operations:
            given = [op.invoked] if op.returned is None else [op.invoked, op.returned]
            if given != sorted(set(given)) or not moments.isdisjoint(given):
                raise BadOption(f"{op} has the moments {given}: each must be new, and in order")
            moments.update(given)
        ordered = tuple(sorted(self.operations, key=lambda op: op.invoked))
        object.__setattr__(self, "operations", ordered)

    @property
    def clients(self) -> tuple[str, ...]:
        """The clients in the order of their first call."""
        return tuple(dict.fromkeys(op.client for op in self.operations))

    def __len__(self) -> int:
        return len(self.operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)


class Recording:
    """Records a history while a run goes on; make one in the program, not outside it.

    A moment is the number of a call or return seen by this recording, from 1: virtual time may
    stand still while much happens, and no wall clock is asked.
    """

    def __init__(self) -> None:
        self._moment = 0
        self._operations: list[Operation] = []

    def invoke(self, client: str, call: str, argument: object = None) -> int:
        """Note that ``client`` calls; return the key of the operation, for `returned`."""
        self._operations.append(Operation(client, call, argument, UNKNOWN, self._next()))
        return len(self._operations) - 1

    def returned(self, key: int, result: object = None) -> None:
        """Note that operation ``key`` gave ``result``. Without this it stays an info operation."""
        operation = self._operations[key]
        self._operations[key] = operation._replace(result=result, returned=self._next())

    async def call(
        self,
        client: str,
        function: Callable[..., Any],
        *arguments: object,
        name: str = "",
        raises: tuple[type[Exception], ...] = (),
    ) -> Any:
        """Call ``function``, async or not, as an operation of ``client``; return what it returns.

        name: what the model knows it by (default: the function's own name). raises: exceptions
        that are results, e.g. `KeyError`; they are recorded as `Raised` and raised. With any
        other exception, a time-out or a cancellation the operation is an info operation.
        """
        __tracebackhide__ = True
        argument = as_argument(arguments)
        key = self.invoke(client, name or function_name(function), argument)
        try:
            result = function(*arguments)
            if inspect.isawaitable(result):
                result = await result
        except trio.TooSlowError:
            raise
        except raises as error:
            self.returned(key, Raised(type(error).__name__))
            raise
        self.returned(key, result)
        return result

    def history(self) -> History:
        """Return what has been recorded so far; what is still going on is an info operation."""
        return History(tuple(self._operations))

    def __repr__(self) -> str:
        return "Recording()"

    def _next(self) -> int:
        self._moment += 1
        return self._moment


def as_argument(arguments: Iterable[object]) -> object:
    """Return the one argument of an operation: None, the only value, or a tuple of several."""
    values = tuple(arguments)
    return None if not values else values[0] if len(values) == 1 else values
