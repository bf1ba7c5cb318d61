"""The tasks that a run has beside the program's: its first one, and the one for run_sync_soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import trio
from outcome import Error, capture

from raceexplore.kernel.trio_loop.compat import CancelStatus, Nursery
from raceexplore.kernel.trio_loop.inert import Alive, Soon

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Queues(Protocol):
    """The run loop, as far as its own tasks need it."""

    runner: Any
    soon: Soon
    ready: list[Any]
    later: list[Any]


async def small_init(loop: Queues, program: Callable[..., Any], args: Sequence[Any]) -> None:
    """Run the main task: one nursery instead of trio's three, which time every short run."""
    runner, soon = loop.runner, loop.soon
    nursery = runner.system_nursery = open_by_hand(runner)
    try:
        runner.main_task = runner.spawn_impl(program, args, nursery, None)
    except BaseException as error:
        runner.main_task_outcome = Error(error)
    failed = nursery.cancel_scope._close(await nursery._nested_child_finished(None))
    if failed is not None:
        raise failed
    # the system nursery is closed: what is left to do is to close async generators, in order
    run_jobs(soon, strict=runner.strict_exception_groups)
    generators = runner.asyncgens
    while generators.alive.items or generators.trailing_needs_finalize:
        batch = [*generators.alive, *generators.trailing_needs_finalize]
        generators.trailing_needs_finalize.clear()
        generators.alive = Alive()
        for generator in batch:
            await generators._finalize_one(generator, generator.__qualname__)
        run_jobs(soon, strict=runner.strict_exception_groups)
    # a corrupted nursery may have left tasks behind: trio gives them a few passes, too
    while len(runner.tasks) > 1 and (loop.ready or loop.later):
        await trio.lowlevel.cancel_shielded_checkpoint()
    soon.done = True
    run_jobs(soon, strict=runner.strict_exception_groups)


def open_by_hand(runner: Any) -> Any:
    """Open the system nursery as ``async with trio.open_nursery()`` does, at a third of the cost.

    Its scope has no deadline and no parent, so that entering it comes down to these lines.
    """
    scope, task = trio.CancelScope(), runner.init_task
    scope._has_been_entered = True
    scope._cancel_status = CancelStatus(scope=scope)
    task._activate_cancel_status(scope._cancel_status)
    return Nursery._create(task, scope, runner.strict_exception_groups)


async def courier(loop: Queues) -> None:
    """Run what the program has given to run_sync_soon; as a system task, as trio does."""
    runner, soon = loop.runner, loop.soon
    children = runner.system_nursery._children
    # the end of the system nursery cancels it, but others there may still need it
    with trio.CancelScope(shield=True):
        while soon.size() and (len(children) > 1 or runner.main_task_outcome is None):
            try:
                run_jobs(soon, strict=runner.strict_exception_groups)
            except BaseException as error:
                runner.spawn_system_task(crash, error)
            if soon.size():
                await trio.lowlevel.checkpoint()
    soon.busy = False


def run_jobs(soon: Soon, *, strict: bool) -> None:
    """Run what has been given to run_sync_soon up to now; raise as a nursery what has failed."""
    if not soon.size():
        return
    outcomes = [capture(sync_fn, *args) for sync_fn, args in soon.take()]
    errors = [outcome.error for outcome in outcomes if isinstance(outcome, Error)]
    if errors:
        alone = len(errors) == 1 and not strict
        raise errors[0] if alone else BaseExceptionGroup("run_sync_soon", errors)


async def crash(error: BaseException) -> None:
    """Fail as a system task, which is what trio makes of a crash in run_sync_soon."""
    raise error
