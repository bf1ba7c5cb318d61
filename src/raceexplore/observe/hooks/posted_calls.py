"""What a call does that the runtime makes, because some event has posted it."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context
from functools import partial
from types import BuiltinFunctionType
from typing import Any

from raceexplore.kernel.fence.hostile import is_a
from raceexplore.observe.effects.locations import SCALARS
from raceexplore.observe.hooks.done_by import done_by
from raceexplore.observe.hooks.unseen_calls import give, note_called
from raceexplore.observe.ledger.ledger import Ledger


def note_posted(ledger: Ledger, function: Any, args: Sequence[Any]) -> None:
    """Note a call that the runtime makes, of what some event has posted."""
    while type(function) is partial and type(function.func) is BuiltinFunctionType:
        if not is_a(function.func.__self__, Context) or function.func.__name__ != "run":
            break
        # what `asyncio.to_thread` posts: the function is called in a context of its own
        called, *first = function.args
        function = partial(called, *first, **function.keywords)
    note_called(ledger, function)
    done = done_by(function)
    for value in args:
        if type(value) not in SCALARS:
            give(ledger, value, done)
