"""A Hypothesis backend whose test cases draw the schedules that raceexplore's schedulers chose.

``settings(backend="raceexplore")``. Hypothesis calls its interface for backends internal and may
change it; Hypothesis imports this file when a test asks for the backend by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis.internal.conjecture.providers import HypothesisProvider

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from hypothesis.internal.conjecture.data import ConjectureData


class Provider(HypothesisProvider):
    """Hypothesis's own choices, but for those that a strategy of schedules has announced."""

    lifetime = "test_case"  # as for Hypothesis's own provider: it brings the source of chance

    def __init__(self, data: ConjectureData | None, /) -> None:
        super().__init__(data)
        self._announced: list[bool | int] = []

    @property
    def chance_of_scouts(self) -> Random | None:
        """What Hypothesis draws from: one object for all test cases of one test."""
        return self._random

    def announce(self, choices: Iterable[bool | int]) -> None:
        """Answer the next draws with ``choices``; nothing is left over from an earlier call."""
        self._announced = [*choices][::-1]

    def draw_boolean(self, p: float = 0.5) -> bool:
        """Return the choice announced, else Hypothesis's own."""
        return bool(self._announced.pop()) if self._announced else super().draw_boolean(p)

    def draw_integer(self, *args: Any, **options: Any) -> int:
        """Return the choice announced, else Hypothesis's own."""
        if self._announced:
            return int(self._announced.pop())
        return super().draw_integer(*args, **options)
