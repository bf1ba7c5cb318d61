"""What asyncio only logs, as failures: each names the task and the line, and says what to do."""

from __future__ import annotations

import linecache
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.trace import NOWHERE, Site
from raceexplore.kernel.outcome import Failure, from_exception, shorten
from raceexplore.kernel.program import LEFT
from raceexplore.kernel.standing.walk import site_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.standing.waits import Wait

NEVER_RETRIEVED = "exception never retrieved"
DESTROYED = "destroyed task"
NEVER_AWAITED = "never awaited"
CALLBACK_ERROR = "callback error"


def logged(path: str, context: dict[str, Any]) -> Failure:
    """Return the failure that ``context`` is, which is for asyncio's exception handler.

    path: of the task that it speaks of; may be empty.
    """
    message, error = str(context.get("message", "")), context.get("exception")
    if "never retrieved" in message and error is not None:
        failure = from_exception(error, NEVER_RETRIEVED)
        advice = "await the task, look at its result(), or start it in a TaskGroup"
        who = path or "a future"
        text = f"{who} raised {_spell(error)}, and nobody retrieved it: {advice}"
        return replace(failure, message=text)
    if "destroyed" in message:
        task = context.get("task")
        site = site_of(task.get_coro()) if task is not None else NOWHERE
        text = f"{path or 'a task'} was destroyed while it waited at {site}: keep a reference to it"
        return _failure(DESTROYED, text, site)
    if error is not None:
        failure = from_exception(error, CALLBACK_ERROR)
        text = f"{_spell(error)} in a callback, which no task can catch: {message.lower()}"
        return replace(failure, message=text)
    return Failure(CALLBACK_ERROR, message, shorten(CALLBACK_ERROR, message))


def never_awaited(coroutine: Any, site: Site) -> Failure:
    """Return the failure of a coroutine that was made and dropped at ``site``."""
    name = coroutine.__qualname__
    text = f"coroutine {name}() was never awaited; it was made at {site}: await it or start a task"
    return _failure(NEVER_AWAITED, text, site, name)


def left(waits: Sequence[Wait]) -> Failure:
    """Return the failure of a program that ends before tasks that it has started."""
    first, count = waits[0], len(waits)
    tasks = f"{count} tasks are" if count > 1 else f"{first.task} is"
    text = (
        f"the program has ended, but {tasks} not done: asyncio.run() cancels what is left; await"
        " it, cancel it, or start it in a TaskGroup"
    )
    identity = sorted({f"{wait.task} {wait.site.function} {wait.what}" for wait in waits})
    lines = tuple([f"{wait.task} waits at {wait.site} for {wait.what}" for wait in waits])
    return Failure(LEFT, text, shorten(LEFT, *identity), first.site, lines, waits=tuple(waits))


def _spell(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _failure(kind: str, text: str, site: Site, *identity: str) -> Failure:
    source = linecache.getline(site.file, site.line).strip()
    return Failure(kind, text, shorten(kind, site.function, source, *identity), site)
