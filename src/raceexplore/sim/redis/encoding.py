"""How redis-py's values become bytes, and bytes become its values again."""

from __future__ import annotations

from dataclasses import dataclass

from raceexplore.sim.unmodelled import library


@dataclass(frozen=True, slots=True)
class Encoding:
    """UTF-8 in both directions; ``decodes``: answers are text (``decode_responses=True``)."""

    decodes: bool = False

    def encode(self, value: object) -> bytes:
        """Return ``value`` as bytes. Raises `redis.DataError` for what redis-py does not take."""
        if isinstance(value, bytes | memoryview):
            return bytes(value)
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return repr(value).encode()
        raise library("redis").DataError(
            f"Invalid input of type: {type(value).__name__!r}. "
            "Convert to a bytes, string, int or float first."
        )

    def decode(self, value: bytes) -> str | bytes:
        """Return ``value`` as an answer's value."""
        return value.decode() if self.decodes else value
