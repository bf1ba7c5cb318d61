"""Arithmetic as the server does it, where Python does it otherwise."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from raceexplore.sim.postgres.engine.errors import SqlError


def divide(left: Any, right: Any) -> Any:
    """Return ``left / right`` as the server does it: integers towards zero."""
    if right == 0:
        raise SqlError("22012", "division by zero")
    if isinstance(left, int) and isinstance(right, int):
        whole = abs(left) // abs(right)
        return whole if (left < 0) == (right < 0) else -whole
    if isinstance(left, float) or isinstance(right, float):
        return float(left) / float(right)
    return quotient(Decimal(left), Decimal(right))


def quotient(left: Decimal, right: Decimal) -> Decimal:
    """Return ``left / right`` with as many digits as the server gives: at least 16 that count.

    As ``select_div_scale`` in its numeric.c chooses them, whose digits are of base 10,000.
    """
    (weight, first), (other_weight, other_first) = _leading(left), _leading(right)
    weight -= other_weight + (first <= other_first)
    scale = min(max(16 - 4 * weight, _scale(left), _scale(right), 0), 1000)
    with localcontext(prec=2000):
        return (left / right).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)


def _scale(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))


def _leading(number: Decimal) -> tuple[int, int]:
    """Return where the first digit of base 10,000 stands, 0 being that before the point, and it."""
    if not number:
        return 0, 0
    weight = number.adjusted() // 4
    return weight, int(abs(number).scaleb(-4 * weight))


def rounded(value: Any, digits: int = 0) -> Any:
    """Return ``round(value, digits)`` as the server has it: halves of a numeric away from zero."""
    if isinstance(value, float):
        return float(round(value))
    found = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return found if digits >= 0 else found.quantize(Decimal(1))


def modulo(left: Any, right: Any) -> Any:
    """Return the remainder, which has the sign of ``left``."""
    if right == 0:
        raise SqlError("22012", "division by zero")
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    return Decimal(left) % Decimal(right)


def mixed(left: Any, right: Any) -> tuple[Any, Any]:
    """Return both numbers so that Python computes with them: a float and a Decimal as floats."""
    if isinstance(left, float) and isinstance(right, Decimal):
        return left, float(right)
    if isinstance(left, Decimal) and isinstance(right, float):
        return float(left), right
    return left, right
