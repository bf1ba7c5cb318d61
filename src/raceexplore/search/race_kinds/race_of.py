"""Which kind of race a failing run shows, in the field's word where it is one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from raceexplore.kernel.events.trace import UNTOLD, Kind
from raceexplore.search.race_kinds.case import Race, case_of
from raceexplore.search.race_kinds.over_values import (
    aba,
    check_then_act,
    dirty_read,
    lost_update,
    stale_read,
    write_skew,
)
from raceexplore.search.race_kinds.over_waiting import deadlock_cycle, leak_on_cancel, lost_wakeup
from raceexplore.search.why.order_constraints import RUNS, Index

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.why.order_constraints import Anchor
    from raceexplore.search.why.why import Why

KINDS = (
    deadlock_cycle,
    lost_wakeup,
    aba,
    write_skew,
    lost_update,
    leak_on_cancel,
    dirty_read,
    check_then_act,
    stale_read,
)
"""The kinds, the most specific first."""


OF_WAITS = ("deadlock cycle", "lost wakeup")
"""The kinds that the failure itself shows; a large program may show the others by chance."""


def race_of(run: Run, why: Why | None = None) -> Race | None:
    """Return the race that ``run``, observed with values, shows; None if it is of no known kind.

    Each kind is a pattern of accesses, waits and cancellations, defined where its function is. The
    first one counts that is found. None, too, if ``run`` has not failed, or nobody has observed it.
    why: the orders that suffice for the failure, if they are known. Where all of them are orders of
    data, a race of other objects than theirs does not count, unless it is of the same events.
    """
    if run.failure is None or not any(event.accesses for event in run.events):
        return None
    case = case_of(run)
    races = (race for race in (kind(case) for kind in KINDS) if race is not None)
    return next((race for race in races if _is_borne_out(race, why)), None)


def _is_borne_out(race: Race, why: Why | None) -> bool:
    if race.kind in OF_WAITS or why is None or why.orders.cure is not None:
        return True
    orders = [conflict.constraint for conflict in why.orders.needed]
    sides = [side for order in orders for side in (order.first, order.then)]
    if not all(_is_data(side) for side in sides):
        return True
    objects = {_object(side.label) for side in sides}
    if not objects or any(_object(point.label) in objects for point in race.points):
        return True
    # where the same events touch another object, too, an order of that one is this one's as well
    index, steps = Index(why.run.events), {point.event for point in race.points}
    return any({index.find(order.first), index.find(order.then)} <= steps for order in orders)


def _is_data(side: Anchor) -> bool:
    return side.deed.what != RUNS and side.kind not in (*UNTOLD, Kind.LOCK, Kind.UNSEEN)


def _object(label: str) -> str:
    return re.split(r"[.\[]", label)[0]
