"""What the debugger tells of events and tasks, in plain lines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.events.trace import NOWHERE, Site
from raceexplore.kernel.standing.walk import frames, is_user_file, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType
    from typing import Any

    from raceexplore.debug.recording import Choice
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.standing.moment import Moment, Standing

    Reasons = Sequence[tuple[str, tuple[int, ...]]]


def heading(moment: Moment, total: int) -> str:
    """Return the line that says which event is about to run, or running."""
    return f"-- event {moment.number} of {total}: {moment.path} at {moment.now_s:g} s"


def place(site: Site) -> str:
    """Return ``file:line``, relative to the working directory, and what is awaited there."""
    path, here = Path(site.file), Path.cwd()
    shown = path.relative_to(here).as_posix() if path.is_relative_to(here) else site.file
    return f"{shown}:{site.line}" + (f" ({site.call})" if site.call else "")


def user_frames(coroutine: Any) -> list[tuple[FrameType, int]]:
    """Return the frames of the program along an await chain; all, if none is the program's."""
    chain = frames(coroutine)
    return [entry for entry in chain if is_user_file(entry[0].f_code.co_filename)] or chain


def task_lines(moment: Moment) -> Iterator[str]:
    """Yield a line for each task: its name, how it stands, and where."""
    tasks = moment.tasks()
    width = max(len(task.path) for task in tasks)
    for task in tasks:
        acting = task.path == moment.path
        state = "acts" if acting else task.state
        where = "" if task.state == "ended" or acting else place(_site(task))
        yield f"{'>' if acting else ' '} {task.path:{width}}  {state:7}  {where}".rstrip()


def _site(task: Standing) -> Site:
    site = site_of(task.coroutine)
    if site.file:
        return site
    code = getattr(task.coroutine, "cr_code", None)
    return Site(code.co_filename, code.co_firstlineno, code.co_qualname) if code else NOWHERE


def event_lines(event: Event, digest: str) -> Iterator[str]:
    """Yield what the recording says of an event."""
    end = f"reaches {place(event.end)}" if event.end.file else "ends the task"
    if event.error:
        end += f" with {event.error}"
    yield f"event {event.number}: event {event.nth} of {event.task}, at {event.time_s:g} s"
    yield f"  from {place(event.begin)}, {end}"
    for label, index, value in event.draws:
        yield f"  draws {label} = {value}" + ("" if index == 0 else f" (option {index})")
    if event.woken:
        yield f"  makes ready: {', '.join(event.woken)}"
    yield from (f"  notes {note}" for note in event.notes)
    yield f"  digest of the events before it: {digest}"


def why_lines(moment: Moment, events: Sequence[Event], choices: Sequence[Choice]) -> Iterator[str]:
    """Yield why the task of ``moment`` acts now: what made it ready, and who chose it."""
    path, number = moment.path, moment.number
    yield f"{path} {_cause(moment, events)}"
    mine = [c for c in choices if c.number == number and c.kind == "task"]
    for choice in mine:
        yield _choice(choice, choice is mine[-1])
    before = moment.events[number - 1] if number else None
    if not mine and before is not None and before.task != path:
        yield f"nobody else could go on: {before.task}, before it, had to wait or has ended"
    elif not mine:
        yield "nobody else could go on"


def reason_lines(reasons: Reasons, number: int) -> Iterator[str]:
    """Yield why the run fails; the lines that are about event ``number`` are marked."""
    for text, events in reasons:
        yield f"{'>' if number in events else ' '} {text}"


def _cause(moment: Moment, events: Sequence[Event]) -> str:
    own = [e for e in moment.events if e.task == moment.path]
    if own and own[-1].ready:
        return f"could go on ever since its last event, {own[-1].number}"
    since = own[-1].number if own else -1
    wakers = [e for e in moment.events[since + 1 :] if moment.path in e.woken]
    if wakers:
        verb = "was woken by" if own else "was spawned by"
        waker = wakers[-1]
        ended = "" if waker.end.file else ", its last"
        return f"{verb} event {waker.number}, of {waker.task}{ended} ({place(waker.begin)})"
    if moment.number == 0:
        return "is the main task, with which every run begins"
    causes = events[moment.number].causes if moment.number < len(events) else ()
    by = ", ".join(map(str, causes))
    return f"was woken by the clock, at {moment.now_s:g} s" + (
        f" (after events {by})" if by else ""
    )


def _choice(choice: Choice, last: bool) -> str:  # noqa: FBT001
    taken, others = choice.options[choice.taken], list(choice.options)
    del others[choice.taken]
    rest = ", ".join(others)
    if choice.taken == 0:
        reason = "it goes on" if choice.continues else "it has waited longest"
        return f"the neutral choice: {taken}, for {reason}; it could also have been {rest}"
    neutral = choice.options[0]
    what = f"a preemption of {neutral}" if choice.continues else f"the neutral one was {neutral}"
    where = "" if last else ", before that"
    more = f"; it could also have been {rest}" if len(others) > 1 else ""
    return f"a deviation of the schedule{where}: {taken}, {what}{more}"
