"""Expressions: from the tree of one to a function of the row."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.values import operators
from raceexplore.sim.postgres.sql.values.aggregates import AGGREGATES, Aggregate, Agreed
from raceexplore.sim.postgres.sql.values.functions import FUNCTIONS, call
from raceexplore.sim.postgres.sql.values.kinds import KINDS, aggregate_type, type_named
from raceexplore.sim.postgres.sql.values.scope import Expression
from raceexplore.sim.postgres.sql.values.types import (
    BOOL,
    INTERVAL,
    TEXT,
    TIMESTAMPTZ,
    UNKNOWN,
    as_text,
    common,
    interval,
    store,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Running, Scope

    Sub = Callable[[Any, Scope | None], Any]


class Compiler:
    """Compiles the expressions of one query.

    scope: what names mean. sub: compiles a sub-query in a scope. grouping: gathers the aggregate
    functions, where they are allowed, and knows what a group agrees on. waits: gathers the calls
    of functions that wait, where they are allowed.
    """

    def __init__(self, scope: Scope, sub: Sub) -> None:
        self.scope, self.sub = scope, sub
        self.grouping: Agreed | None = None
        self.waits: list[tuple[object, str, list[Expression]]] | None = None
        self.inside_aggregate = False

    def expression(self, node: Any) -> Expression:
        """Return ``node`` compiled. Raises `SqlError`, or `Unmodelled` for what is not known."""
        grouping = self.grouping
        if grouping is None or not grouping.texts or node.sql("postgres") not in grouping.texts:
            return self._expression(type(node).__name__, node)
        self.grouping = None  # the group agrees on it, whatever it is made of
        found = self._expression(type(node).__name__, node)
        self.grouping = grouping
        return found

    def _expression(self, kind: str, node: Any) -> Expression:
        if kind in operators.COMPARISONS:
            return self._comparison(kind, node)
        if kind in operators.ARITHMETIC:
            left, right = self.expression(node.this), self.expression(node.expression)
            return operators.compute(kind, left, right, position(node))
        compile_ = getattr(self, f"_{kind.lower()}", None) if kind in KINDS else None
        if compile_ is not None:
            found: Expression = compile_(node)
            return found
        if kind in AGGREGATES:
            return self._aggregate(kind, node)
        if kind in FUNCTIONS or kind == "Anonymous":
            return self._function(kind, node)
        return unmodelled(node.sql("postgres"))

    def condition(self, node: Any) -> Callable[[Env, Running], Any]:
        """Return a WHERE, ON or CHECK as a function that answers true, false or NULL."""
        found = self.expression(node)
        if found.kind not in (BOOL, UNKNOWN):
            message = f"argument of WHERE must be type boolean, not type {found.kind.words}"
            raise SqlError("42804", message, position=position(node))
        return found.run

    def _comparison(self, kind: str, node: Any) -> Expression:
        left, right = node.this, node.expression
        if type(right).__name__ == "Any" and kind == "EQ":
            return self._any(left, right)
        if type(left).__name__ == type(right).__name__ == "Tuple" and kind == "EQ":
            pairs = zip(left.expressions, right.expressions, strict=True)
            sides = [(self.expression(one), self.expression(other)) for one, other in pairs]
            runs = [operators.compare(kind, one, other, 0).run for one, other in sides]
            run = runs[0]
            for other in runs[1:]:
                run = operators.conjunction(run, other)
            return Expression(run, BOOL)
        one, other_side = self.expression(left), self.expression(right)
        return operators.compare(kind, one, other_side, position(node))

    def _any(self, left: Any, right: Any) -> Expression:
        """Return ``left = ANY (list)``."""
        value, inner = self.expression(left), right.this
        while type(inner).__name__ == "Paren":
            inner = inner.this
        listed, run = self.expression(inner).run, value.run
        kind = value.kind

        def anywhere(env: Env, running: Running) -> Any:
            found = listed(env, running)
            if found is None:
                return None
            items = [store(item, kind) if isinstance(item, str) else item for item in found]
            return operators.among(run(env, running), items)

        return Expression(anywhere, BOOL)

    def _column(self, node: Any) -> Expression:
        if type(node.this).__name__ == "Star":
            unmodelled(f"{node.sql('postgres')} here")
        name, table = name_of(node.this), name_of(node.args.get("table"))
        place, column, source = self.scope.find(table, name, position(node))
        grouping, own = self.grouping, self.scope.base <= place
        grouped = grouping is None or self.inside_aggregate or not own
        if grouping is not None and not grouped and (place, column) not in grouping.columns:
            message = (
                f'column "{source.alias}.{name}" must appear in the GROUP BY clause or be used in'
                " an aggregate function"
            )
            raise SqlError("42803", message, position=position(node))
        return Expression(lambda env, _: env[place][column], source.types[column], name)

    def _literal(self, node: Any) -> Expression:
        text = str(node.this)
        if node.is_string:
            return Expression(lambda *_: text, UNKNOWN, literal=(text, position(node)))
        number: Any = int(text) if text.isdigit() else Decimal(text)
        return Expression(lambda *_: number, type_of(number))

    def _parameter(self, node: Any) -> Expression:
        number = int(node.this.this) - 1
        return Expression(lambda _, running: running.params[number], UNKNOWN)

    def _null(self, node: Any) -> Expression:
        return Expression(lambda *_: None, UNKNOWN)

    def _boolean(self, node: Any) -> Expression:
        value = bool(node.this)
        return Expression(lambda *_: value, BOOL, "bool")

    def _paren(self, node: Any) -> Expression:
        return self.expression(node.this)

    def _neg(self, node: Any) -> Expression:
        return operators.negate(self.expression(node.this))

    def _and(self, node: Any) -> Expression:
        left, right = self.condition(node.this), self.condition(node.expression)
        return Expression(operators.conjunction(left, right), BOOL)

    def _or(self, node: Any) -> Expression:
        left, right = self.condition(node.this), self.condition(node.expression)
        return Expression(operators.disjunction(left, right), BOOL)

    def _not(self, node: Any) -> Expression:
        return Expression(operators.complement(self.condition(node.this)), BOOL)

    def _is(self, node: Any) -> Expression:
        value, wanted = self.expression(node.this).run, self.expression(node.expression).run
        negated = bool(node.args.get("negate"))
        return Expression(operators.distinct(value, wanted, negated=not negated), BOOL)

    def _nullsafeeq(self, node: Any) -> Expression:
        return self._distinct(node, negated=True)

    def _nullsafeneq(self, node: Any) -> Expression:
        return self._distinct(node, negated=False)

    def _distinct(self, node: Any, *, negated: bool) -> Expression:
        left, right = self.expression(node.this), self.expression(node.expression)
        one, other = operators.adapted(left, right.kind), operators.adapted(right, left.kind)
        return Expression(operators.distinct(one, other, negated=negated), BOOL)

    def _between(self, node: Any) -> Expression:
        value = self.expression(node.this)
        low = operators.compare("GTE", value, self.expression(node.args["low"]), position(node))
        high = operators.compare("LTE", value, self.expression(node.args["high"]), position(node))
        return Expression(operators.conjunction(low.run, high.run), BOOL)

    def _like(self, node: Any, *, folds: bool = False) -> Expression:
        left, right = self.expression(node.this).run, self.expression(node.expression).run
        return Expression(operators.like(left, right, folds=folds), BOOL)

    def _ilike(self, node: Any) -> Expression:
        return self._like(node, folds=True)

    def _in(self, node: Any) -> Expression:
        value = self.expression(node.this)
        query = node.args.get("query")
        if query is None:
            options = [self.expression(option) for option in node.expressions]
            for option in options:
                operators.compare("EQ", value, option, position(node))  # only for its errors
            runs = [operators.adapted(option, value.kind) for option in options]
            return Expression(operators.membership(value.run, runs), BOOL)
        sub, run = self.sub(query.this, self.scope), value.run

        def inside(env: Env, running: Running) -> Any:
            found = [values[0] for values in sub.values(env, running)]
            return operators.among(run(env, running), found)

        return Expression(inside, BOOL)

    def _exists(self, node: Any) -> Expression:
        sub = self.sub(node.this, self.scope)
        return Expression(lambda env, running: bool(sub.values(env, running)), BOOL, "exists")

    def _subquery(self, node: Any) -> Expression:
        sub = self.sub(node.this, self.scope)
        sub.most = 2  # a second row is an error already

        def scalar(env: Env, running: Running) -> Any:
            found = sub.values(env, running)
            if len(found) > 1:
                message = "more than one row returned by a subquery used as an expression"
                raise SqlError("21000", message)
            return found[0][0] if found else None

        return Expression(scalar, sub.types[0], sub.names[0])

    def _cast(self, node: Any) -> Expression:
        kind, inner = type_named(node.args["to"]), self.expression(node.this)
        run = inner.run
        return Expression(lambda env, running: store(run(env, running), kind), kind, inner.name)

    def _interval(self, node: Any) -> Expression:
        unit = node.args.get("unit")
        text = f"{node.this.this} {unit.name if unit is not None else ''}".strip()
        value = interval(text)
        return Expression(lambda *_: value, INTERVAL)

    def _dpipe(self, node: Any) -> Expression:
        left, right = self.expression(node.this).run, self.expression(node.expression).run

        def joined(env: Env, running: Running) -> Any:
            a, b = left(env, running), right(env, running)
            return None if a is None or b is None else as_text(a) + as_text(b)

        return Expression(joined, TEXT)

    def _currenttimestamp(self, node: Any) -> Expression:
        return Expression(lambda _, running: running.session.now(), TIMESTAMPTZ, "now")

    def _case(self, node: Any) -> Expression:
        if node.this is not None:
            unmodelled("CASE value WHEN ...")
        branches = [
            (self.condition(branch.this), self.expression(branch.args["true"]))
            for branch in node.args["ifs"]
        ]
        default = node.args.get("default")
        last = self.expression(default) if default is not None else None
        kind = common([value.kind for _, value in branches] + ([last.kind] if last else []))
        otherwise = None if last is None else operators.converted(last, kind)
        runs = [(condition, operators.converted(value, kind)) for condition, value in branches]

        def case(env: Env, running: Running) -> Any:
            for condition, value in runs:
                if condition(env, running):
                    return value(env, running)
            return None if otherwise is None else otherwise(env, running)

        return Expression(case, kind, "case")

    def _function(self, kind: str, node: Any) -> Expression:
        name = str(node.this).lower() if kind == "Anonymous" else kind.lower()
        parts = list(node.expressions)
        if kind != "Anonymous" and node.this is not None:
            parts.insert(0, node.this)
        if kind == "Nullif":
            parts.append(node.expression)
        if kind == "Round" and node.args.get("decimals") is not None:
            parts.append(node.args["decimals"])
        return call(name, [self.expression(part) for part in parts], self, node)

    def _aggregate(self, kind: str, node: Any) -> Expression:
        if self.grouping is None or self.inside_aggregate:
            message = f"aggregate functions are not allowed here: {node.sql('postgres')}"
            raise SqlError("42803", message, position=position(node))
        inner, unique = node.this, False
        if type(inner).__name__ == "Distinct":
            inner, unique = inner.expressions[0], True
        argument = None
        if type(inner).__name__ != "Star":
            self.inside_aggregate = True
            argument = self.expression(inner)
            self.inside_aggregate = False
        aggregates = self.grouping.aggregates
        number, place = len(aggregates), self.scope.base + len(self.scope.sources)
        aggregates.append(Aggregate(kind, argument, unique))
        result = aggregate_type(kind, argument)
        return Expression(lambda env, _: env[place][number], result, kind.lower())
