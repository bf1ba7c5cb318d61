"""Who cancelled whom in a run, and which deadlines passed: for a reader, never for a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


CHOICE = "--cancel"  # stands for a line, where a cancellation was a choice


class Cancel(NamedTuple):
    """One cancel scope that was cancelled.

    event: the number of the event that did it; of a deadline, of the first one after it has passed.
    deadline: its time was up, and no task has done it.
    victims: the numbers of the events that began with its `Cancelled`.
    opened: ``file:line`` where the scope was entered; called: where `cancel` was called on it. Both
        are empty where nobody knows: trio cancels a nursery in which a task has failed. `CHOICE`
        where nobody has called it: it was a choice of the run's.
    """

    event: int
    deadline: bool
    victims: tuple[int, ...] = ()
    opened: str = ""
    called: str = ""


class Sighting(NamedTuple):
    """What is known of one scope's life. event: when `cancel` was called first; -1 if never."""

    opened: str = ""
    called: str = ""
    event: int = -1


class Sightings(Protocol):
    """Knows where cancel scopes were opened and cancelled."""

    def traced(self, scope: object) -> Sighting:
        """Return what is known of ``scope``."""
        ...


class Witness(Protocol):
    """What a ledger has of the scopes."""

    @property
    def scopes(self) -> Sightings:
        """The scopes that it has seen."""
        ...


class Cancels:
    """Collects the cancellations of one run, as its recorder comes to know of them."""

    def __init__(self) -> None:
        self._order: dict[
            Any, tuple[int, bool, str]
        ] = {}  # by scope, the first to be cancelled first
        self._victims: dict[Any, list[int]] = {}

    def note(self, scopes: Iterable[Any], event: int, *, deadline: bool, called: str = "") -> None:
        """Note that ``scopes`` have just been cancelled, in ``event`` or by the clock before it.

        called: where, if the ledger does not know.
        """
        for scope in scopes:
            self._order.setdefault(scope, (event, deadline, called))

    def delivered(self, scopes: Sequence[Any], event: int) -> None:
        """Note that ``event`` began with a Cancelled of a task that was in ``scopes``."""
        scope = next((scope for scope in self._order if scope in scopes), None)
        if scope is not None:
            self._victims.setdefault(scope, []).append(event)

    def all(self, ledger: Witness | None) -> tuple[Cancel, ...]:
        """Return them in the order of time; ``ledger`` knows where each scope was opened."""
        found = []
        for scope, (event, deadline, called) in self._order.items() if ledger is not None else ():
            trace = ledger.scopes.traced(scope) if ledger is not None else Sighting()
            victims = tuple(self._victims.get(scope, ()))
            # one that was cancelled before anybody was in it has been noted too late
            number = event if trace.event < 0 or deadline else trace.event
            found.append(Cancel(number, deadline, victims, trace.opened, trace.called or called))
        return tuple(sorted(found, key=lambda cancel: cancel.event))
