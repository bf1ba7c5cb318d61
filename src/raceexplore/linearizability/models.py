"""Sequential models: what an object does when one call happens at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from raceexplore.kernel.errors import BadOption
from raceexplore.linearizability.history import UNKNOWN

Call = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Model:
    """What an object does when one call happens at a time, as one value.

    init: the state at first; states are hashable values.
    step: ``step(state, call, argument, result)`` returns the state after ``call(argument)`` gave
        ``result``, or None if it cannot give that in this state. A list (or an iterator) of
        states means any of them. An info operation comes with the result `UNKNOWN`, which
        equals everything.
    partition: ``partition(call, argument)`` returns the key of the part that the call is about,
        where parts do not influence each other (None: it is about all of them). Linearizability is
        then checked part by part, each from ``init``.
    gives: ``gives(state, call, argument)`` returns the results that it could give, for
        explanations only.
    """

    name: str
    init: Hashable
    step: Callable[[Any, str, Any, Any], object]
    partition: Callable[[str, Any], Hashable] | None = None
    gives: Callable[[Any, str, Any], list[object]] | None = None


def sequential(
    name: str,
    init: Hashable,
    calls: Mapping[str, Call],
    *,
    partition: Callable[[str, Any], Hashable] | None = None,
) -> Model:
    """Return the model made of one function a call.

    ``calls[name](state, argument)`` returns ``(state after, result)``; a list of such pairs where
    several things may happen; None where the call would wait. Raises `BadOption` during a check
    if the history holds another call.
    """

    def outcomes(state: Any, call: str, argument: Any) -> list[tuple[Any, object]]:
        if call not in calls:
            raise BadOption(f"the model {name!r} has no call {call!r}; it has {', '.join(calls)}")
        found = calls[call](state, argument)
        return [] if found is None else found if isinstance(found, list) else [found]

    def step(state: Any, call: str, argument: Any, result: object) -> list[Any]:
        return [
            after
            for after, given in outcomes(state, call, argument)
            if result is UNKNOWN or result == given
        ]

    def gives(state: Any, call: str, argument: Any) -> list[object]:
        return [given for _, given in outcomes(state, call, argument)]

    return Model(name, init, step, partition, gives)


def after(model: Model, state: object, call: str, argument: object, result: object) -> list[object]:
    """Return the states that ``model`` may be in after the call; none: it cannot give that."""
    found = model.step(state, call, argument, result)
    if found is None:
        return []
    return list(found) if isinstance(found, (list, Iterator)) else [found]


def register(init: Hashable = None) -> Model:
    """Model one value: ``read()``, ``write(v)``, and ``cas(old, new)``: whether it was ``old``."""
    return sequential(
        "register",
        (init,),
        {
            "read": lambda s, _: (s, s[0]),
            "write": lambda _, v: ((v,), None),
            "cas": lambda s, a: ((a[1],), True) if s[0] == a[0] else (s, False),
        },
    )


def counter(init: int = 0) -> Model:
    """Model a total: ``read()``; ``add(n)`` and ``increment()`` give None, or the new total."""

    def add(total: int, n: int) -> list[tuple[int, object]]:
        return [(total + n, None), (total + n, total + n)]

    return sequential(
        "counter",
        init,
        {
            "read": lambda total, _: (total, total),
            "add": add,
            "increment": lambda total, _: add(total, 1),
        },
    )


def queue(capacity: int | None = None, *, empty: object = None) -> Model:
    """Model first in, first out: ``put(x)`` gives None, ``get()`` the oldest item.

    A ``get`` may wait for an item, or give ``empty`` (such as ``Raised("WouldBlock")``) when there
    is none. capacity: a ``put`` beyond it waits.
    """
    return _line("queue", capacity, empty, ("put", "get"), 0)


def stack(capacity: int | None = None, *, empty: object = None) -> Model:
    """Model last in, first out: ``push(x)``, ``pop()`` gives the newest item; else as `queue`."""
    return _line("stack", capacity, empty, ("push", "pop"), -1)


def _line(
    name: str, capacity: int | None, empty: object, calls: tuple[str, str], end: int
) -> Model:
    def enter(items: tuple[object, ...], item: object) -> tuple[tuple[object, ...], None] | None:
        full = capacity is not None and len(items) >= capacity
        return None if full else ((*items, item), None)

    def leave(items: tuple[object, ...], _: object) -> tuple[tuple[object, ...], object]:
        if not items:
            return items, empty
        return (items[1:] if end == 0 else items[:-1]), items[end]

    return sequential(name, (), {calls[0]: enter, calls[1]: leave})


def kv(missing: Hashable = None) -> Model:
    """Model a map: ``get``, ``put``, ``delete``, ``append`` and ``cas``, checked key by key.

    ``get(k)`` gives the value, or ``missing``; ``cas(k, old, new)`` whether the value was ``old``;
    ``put(k, v)``, ``delete(k)`` and ``append(k, text)`` give None.
    """

    def update(state: Any, key: object, value: object) -> Any:
        rest = frozenset(pair for pair in state if pair[0] != key)
        return rest if value == missing else rest | {(key, value)}

    def value(state: Any, key: object) -> Any:
        return next((v for k, v in state if k == key), missing)

    def append(state: Any, pair: Any) -> tuple[Any, None]:
        before = value(state, pair[0])
        return update(state, pair[0], pair[1] if before is None else before + pair[1]), None

    def cas(state: Any, triple: Any) -> tuple[Any, bool]:
        key, old, new = triple
        same = value(state, key) == old
        return (update(state, key, new), True) if same else (state, False)

    calls: dict[str, Call] = {
        "get": lambda s, k: (s, value(s, k)),
        "put": lambda s, a: (update(s, *a), None),
        "delete": lambda s, k: (update(s, k, missing), None),
        "append": append,
        "cas": cas,
    }
    return sequential("kv", frozenset(), calls, partition=_first_argument({"get", "delete"}))


def ttl_map(missing: Hashable = None) -> Model:
    """Model a map whose entries die: ``put(k, v, now, ttl)`` and ``get(k, now)``, key by key.

    Time is an argument: ``now`` is the moment that the call went by, in the same unit as ``ttl``.
    ``put`` gives None; ``get`` the value, and from the put's ``now + ttl`` on ``missing``.
    """

    def put(state: Any, argument: Any) -> tuple[Any, None]:
        key, value, now, ttl = argument
        return frozenset(e for e in state if e[0] != key) | {(key, value, now + ttl)}, None

    def get(state: Any, argument: Any) -> tuple[Any, object]:
        key, now = argument
        alive = (value for k, value, until in state if k == key and now < until)
        return state, next(alive, missing)

    return sequential(
        "ttl_map", frozenset(), {"put": put, "get": get}, partition=_first_argument(set())
    )


def _first_argument(alone: set[str]) -> Callable[[str, Any], Hashable]:
    """Return a partition by key: the first of the arguments, or for ``alone`` the only one."""

    def partition(call: str, argument: Any) -> Hashable:
        key: Hashable = argument if call in alone else argument[0]
        return key

    return partition


def lock() -> Model:
    """Model a lock: ``acquire(who)`` waits for it, ``try_acquire(who)`` tells whether it got it.

    ``acquire`` and ``release(who)`` give None; only the holder can release it.
    """

    def release(holder: object, who: object) -> tuple[object, None] | None:
        return (None, None) if holder == (who,) else None

    return sequential(
        "lock",
        None,
        {
            "acquire": lambda holder, who: ((who,), None) if holder is None else None,
            "try_acquire": lambda holder, who: (
                ((who,), True) if holder is None else (holder, False)
            ),
            "release": release,
        },
    )


def pool(items: tuple[Hashable, ...]) -> Model:
    """Model a pool: ``acquire()`` gives an item that nobody holds, or waits; ``release(item)``."""

    def acquire(held: frozenset[Hashable], _: object) -> list[tuple[Any, object]]:
        return [(held | {item}, item) for item in items if item not in held]

    def release(held: frozenset[Hashable], item: Hashable) -> tuple[Any, None] | None:
        return (held - {item}, None) if item in held else None

    return sequential("pool", frozenset(), {"acquire": acquire, "release": release})


def value_set() -> Model:
    """Model a set: ``add``, ``remove`` and ``contains``, checked value by value.

    ``add(x)`` and ``remove(x)`` give None, or whether they changed the set.
    """

    def change(before: frozenset[Hashable], now: frozenset[Hashable]) -> list[tuple[Any, object]]:
        return [(now, None), (now, before != now)]

    return sequential(
        "set",
        frozenset(),
        {
            "add": lambda held, value: change(held, held | {value}),
            "remove": lambda held, value: change(held, held - {value}),
            "contains": lambda held, value: (held, value in held),
        },
        partition=lambda _, value: value,
    )
