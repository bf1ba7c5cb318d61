"""Records: named fields, rule sets, and the records that belong to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.data.fields import Field, Spot

if TYPE_CHECKING:
    from raceexplore.sim.data.drawing import Drawing

Entity = TypeVar("Entity")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Computed:
    """A part that follows from those before it."""

    rule: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class One:
    """A record that belongs to this one; or one of ``among`` that several may belong to."""

    record: Record[Any]
    among: int = 0

    def draw(self, drawing: Drawing) -> Any:
        """Return the record."""
        if not self.among:
            return self.record.draw(drawing, f"{drawing.label}", 0)
        number = drawing.pick(range(self.among), "which")
        return self.record.draw(drawing, self.record.name, number)


@dataclass(frozen=True, slots=True)
class Several:
    """``least`` to ``most`` records that belong to this one."""

    record: Record[Any]
    least: int
    most: int

    def draw(self, drawing: Drawing) -> Any:
        """Return the records, in a list."""
        count = drawing.pick(range(self.least, self.most + 1), "count")
        return [self.record.draw(drawing, drawing.label, number) for number in range(count)]


Part = Field | Computed | One | Several


class Record(Generic[Entity]):
    """A kind of record: a name, and fields by their names.

    ``Record("order", quantity=integer(1, 500).nasty(), note=text())``. It is a dict of them, in
    their order; see `into`. Immutable: what is said of a record makes another one.
    """

    def __init__(self, name: str, /, **fields: Part) -> None:
        self.name = name
        self.fields = _checked(name, fields)
        self.sets: Mapping[str, Mapping[str, Part]] = MappingProxyType({})
        self.made: Callable[..., Any] = dict

    def having(self, **fields: Part) -> Record[Entity]:
        """Return the record with these fields more, or instead of those of their names."""
        return self._but(fields=_checked(self.name, {**self.fields, **fields}))

    def rules(self, name: str, /, **fields: Part) -> Record[Entity]:
        """Return the record with a rule set: fields that hold where it is drawn by that name."""
        strange = fields.keys() - self.fields.keys()
        if strange:
            raise BadOption(
                f"{self.name}: rule set {name!r} names no field of it: {min(strange)!r}"
            )
        return self._but(sets={**self.sets, name: _checked(self.name, fields)})

    def into(self, made: Callable[..., Other]) -> Record[Other]:
        """Return the record that is what ``made`` makes of its fields, given by their names."""
        changed: Any = self._but(made=made)
        return changed  # type: ignore[no-any-return]

    def draw(self, drawing: Drawing, scope: str, number: int | str, *rules: str) -> Entity:
        """Return record ``number`` of those called ``scope``, with these rule sets."""
        values: dict[str, Any] = {}
        for name, part in self._parts(rules).items():
            place = Spot(scope, number, name)
            if isinstance(part, Computed):
                values[name] = part.rule(MappingProxyType(values))
                continue
            own = drawing.beside(place.label(number))
            values[name] = part.draw(own, place) if isinstance(part, Field) else part.draw(own)
        entity: Entity = self.made(**values)
        return entity

    def _parts(self, rules: tuple[str, ...]) -> Mapping[str, Part]:
        parts = dict(self.fields)
        for name in rules:
            if name not in self.sets:
                known = ", ".join(map(repr, self.sets)) or "none"
                raise BadOption(f"{self.name} has no rule set {name!r}; it has {known}")
            parts |= self.sets[name]
        return parts

    def _but(self, **changes: Any) -> Record[Any]:
        other: Record[Any] = Record(self.name)
        kept = {"fields": self.fields, "sets": self.sets, "made": self.made}
        for name, value in (kept | changes).items():
            setattr(other, name, value)
        return other


def _checked(name: str, fields: Mapping[str, Part]) -> Mapping[str, Part]:
    for field, part in fields.items():
        if not isinstance(part, Part):
            raise BadOption(f"{name}.{field} is no field but {part!r}; is it integer(...), say?")
    return MappingProxyType(dict(fields))


def computed(rule: Callable[[Mapping[str, Any]], Any]) -> Computed:
    """Return the part that ``rule`` makes of the fields before it, a mapping by name."""
    return Computed(rule)


def one(record: Record[Any], *, among: int = 0) -> One:
    """Return the part that is a record; its own, or one of ``among`` that others refer to, too."""
    return One(record, among)


def several(record: Record[Any], least: int, most: int) -> Several:
    """Return the part that is a list of ``least`` to ``most`` records of its own."""
    if not 0 <= least <= most:
        raise BadOption(f"several: from {least} to {most} there is no number of records")
    return Several(record, least, most)
