"""The hooks, by the names that rewritten code calls them."""

from __future__ import annotations

from typing import Final

from raceexplore.observe.hooks import contents, iteration, moments
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.hooks import unseen_calls as given

HOOKS: Final = (
    *(hooks.attr, hooks.data, given.method, hooks.method_at, hooks.late, hooks.late_at),
    *(hooks.set_attr, hooks.update_attr, hooks.late_set),
    *(hooks.item, hooks.set_item, hooks.del_item, hooks.update_item, hooks.late_set_item),
    *(hooks.push, hooks.pop),
    *(hooks.read_name, hooks.write_name, hooks.update_name, hooks.inplace),
    *(hooks.entered, hooks.opened, hooks.unseen),
    *(given.called, given.called_last, given.used, given.lent, given.lent_to, given.later),
    *(given.mapped, moments.awaited, moments.answered, moments.raised, moments.asked),
    *(given.contents, contents.member, contents.late_contents, contents.matched),
    *(iteration.each, iteration.elements),
    *(iteration.delegated, iteration.behind, iteration.stream),
)

INJECTED: Final = {f"__rx_{hook.__name__}__": hook for hook in HOOKS} | {"__rx_iter__": iter}
"""What a rewritten module needs among its globals."""
