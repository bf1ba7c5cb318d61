"""Which kind of race a failing run shows, in the field's word where it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.search.race import Race, case_of
from raceexplore.search.race_values import (
    aba,
    check_then_act,
    dirty_read,
    lost_update,
    stale_read,
    write_skew,
)
from raceexplore.search.race_waits import deadlock_cycle, leak_on_cancel, lost_wakeup

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run

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


def race_of(run: Run) -> Race | None:
    """Return the race that ``run``, observed with values, shows; None if it is of no known kind.

    Each kind is a pattern of accesses, waits and cancellations, defined where its function is. The
    first one counts that is found. None, too, if ``run`` has not failed, or nobody has observed it.
    """
    if run.failure is None or not any(event.accesses for event in run.events):
        return None
    case = case_of(run)
    return next((race for race in (kind(case) for kind in KINDS) if race is not None), None)
