"""Who looks where another task stands: an access to what every event of that task touches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.fence.hostile import is_a
from raceexplore.kernel.trio_loop.cancellations import scopes_of
from raceexplore.observe.effects.anyio_primitives import scopes_around, task_behind
from raceexplore.observe.effects.locations import ALL

if TYPE_CHECKING:
    from raceexplore.observe.ledger.ledger import Ledger


def note_standing(ledger: Ledger, obj: object) -> None:
    """Note that the present event looks where a task stands, or whether it is being cancelled.

    Under trio only a cancelled scope answers that. Under asyncio what the task waits for does, too:
    each of its events looks at its scope, so that who writes that is in order with all of them.
    """
    task: Any = obj if is_a(obj, asyncio.Task) else task_behind(obj)
    if is_a(task, trio.lowlevel.Task):
        ledger.look(scopes_of(task))
        return
    actor = getattr(task, "actor", None)
    if actor is None:
        ledger.opaque("where a task stands, which is freed or of a class of its own,")
        return
    ledger.write(actor.scope, ALL)
    if task._fut_waiter is not None:  # noqa: SLF001 asyncio has no public name for it
        ledger.read(task._fut_waiter, ALL)  # noqa: SLF001
    if task is not obj:
        for scope in scopes_around(task):
            for name in ("_cancel_called", "_shield", "_parent_scope"):
                ledger.read(scope, name)
