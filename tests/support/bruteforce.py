"""Linearizability by definition: try every order. Slow, short, and sharing no code with search/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, permutations
from math import inf
from random import Random
from typing import Any, NamedTuple

from raceexplore.linearizability import models as sequential
from raceexplore.linearizability.history import UNKNOWN, History, Operation
from raceexplore.linearizability.models import Model


def some(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    """Every choice of which info operations took effect, with all others."""
    ops = list(operations)
    done, loose = [o for o in ops if not o.info], [o for o in ops if o.info]
    chosen = chain.from_iterable(combinations(loose, n) for n in range(len(loose) + 1))
    return ([*done, *extra] for extra in chosen)


def accepted(order: Iterable[Operation], model: Model) -> bool:
    states: list[Any] = [model.init]
    for op in order:
        following = [model.step(s, op.call, op.argument, op.result) for s in states]
        states = [s for many in following for s in (many if isinstance(many, list) else [many])]
        states = [s for s in states if s is not None or model.name == "lock"]
    return bool(states)


def in_real_time(order: tuple[Operation, ...]) -> bool:
    return not any(
        (b.returned if b.returned is not None else inf) < a.invoked
        for i, a in enumerate(order)
        for b in order[i + 1 :]
    )


def in_program_order(order: tuple[Operation, ...]) -> bool:
    return not any(
        a.client == b.client and b.invoked < a.invoked and not b.info
        for i, a in enumerate(order)
        for b in order[i + 1 :]
    )


def by_definition(history: History, model: Model, *, real_time: bool = True) -> bool:
    kept = in_real_time if real_time else in_program_order
    return any(
        kept(order) and accepted(order, model)
        for ops in some(history)
        for order in permutations(ops)
    )


class Calls(NamedTuple):
    """A model, and the calls to make of it: (name, argument) pairs."""

    model: Model
    calls: tuple[tuple[str, Any], ...]


SUBJECTS = {
    "register": Calls(
        sequential.register(0),
        (("read", None), ("write", 1), ("write", 2), ("cas", (0, 1)), ("cas", (1, 2))),
    ),
    "counter": Calls(sequential.counter(), (("read", None), ("add", 2), ("increment", None))),
    "queue": Calls(sequential.queue(), (("put", 1), ("put", 2), ("get", None), ("get", None))),
    "bounded queue": Calls(sequential.queue(1), (("put", 1), ("put", 2), ("get", None))),
    "stack": Calls(sequential.stack(), (("push", 1), ("push", 2), ("pop", None), ("pop", None))),
    "kv": Calls(
        sequential.kv(),
        (("get", "x"), ("get", "y"), ("put", ("x", "1")), ("put", ("y", "1")), ("delete", "x"),
         ("append", ("x", "2")), ("cas", ("x", "1", "2"))),
    ),
    "ttl map": Calls(
        sequential.ttl_map(),
        (("get", ("x", 1)), ("get", ("x", 5)), ("put", ("x", 1, 0, 3)), ("put", ("x", 2, 4, 3)),
         ("get", ("y", 1)), ("put", ("y", 1, 0, 3))),
    ),
    "lock": Calls(
        sequential.lock(),
        (("acquire", "p"), ("release", "p"), ("try_acquire", "p"), ("try_acquire", "q")),
    ),
    "pool": Calls(
        sequential.pool((1, 2)),
        (("acquire", None), ("acquire", None), ("release", 1), ("release", 2)),
    ),
    "set": Calls(
        sequential.value_set(),
        (("add", 1), ("add", 2), ("remove", 1), ("contains", 1), ("contains", 2)),
    ),
}  # fmt: skip


def generate(random: Random, subject: Calls, size: int) -> History:
    """Return a history of a correct object: each call takes effect between its two moments."""
    model, clients = subject.model, ["a", "b", "c"]
    state: Any = model.init
    moment, done, going = 0, [], {}
    while size or going:
        moment += 1
        client = random.choice(clients)
        if client not in going:
            if not size:
                continue
            size -= 1
            call, argument = random.choice(subject.calls)
            going[client] = [Operation(client, call, argument, UNKNOWN, moment), False]
            continue
        op, effective = going[client]
        if not effective:
            results = model.gives(state, op.call, op.argument) if model.gives else []
            if not results:
                del going[client]  # it would wait: as if it had never been called
                continue
            result = random.choice(results)
            (state, *_) = model.step(state, op.call, op.argument, result)  # type: ignore[misc]
            going[client] = [op._replace(result=result), True]
        elif random.random() < 0.15:
            done.append(going.pop(client)[0]._replace(result=UNKNOWN))
        else:
            done.append(going.pop(client)[0]._replace(returned=moment))
    return History(tuple(done))


def corrupt(random: Random, history: History, subject: Calls) -> History:
    """Return ``history`` with one result, or one pair of results, that may not be right."""
    ops = list(history)
    known = [i for i, op in enumerate(ops) if not op.info]
    if not known:
        return history
    i, j = random.choice(known), random.choice(known)
    ops[i], ops[j] = ops[i]._replace(result=ops[j].result), ops[j]._replace(result=ops[i].result)
    return History(tuple(ops))
