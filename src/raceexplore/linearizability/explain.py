"""Say why a history cannot be explained by its model; raise that as an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.fence.serving import state
from raceexplore.linearizability.lanes import lanes
from raceexplore.linearizability.linearize import linearizable, sequentially_consistent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.linearizability.history import History, Operation
    from raceexplore.linearizability.linearize import Refusal, Verdict
    from raceexplore.linearizability.models import Model

# A run gives one event 10 seconds of wall clock; this many take about one.
STEPS = 200_000
ORDER = 12


class NotLinearizable(AssertionError):
    """A history that no order of its operations within real time explains; a note says why."""


class NotSequentiallyConsistent(AssertionError):
    """A history that no order that keeps each client's own explains; a note says why."""


def check_linearizable(history: History, model: Model, *, steps: int = STEPS) -> Verdict:
    """Raise `NotLinearizable`, with the reason, if ``history`` is not linearizable.

    Returns the verdict otherwise. If that is ``unknown``, because ``steps`` were not enough, the
    run in progress passes with a warning.
    """
    __tracebackhide__ = True
    verdict = linearizable(history, model, steps=steps)
    if verdict.answer == "no":
        raise _with_reason(NotLinearizable, explain(verdict, history, model))
    _warn(verdict, "linearizable")
    return verdict


def check_sequentially_consistent(history: History, model: Model, *, steps: int = STEPS) -> Verdict:
    """Raise `NotSequentiallyConsistent`, with the reason, if ``history`` is not; else as above."""
    __tracebackhide__ = True
    verdict = sequentially_consistent(history, model, steps=steps)
    if verdict.answer == "no":
        raise _with_reason(NotSequentiallyConsistent, explain(verdict, history, model))
    _warn(verdict, "sequentially consistent")
    return verdict


def _with_reason(kind: type[AssertionError], explanation: str) -> AssertionError:
    """Return the error whose message is the first line; the rest is a note (PEP 678)."""
    first, _, rest = explanation.partition("\n\n")
    error = kind(first)
    error.add_note(rest)
    return error


def _warn(verdict: Verdict, what: str) -> None:
    if verdict.answer == "unknown" and state.run is not None:
        state.run.warn(
            f"not known whether a history is {what}: {verdict.steps:,} steps were not enough"
        )


def explain(verdict: Verdict, history: History, model: Model) -> str:
    """Return, in words and lanes, what ``verdict`` says of ``history``."""
    if verdict.answer == "unknown":
        return f"{model.name}: unknown, for {verdict.steps:,} steps were not enough"
    if verdict.answer == "yes":
        order = "; ".join(map(str, verdict.order))
        return f"{model.name}: explained by the order {order}"
    return "\n".join(_refusal(verdict, history, model))


def _refusal(verdict: Verdict, history: History, model: Model) -> Iterator[str]:
    culprit = verdict.refused[0].operation
    part = f" at {verdict.part!r}" if verdict.part is not None else ""
    yield f"{model.name}{part}: no order of the calls explains {culprit}"
    yield ""
    shown = _about(verdict, history, model)
    yield from lanes(shown, marked=culprit)
    if any(op.info for op in shown):
        yield "(-> ? = no answer came: it may have taken effect later, or never)"
    yield ""
    yield from _furthest(verdict)
    for refusal in verdict.refused:
        yield f"{refusal.operation} cannot come next: {_instead(refusal)}"


def _about(verdict: Verdict, history: History, model: Model) -> list[Operation]:
    """Return the operations that matter: ordered, refused, or without an answer."""
    named = {op.invoked for op in verdict.order}
    named |= {refusal.operation.invoked for refusal in verdict.refused}
    keyed = model.partition if verdict.part is not None else None
    return [
        op
        for op in history
        if op.invoked in named
        or (op.info and (keyed is None or keyed(op.call, op.argument) == verdict.part))
    ]


def _furthest(verdict: Verdict) -> Iterator[str]:
    if not verdict.order:
        yield f"Nothing can come first; the state is {verdict.state!r}."
        return
    yield "The order that gets furthest:"
    left_out = len(verdict.order) - ORDER
    if left_out > 0:
        yield f"  ... {left_out} before these"
    yield from (f"  {op}" for op in verdict.order[-ORDER:])
    yield f"Then the state is {verdict.state!r}."


def _instead(refusal: Refusal) -> str:
    if refusal.gives is None:
        return "the model refuses it there"
    if not refusal.gives:
        return "it would wait there"
    return f"it would give {' or '.join(map(repr, refusal.gives))} there"
