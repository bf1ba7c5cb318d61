"""Reading values of plans: durations, shares and names, each refused with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.chaos.probes import SIGNS, Comparator, Mode

UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h|)")
_COMPARED = re.compile(r"(bool|int|float|string)\s+(\S+)\s+(.*)")


class Values:
    """A table of a plan; each value is asked for once, and what nobody has asked for is refused."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, Mapping):
            raise BadOption(f"{where}: expected a table, not {table!r}")
        self.where = where
        self._left: dict[str, Any] = dict(table)

    def end(self, known: AbstractSet[str] = frozenset()) -> None:
        """Raise `BadOption` if there is a value that nothing was done with."""
        odd = [name for name in self._left if name not in known]
        if odd:
            raise BadOption(f"{self.where}: {odd[0]!r} is no setting here")

    def has(self, *names: str) -> bool:
        """Return whether one of ``names`` is set, and was not asked for yet."""
        return any(name in self._left for name in names)

    def take(self, name: str, otherwise: Any = None) -> Any:
        """Return a value as it is."""
        return self._left.pop(name, otherwise)

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a text."""
        value = self._left.pop(name, otherwise)
        if not isinstance(value, str):
            raise BadOption(f"{self.where}: {name} is a text, not {value!r}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return texts: a list of them, or one."""
        value = self._left.pop(name, ())
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list | tuple) or not all(isinstance(each, str) for each in found):
            raise BadOption(f"{self.where}: {name} is a list of texts, not {value!r}")
        return tuple(found)

    def whole(self, name: str, otherwise: int) -> int:
        """Return a whole number."""
        value = self._left.pop(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadOption(f"{self.where}: {name} is a whole number, not {value!r}")
        return value

    def number(self, name: str, otherwise: float) -> float:
        """Return a number."""
        value = self._left.pop(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadOption(f"{self.where}: {name} is a number, not {value!r}")
        return float(value)

    def flag(self, name: str, otherwise: bool) -> bool:  # noqa: FBT001 a default, not an option
        """Return true or false."""
        value = self._left.pop(name, otherwise)
        if not isinstance(value, bool):
            raise BadOption(f"{self.where}: {name} is true or false, not {value!r}")
        return value

    def seconds(self, name: str, otherwise: float) -> float:
        """Return a duration: a number of seconds, or a text as ``250ms``."""
        return duration(self._left.pop(name, otherwise), f"{self.where}: {name}")


def duration(value: object, where: str) -> float:
    """Return the seconds of a number, or of a text as ``250ms``, ``30s`` or ``2m``."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise BadOption(f"{where} is a duration as 30 or '250ms', not {value!r}")
    return float(found[1]) * UNITS_S[found[2]]


def mode(text: str, where: str) -> Mode:
    """Return the mode that is called so, in any case. Raises `BadOption`."""
    for each in Mode:
        if each.value.lower() == text.lower():
            return each
    known = ", ".join(each.value for each in Mode)
    raise BadOption(f"{where}: a mode is one of {known}, not {text!r}")


def compared(text: str, where: str) -> Comparator:
    """Return what ``int <= 100`` compares; of an empty text, whether the value is true."""
    if not text:
        return Comparator()
    found = _COMPARED.fullmatch(text.strip())
    if found is None:
        raise BadOption(f"{where}: a comparison is like 'int <= 100', not {text!r}")
    return comparator(found[1], found[2], found[3], where)


def comparator(kind: str, sign: str, value: str, where: str) -> Comparator:
    """Return a comparator. Raises `BadOption` for a kind or a sign that is none."""
    if kind not in {"bool", "int", "float", "string"}:
        raise BadOption(f"{where}: a value is bool, int, float or string, not {kind!r}")
    if sign.lower() not in SIGNS:
        raise BadOption(f"{where}: {sign!r} is no comparison; {', '.join(SIGNS)} are")
    return Comparator(kind, sign.lower(), value)
