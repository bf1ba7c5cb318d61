"""What an expression may be made of, and which types there are by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.sql.parse import unmodelled
from raceexplore.sim.postgres.sql.values.types import INT8, NAMES, NUMERIC, Type

if TYPE_CHECKING:
    from raceexplore.sim.postgres.sql.values.scope import Expression


# The nodes of expressions that `Compiler` has a method for.
KINDS = frozenset(
    {"Column", "Literal", "Parameter", "Null", "Boolean", "Paren", "Neg", "And", "Or", "Not", "Is"}
    | {"NullSafeEQ", "NullSafeNEQ", "Between", "Like", "ILike", "In", "Exists", "Subquery", "Cast"}
    | {"Interval", "DPipe", "CurrentTimestamp", "Case"}
)


def aggregate_type(kind: str, argument: Expression | None) -> Type:
    """Return the type of an aggregate's result."""
    if kind == "Count" or argument is None:
        return INT8
    if kind in {"Min", "Max"}:
        return argument.kind
    if kind == "Sum" and argument.kind.name in {"int2", "int4"}:
        return INT8
    return argument.kind if argument.kind.name == "float8" else NUMERIC


def type_named(node: Any) -> Type:
    """Return the type that ``node``, of a cast or a column, names."""
    name = NAMES.get(node.this.name)
    if name is None or node.args.get("nested"):
        unmodelled(f"type {node.sql('postgres')}")
    numbers = [int(part.this.this) for part in node.expressions]
    if name == "numeric" and numbers:
        return Type(name, numbers[0], numbers[1] if len(numbers) > 1 else 0)
    return Type(name, numbers[0] if numbers else 0)
