"""Latencies that were measured: a list of seconds, or a column of a CSV file."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from raceexplore.sim.latency.composed import Sum
from raceexplore.sim.latency.quantiles import Latency, drawn, lasting, require

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.world import World


@dataclass(frozen=True, slots=True, init=False)
class Empirical:
    """One of the ``seconds`` that were measured, each equally likely; any order.

    The quantile of a share is the smallest measured value that this share of them does not exceed.
    Raises `ValueError` if there are none, or one is negative or infinite.
    """

    seconds: tuple[float, ...]

    def __init__(self, seconds: Iterable[float]) -> None:
        measured = tuple(sorted(float(each) for each in seconds))
        require(bool(measured), "Empirical: it needs at least one measured latency")
        odd = [each for each in measured if not 0 <= each < math.inf]
        require(not odd, f"Empirical: a latency is 0 seconds or more, not {odd[:1]}")
        object.__setattr__(self, "seconds", measured)

    @classmethod
    def from_csv(cls, path: str | Path, column: str | None = None) -> Self:
        """Return the latencies of one column of a CSV file, in seconds.

        column: its name in the first line; None: the file has one column, with or without a name.
        Raises `ValueError` naming the line that holds no number, and `OSError`.
        """
        with Path(path).open(newline="", encoding="utf-8") as file:
            lines = [line for line in csv.reader(file) if line]
        place, first = _column(lines, column, str(path))
        values = []
        for number, line in enumerate(lines[first:], start=first + 1):
            try:
                values.append(float(line[place]))
            except (IndexError, ValueError):
                raise ValueError(f"{path}, line {number}: no number of seconds: {line}") from None
        return cls(values)

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        return self.seconds[math.ceil(share * len(self.seconds)) - 1]

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return drawn(self, world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(lasting(self, world, label))

    def __add__(self, other: Latency) -> Sum:
        return Sum(self, other)


def _column(lines: list[list[str]], column: str | None, path: str) -> tuple[int, int]:
    """Return which column holds the latencies, and the first line that does."""
    require(bool(lines), f"{path}: the file is empty")
    if column is not None:
        require(column in lines[0], f"{path}: no column {column!r}; it has {lines[0]}")
        return lines[0].index(column), 1
    require(len(lines[0]) == 1, f"{path}: which column? Name one of {lines[0]}")
    try:
        float(lines[0][0])
    except ValueError:
        return 0, 1
    return 0, 0
