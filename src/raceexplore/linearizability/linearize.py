"""Search for an order of a history's operations that its sequential model accepts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple

from raceexplore.kernel.errors import BadOption
from raceexplore.linearizability.models import after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from raceexplore.linearizability.history import History, Operation
    from raceexplore.linearizability.models import Model

STEPS = 2_000_000
_TURN = 1_000


class Refusal(NamedTuple):
    """An operation that cannot come next, and the results that it could give there.

    gives: no result at all where the call would wait; None where the model cannot tell.
    """

    operation: Operation
    gives: tuple[object, ...] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question about a history.

    answer: ``yes``; ``no``; or ``unknown``, when the steps ran out before either was certain.
    order: with ``yes`` a witness: the operations in an order that the model accepts (an info
        operation that is not in it never took effect). With ``no``, the order that gets furthest.
    state: where ``order`` leads, with ``no``. refused: what then cannot come next; the first of
        them is the operation that nothing can be found for.
    part: the key of the part that these are about, where the model has a partition.
    steps: how often the model was asked.
    """

    answer: Literal["yes", "no", "unknown"]
    order: tuple[Operation, ...] = ()
    state: object = None
    refused: tuple[Refusal, ...] = ()
    part: object = None
    steps: int = 0


def linearizable(history: History, model: Model, *, steps: int = STEPS) -> Verdict:
    """Tell whether ``history`` is linearizable with regard to ``model``.

    It is if each operation can be taken to happen at one moment between its call and its return.
    steps: how often the model may be asked before the answer is ``unknown``.
    Raises `BadOption` if a state of the model is not hashable.

    Source: Herlihy and Wing, TOPLAS 1990 (the condition); Wing and Gong, JPDC 1993 (the search);
    Lowe, CCPE 2017 (the memo on operations done and state); Horn and Kroening, FORTE 2015
    (parts).
    """
    searches = [
        (key, _Search(_chains(operations), model, real_time=True))
        for key, operations in _parts(history, model)
    ]
    spent, turn = 0, _TURN
    waiting = searches
    while waiting and spent < steps:
        # by turns, since one hopeless part is an answer and the others may take for ever
        for key, search in waiting:
            spent += search.go_on(min(turn, steps - spent))
            if search.answer == "no":
                return search.refusal(key, spent)
        waiting = [(key, search) for key, search in waiting if search.answer == "unknown"]
        turn *= 4
    if waiting:
        return Verdict("unknown", steps=spent)
    return Verdict("yes", _merge([search.path for _, search in searches]), steps=spent)


def sequentially_consistent(history: History, model: Model, *, steps: int = STEPS) -> Verdict:
    """Tell whether ``history`` is sequentially consistent with regard to ``model``.

    It is if some order of all operations, in which each client's own stay in theirs, is accepted;
    when they happened does not count. The model's partition is not used: sequential consistency
    of the parts does not give that of the whole. An info operation comes after what its client
    did before it; what the client did later does not wait for it.

    Source: Lamport, IEEE Transactions on Computers C-28, 1979.
    """
    search = _Search(_program_order(history), model, real_time=False)
    spent = search.go_on(steps)
    if search.answer == "no":
        return search.refusal(None, spent)
    return Verdict(search.answer, tuple(search.path) if search.answer == "yes" else (), steps=spent)


class _Chain(NamedTuple):
    """Operations that can only happen in this order, after ``needs`` operations of chain ``of``."""

    operations: list[Operation]
    of: int = 0
    needs: int = 0


def _parts(history: History, model: Model) -> Iterator[tuple[object, list[Operation]]]:
    """Yield the history's parts; the whole, where an operation is about all of them."""
    if model.partition is None:
        yield None, list(history)
        return
    parts: dict[object, list[Operation]] = defaultdict(list)
    for op in history:
        parts[model.partition(op.call, op.argument)].append(op)
    if None in parts and len(parts) > 1:
        yield None, list(history)
    else:
        yield from parts.items()


def _chains(operations: Iterable[Operation]) -> list[_Chain]:
    """Return as few chains as hold all operations; each begins after the one before returned."""
    chains: list[list[Operation]] = []
    for op in operations:
        for chain in chains:
            if chain[-1].returned is not None and chain[-1].returned < op.invoked:
                chain.append(op)
                break
        else:
            chains.append([op])
    return [_Chain(chain) for chain in chains]


def _program_order(history: History) -> list[_Chain]:
    """Return one chain a client, and one for each info operation. Raises `BadOption`."""
    chains = {client: _Chain([]) for client in history.clients}
    loose: list[_Chain] = []
    for op in history:
        done = chains[op.client].operations
        if done and (done[-1].returned or 0) > op.invoked:
            raise BadOption(f"{op} begins while {done[-1]} goes on: one client, one call at a time")
        if op.returned is None:
            loose.append(_Chain([op], list(chains).index(op.client), len(done)))
        else:
            done.append(op)
    return [*chains.values(), *loose]


def _merge(orders: Iterable[list[Operation]]) -> tuple[Operation, ...]:
    """Return one order of all parts' operations that keeps theirs and real time.

    Each operation takes effect at the latest call among those up to it in its part's order: that
    is after its own call and before its return. Parts share no moments.
    """
    placed: list[tuple[int, Operation]] = []
    for order in orders:
        moment = 0
        for op in order:
            moment = max(moment, op.invoked)
            placed.append((moment, op))
    placed.sort(key=lambda pair: pair[0])
    return tuple(op for _, op in placed)


class _Search:
    """Depth first over the orders, with a memo of (operations done, state); no recursion."""

    def __init__(self, chains: list[_Chain], model: Model, *, real_time: bool) -> None:
        self.chains, self.model, self.real_time = chains, model, real_time
        self.at = [0] * len(chains)
        sizes = [len(chain.operations) for chain in chains]
        self.offset = [sum(sizes[:i]) for i in range(len(sizes))]
        self.left = sum(not op.info for chain in chains for op in chain.operations)
        self.spent, self.mask = 0, 0
        self.path: list[Operation] = []
        self.taken: list[tuple[int, int]] = []  # for each of the path: its chain, the mask before
        self.seen: set[tuple[int, object]] = set()
        self.best: tuple[float, int] = (-1, -1)
        self.furthest: tuple[list[Operation], list[int], object] = ([], [], model.init)
        self._known(0, model.init)
        self.levels = [self._level(model.init)]

    @property
    def answer(self) -> Literal["yes", "no", "unknown"]:
        """What is known so far."""
        return "yes" if not self.left else "unknown" if self.levels else "no"

    def go_on(self, steps: int) -> int:
        """Search until there is an answer or ``steps`` more are spent; return how many were."""
        before = self.spent
        while self.left and self.levels and self.spent - before < steps:
            move = next(self.levels[-1], None)
            if move is None:
                self._back()
                continue
            chain, state = move
            done = self.mask | 1 << (self.offset[chain] + self.at[chain])
            if not self._known(done, state):
                self._forward(chain, done)
                self.levels.append(self._level(state))
        return self.spent - before

    def _known(self, done: int, state: object) -> bool:
        """Tell whether the search has been here, and remember it."""
        before = len(self.seen)
        try:
            self.seen.add((done, state))
        except TypeError as error:
            name = self.model.name
            raise BadOption(f"a state of the model {name!r} is not hashable: {state!r}") from error
        return len(self.seen) == before

    def _forward(self, chain: int, done: int) -> None:
        op = self.chains[chain].operations[self.at[chain]]
        self.taken.append((chain, self.mask))
        self.path.append(op)
        self.mask = done
        self.at[chain] += 1
        self.left -= not op.info

    def _back(self) -> None:
        self.levels.pop()
        if self.taken:
            chain, self.mask = self.taken.pop()
            self.at[chain] -= 1
            self.left += not self.path.pop().info

    def _level(self, state: object) -> Iterator[tuple[int, object]]:
        """Note how far the path got, and return what can come next."""
        ready = self._ready()
        self._note(ready, state)
        return self._moves(ready, state)

    def _moves(
        self, ready: list[tuple[int, Operation]], state: object
    ) -> Iterator[tuple[int, object]]:
        """Yield each chain whose next operation can come next, with the state after it."""
        for chain, op in ready:
            for following in self._after(state, op):
                # an info operation without an effect is one that never happened
                if not (op.info and following == state):
                    yield chain, following

    def _after(self, state: object, op: Operation) -> list[object]:
        self.spent += 1
        return after(self.model, state, op.call, op.argument, op.result)

    def _ready(self) -> list[tuple[int, Operation]]:
        """Return the operations that nothing undone must precede; the most urgent first."""
        heads = [
            (i, chain.operations[at])
            for i, (chain, at) in enumerate(zip(self.chains, self.at, strict=True))
            if at < len(chain.operations) and self.at[chain.of] >= chain.needs
        ]
        if self.real_time:
            bound = min((_end(op) for _, op in heads), default=inf)
            heads = [head for head in heads if head[1].invoked < bound]
        return sorted(heads, key=lambda head: (_end(head[1]), head[1].invoked))

    def _note(self, ready: list[tuple[int, Operation]], state: object) -> None:
        """Keep the path if it gets further than any before.

        Further is: past a later return. What returned before the first return that no order
        gets past fits; with that operation it does not. Then: with more operations.
        """
        bound = _end(ready[0][1]) if self.real_time and ready else 0
        if (bound, len(self.path)) > self.best:
            self.best = (bound, len(self.path))
            self.furthest = (list(self.path), list(self.at), state)

    def refusal(self, part: object, steps: int) -> Verdict:
        """Return the answer no, explained by the furthest path."""
        path, self.at, state = self.furthest
        # on the furthest path each next operation is refused, or there would be a further one
        refused = [
            Refusal(op, self._gives(state, op))
            for _, op in self._ready()
            if not self._after(state, op)
        ]
        return Verdict("no", tuple(path), state, tuple(refused), part, steps)

    def _gives(self, state: object, op: Operation) -> tuple[object, ...] | None:
        if self.model.gives is None:
            return None
        return tuple(self.model.gives(state, op.call, op.argument))


def _end(op: Operation) -> float:
    return inf if op.returned is None else op.returned
