"""A cart as a log of events, two tabs of one customer, and a projection that may crash."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from raceexplore import World
from raceexplore.sim.eventlog import EventStore
from raceexplore.sim.hosts import Host

QUIET_S = 100.0


class Added(NamedTuple):
    """An item is in the cart."""

    price: int


class Paid(NamedTuple):
    """The customer has paid what the cart showed."""

    amount: int


class Cart(NamedTuple):
    """What is in the cart, and what was paid; None: nothing yet."""

    total: int = 0
    paid: int | None = None
    shortfall: int = 0


Store = EventStore[Cart, Added | Paid]


def reduce(cart: Cart, event: Added | Paid) -> Cart:
    """Return the cart after ``event``; what is added later is for the next one."""
    if isinstance(event, Paid):
        return cart._replace(paid=event.amount, shortfall=cart.total - event.amount)
    return cart if cart.paid is not None else cart._replace(total=cart.total + event.price)


@dataclass
class View:
    """A projection: how many events of the log it has seen, and what it makes of them."""

    world: World
    seen: int = 0
    turnover: int = 0
    writes: list[str] = field(default_factory=list)

    async def write(self, *, turnover: int | None = None, seen: int | None = None) -> None:
        """Save, in one step, what is given."""
        await self.world.checkpoint()
        self.turnover = self.turnover if turnover is None else turnover
        self.seen = self.seen if seen is None else seen
        await self.world.checkpoint()


Pay = Callable[[Store], Coroutine[Any, Any, None]]
Project = Callable[[Store, View], Coroutine[Any, Any, None]]


async def shop(world: World, pay: Pay, project: Project) -> None:
    """Add an item in one tab, pay in another one, and project what has happened."""
    store: Store = EventStore(world, reduce, Cart(), name="cart")
    view, projector = View(world), Host(world, "projector")
    await store.append(Added(10))

    async def add() -> None:
        await store.append(Added(5))

    world.spawn(add, name="one tab")
    world.spawn(pay, store, name="other tab")
    await world.sleep(QUIET_S)

    async def crash() -> None:  # the schedule says at which await
        world.sometimes("the projection crashed half way", 0 < view.seen < log.version)
        projector.crash()
        projector.restart()

    log = store.log
    projector.run(project, store, view, name="project")
    world.spawn(crash, name="crash")
    await world.sleep(QUIET_S)
    world.sometimes("the item was in time", log.state.total == 15)
    assert log.state.shortfall == 0, f"the cart is {log.state.total}, paid were {log.state.paid}"
    turnover = sum(e.event.amount for e in log.entries if isinstance(e.event, Paid))
    assert (view.seen, view.turnover) == (log.version, turnover), (
        f"the projection of {view.seen} events is {view.turnover}, and should be {turnover}"
    )
