"""Data: where a run has its records from, each by its name and number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.data.drawing import Drawing
from raceexplore.sim.data.fields import Field, Spot

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.world import World
    from raceexplore.sim.data.records import Record

Entity = TypeVar("Entity")


class Data:
    """The records of one run.

    Which values a record has hangs on its kind, its number and the entropy, not on who draws it,
    when, or what else there is. Drawn again it is the same, in a new object. locale: of names.
    """

    def __init__(self, world: World, *, locale: str = "en_US") -> None:
        self._world = world
        self._drawing = Drawing(world, "", locale)

    def draw(self, record: Record[Entity], number: int | str, *rules: str) -> Entity:
        """Return record ``number``, with these rule sets; a name will do for a number."""
        known = self._world.remember(("data record", record.name), lambda: record)
        if known.fields.keys() != record.fields.keys() and known is not record:
            raise BadOption(f"two kinds of record are called {record.name!r}; name one otherwise")
        return record.draw(self._drawing, record.name, number, *rules)

    def many(self, record: Record[Entity], count: int, *rules: str) -> list[Entity]:
        """Return the records from number 0 on, ``count`` of them."""
        return [self.draw(record, number, *rules) for number in range(count)]

    def value(self, field: Field, label: str) -> Any:
        """Return the value of a field outside of any record, which ``label`` names."""
        return field.draw(self._drawing.beside(label), Spot(label, 0, ""))


def feed(record: Record[Any], *rules: str, locale: str = "en_US") -> Callable[..., Any]:
    """Return a feed for `raceexplore.sim.load`: request n gets record n."""
    return lambda world, _label, number, _copy: Data(world, locale=locale).draw(
        record, number, *rules
    )
