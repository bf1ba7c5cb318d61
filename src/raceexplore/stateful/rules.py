"""What a machine is made of: rules, bundles of their results, invariants; and plans of calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from raceexplore.kernel.errors import BadOption

F = TypeVar("F", bound=Callable[..., Any])


class Pick(NamedTuple):
    """An argument that is an earlier result: ``number``, modulo how many there are."""

    bundle: str
    number: int
    consume: bool = False


@dataclass(frozen=True, init=False, slots=True)
class Call:
    """One call of a rule: ``Call("put", "k", 1)``, the arguments in the order of its parameters."""

    rule: str
    arguments: tuple[Any, ...]

    def __init__(self, rule: str, *arguments: Any) -> None:
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "arguments", arguments)

    def __repr__(self) -> str:
        return f"Call({', '.join(map(repr, (self.rule, *self.arguments)))})"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is called: first the prefix, one call after the other, then all clients at once.

    When they have ended, the suffix, one call after the other, looks at what they left.
    """

    prefix: Sequence[Call]
    clients: Sequence[Sequence[Call]]
    suffix: Sequence[Call] = ()


class Bundle(NamedTuple):
    """Results of rules, for other rules to take as arguments.

    A client takes what it got itself, or what the prefix got.
    """

    name: str


class Consumed(NamedTuple):
    """A bundle whose results are taken out of it when a rule gets them."""

    bundle: Bundle


def consumes(bundle: Bundle) -> Consumed:
    """Return ``bundle`` as an argument of `rule` that takes a result out of it."""
    return Consumed(bundle)


class Rule(NamedTuple):
    """A rule of a machine: what `rule` was told, and the method below it."""

    name: str
    function: Callable[..., Coroutine[Any, Any, object]]
    arguments: Mapping[str, Any]
    target: str
    raises: tuple[type[Exception], ...]
    precondition: Callable[[Any], object] | None


def rule(
    *,
    target: Bundle | None = None,
    raises: tuple[type[Exception], ...] = (),
    **arguments: Any,
) -> Callable[[F], F]:
    """Mark an async method as a rule: a call that clients make, recorded under its name.

    arguments: a strategy for each parameter, or a `Bundle`, or `consumes` of one. target: the
    bundle that gets the results. raises: exceptions that are results. A rule that ends with
    `trio.TooSlowError` is an info operation: it may or may not have taken effect.
    """

    def mark(function: F) -> F:
        function.__rx_rule__ = (target.name if target else "", raises, arguments)  # type: ignore[attr-defined]
        return function

    return mark


def precondition(condition: Callable[[Any], object]) -> Callable[[F], F]:
    """Skip the calls of a rule at whose moment ``condition(machine)`` does not hold."""

    def mark(function: F) -> F:
        function.__rx_precondition__ = condition  # type: ignore[attr-defined]
        return function

    return mark


def invariant(*, always: bool = False) -> Callable[[F], F]:
    """Mark a method that asserts what must hold whenever no rule is going on.

    always: after every event, in the middle of rules too.
    """

    def mark(function: F) -> F:
        function.__rx_invariant__ = always  # type: ignore[attr-defined]
        return function

    return mark


def rules_of(cls: type) -> dict[str, Rule]:
    """Return the rules by name, in the order of their definition. Raises `BadOption`."""
    found = {name: _rule(name, f) for name, f in _marked(cls, "__rx_rule__").items()}
    if not found:
        raise BadOption(f"{cls.__name__} has no @rule")
    return found


def invariants_of(cls: type, *, always: bool) -> list[Callable[[Any], object]]:
    """Return the invariants that are checked after every event, or the others."""
    found = _marked(cls, "__rx_invariant__").values()
    return [method for method in found if method.__rx_invariant__ == always]


def _marked(cls: type, mark: str) -> dict[str, Any]:
    """Return the methods that carry ``mark``, base classes first."""
    names = [name for base in reversed(cls.__mro__) for name in vars(base)]
    methods = {name: getattr(cls, name, None) for name in dict.fromkeys(names)}
    return {name: method for name, method in methods.items() if hasattr(method, mark)}


def _rule(name: str, function: Any) -> Rule:
    target, raises, given = function.__rx_rule__
    if not inspect.iscoroutinefunction(function):
        raise BadOption(f"the rule {name} must be an async method")
    wanted = list(inspect.signature(function).parameters)[1:]
    if sorted(wanted) != sorted(given):
        raise BadOption(f"the rule {name} takes {wanted}, but @rule gives {sorted(given)}")
    ordered = {parameter: given[parameter] for parameter in wanted}
    condition = getattr(function, "__rx_precondition__", None)
    return Rule(name, function, ordered, target, raises, condition)
