"""Tasks and sets of tasks that are in the same order in every process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.trio_loop.inert import Alive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ControlledTask(asyncio.Task):  # type: ignore[type-arg]
    """asyncio's own task, in C where that is: it also knows its actor, and hashes by its number.

    Programs keep tasks in sets, and asyncio itself gives them out in sets. By address their order
    would be another one in each process.
    """

    __slots__ = ("actor",)

    actor: Any

    def __hash__(self) -> int:
        return self.actor.number  # type: ignore[no-any-return]

    def cancel(self, msg: Any = None) -> bool:
        """Cancel as asyncio does, and let the run know."""
        self.get_loop().host.cancels(self.actor)  # type: ignore[attr-defined]
        return super().cancel(msg)


# what it is called is asyncio's business, and so in every message that shows a task
ControlledTask.__name__ = ControlledTask.__qualname__ = "Task"


class Generators(Alive):
    """The running async generators, as the weak set that asyncio keeps of them."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self.items)

    def discard(self, item: Any) -> None:
        """Forget ``item``."""
        self.items.pop(id(item), None)

    def clear(self) -> None:
        """Forget them all."""
        self.items.clear()


class OrderedSet(set[Any]):
    """A set whose order is that of insertion."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._order: dict[Any, None] = dict.fromkeys(items)
        super().__init__(self._order)

    def __iter__(self) -> Iterator[Any]:
        return iter([item for item in self._order if item in self])

    def add(self, item: Any) -> None:
        """Add ``item``, as the last one."""
        if item not in self:
            self._order.pop(item, None)
            self._order[item] = None
            super().add(item)

    def remove(self, item: Any) -> None:
        """Remove ``item``."""
        super().remove(item)
        del self._order[item]

    def discard(self, item: Any) -> None:
        """Remove ``item``, if it is there."""
        super().discard(item)
        self._order.pop(item, None)

    def pop(self) -> Any:
        """Remove and return the first item."""
        for item in self:
            self.remove(item)
            return item
        raise KeyError("pop from an empty set")

    def copy(self) -> OrderedSet:
        """Return a set of the same items in the same order."""
        return OrderedSet(self)

    def __sub__(self, other: Any) -> OrderedSet:
        return OrderedSet([item for item in self if item not in other])

    def __and__(self, other: Any) -> OrderedSet:
        return OrderedSet([item for item in self if item in other])

    def __or__(self, other: Any) -> OrderedSet:
        return OrderedSet([*self, *other])

    def update(self, *others: Iterable[Any]) -> None:
        """Add what ``others`` hold."""
        for other in others:
            for item in other:
                self.add(item)
