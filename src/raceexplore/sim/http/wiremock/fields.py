"""The fields of a JSON object, each of which must be taken, or refused by name."""

from __future__ import annotations

from typing import Any

from raceexplore.sim.latency.quantiles import require
from raceexplore.sim.unmodelled import Unmodelled


class Fields:
    """One object of a mapping file. What nobody has taken in the end is an unknown field.

    value: the object. where: the file and the way to the object, for messages.
    """

    def __init__(self, value: object, where: str) -> None:
        require(isinstance(value, dict), f"{where}: an object is expected, not {value!r}")
        self.value: dict[str, Any] = value  # type: ignore[assignment] # seen to above
        self.where = where
        self._left = dict.fromkeys(self.value)

    def take(self, name: str) -> Any:
        """Return the value of a field, or None."""
        self._left.pop(name, None)
        return self.value.get(name)

    def text(self, name: str) -> str | None:
        """Return the text of a field, or None. Raises `ValueError` for anything else."""
        value = self.take(name)
        held = value is None or isinstance(value, str)
        require(held, f"{self.where}: {name} must be a text, not {value!r}")
        return None if value is None else str(value)

    def number(self, name: str, otherwise: int) -> int:
        """Return the whole number of a field. Raises `ValueError` for anything else."""
        value = self.take(name)
        if value is None:
            return otherwise
        whole = isinstance(value, int) and not isinstance(value, bool)
        require(whole, f"{self.where}: {name} must be a whole number, not {value!r}")
        return int(value)

    def seconds(self, name: str) -> float | None:
        """Return the seconds of a field in milliseconds, or None. Raises `ValueError`."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise ValueError(
                f"{self.where}: {name} must be a number of milliseconds, 0 or more, not {value!r}"
            )
        return value / 1000

    def flag(self, name: str) -> bool:
        """Return a field that is true or false, false if it is not there. Raises `ValueError`."""
        value = self.take(name)
        held = value is None or isinstance(value, bool)
        require(held, f"{self.where}: {name} must be true or false, not {value!r}")
        return bool(value)

    def part(self, name: str) -> Fields:
        """Return the object of a field; an empty one, if it is not there."""
        value = self.take(name)
        return Fields({} if value is None else value, f"{self.where}: {name}")

    def items(self, name: str) -> list[Any]:
        """Return the list of a field; an empty one, if it is not there. Raises `ValueError`."""
        value = self.take(name)
        held = value is None or isinstance(value, list)
        require(held, f"{self.where}: {name} must be a list, not {value!r}")
        return value or []

    def skip(self, *names: str) -> None:
        """Pass over fields that change nothing here."""
        for name in names:
            self._left.pop(name, None)

    def refuse(self, *names: str) -> None:
        """Raise `Unmodelled` if a field is there that WireMock would honour."""
        for name in names:
            if self.value.get(name):
                raise Unmodelled(f"{self.where}: {name} is not simulated")
            self._left.pop(name, None)

    def done(self) -> None:
        """Raise `ValueError` if fields are left that nobody knows."""
        if self._left:
            raise ValueError(f"{self.where}: unknown field {next(iter(self._left))!r}")
