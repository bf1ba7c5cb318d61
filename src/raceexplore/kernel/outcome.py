"""How a run ended: Run, Failure, and the fingerprint that makes two failures the same bug."""

from __future__ import annotations

import linecache
import re
import traceback
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.kernel.events.order import Trace
from raceexplore.kernel.events.trace import NOWHERE, Event, Site
from raceexplore.kernel.fence.hostile import (
    inner_of,
    is_a,
    leaves_of,
    name_of,
    notes_of,
    text_of,
    traceback_of,
)
from raceexplore.kernel.program import SWALLOWED, Settings
from raceexplore.kernel.seed import encode
from raceexplore.kernel.standing.walk import is_user_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from raceexplore.kernel.choice import Schedule
    from raceexplore.kernel.events.cancels import Cancel
    from raceexplore.kernel.program import Program
    from raceexplore.kernel.standing.waits import Wait

FRAMES_MAX = 1_000  # of a traceback that are told
ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+(?=>)")  # in an object's repr: another one in each run


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, and the fingerprint by which it is recognised.

    kind: the exception's type name, or ``deadlock``, ``livelock``, ``waits for ever``,
        ``leaked task``, ``swallowed cancellation``, ``unraisable error``, ``invariant``.
    message: what a reader is told first. details: further lines (who waits for what; the notes;
        the traceback through the program's own frames). waits: the tasks of a deadlock, a
        livelock or a leak, and what each waits for. notes: those that the program has added to its
        error (PEP 678), in lines. A pickle leaves the exception behind: its
        class may not be known where it is read.
    """

    kind: str
    message: str
    fingerprint: str
    site: Site = NOWHERE
    details: tuple[str, ...] = ()
    exception: BaseException | None = field(default=None, compare=False, repr=False)
    waits: tuple[Wait, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_minor(self) -> bool:
        """Whether a campaign that stops at the first failure goes on to look for another one."""
        return self.kind == SWALLOWED

    def __reduce__(self) -> tuple[type[Failure], tuple[Any, ...]]:
        told = (self.kind, self.message, self.fingerprint, self.site, self.details)
        return Failure, (*told, None, self.waits, self.notes)


@dataclass(frozen=True, slots=True)
class Run:
    """One run, as a value.

    outcome: ``passed``, ``failed``, or ``cut`` by a limit (neither passed nor failed; ``cut``
        tells which). steps: events of tasks. preemptions: switches away from a task that could
        go on. virtual_s: the virtual time at the end. events: empty unless recorded.
    passes: whether trio's own loop could have produced this order (None: not recorded).
    sometimes: for each name given to `World.sometimes`, whether it held.
    counts: for each name given to `World.count`, the sum.
    knobs: for each name that `World.knob` was asked for, what it gave.
    blocked: how often a task had to wait, but for the main task that waits for its nursery.
    met_choice: it could go on in more than one way somewhere, or drew.
    own: for each event, where its task stood after it in files of the user's own, if it stands
        inside an installed library; else `NOWHERE`. Only where values were recorded.
    cancels: who cancelled whom, in the order of time; only where accesses were recorded.
    """

    program: Program
    settings: Settings
    outcome: Literal["passed", "failed", "cut"]
    failure: Failure | None
    schedule: Schedule
    steps: int
    preemptions: int
    virtual_s: float
    cut: str = ""
    events: tuple[Event, ...] = ()
    passes: bool | None = None
    sometimes: Mapping[str, bool] = field(default_factory=dict)
    counts: Mapping[str, float] = field(default_factory=dict)
    knobs: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    blocked: int = 0
    met_choice: bool = True
    own: tuple[Site, ...] = ()
    cancels: tuple[Cancel, ...] = ()

    @property
    def digest(self) -> str:
        """16 hex digits that stand for its events; empty unless they were recorded."""
        return self.events.digest if isinstance(self.events, Trace) else ""

    @property
    def seed(self) -> str:
        """The line of text that replays this run, ``rx1-...``."""
        fingerprint = self.failure.fingerprint if self.failure else ""
        return encode(self.program.name, self.settings, self.schedule, fingerprint)


def headline(kind: str, message: str) -> str:
    """Return a failure in a line: its kind, and the message's first line if it says more."""
    first = message.partition("\n")[0]
    return kind if first == kind else f"{kind}: {first}"


def leaves(error: BaseException) -> list[BaseException]:
    """Return the exceptions at the leaves of a group, in order; a plain one is its own leaf."""
    return leaves_of(error)


def in_time(error: BaseException, endings: Sequence[BaseException]) -> list[BaseException]:
    """Return the leaves of ``error``, the one that came first in time first.

    endings: the errors that ended tasks, in the order of time. An error that ended no task, as that
    of a nursery's own block, came before what stands behind it in its group: a nursery collects its
    errors in the order in which they reach it.
    """
    ended = [(one, *leaves(one)) for one in endings]
    return [leaf for _, leaf in sorted(_dated(error, ended, len(ended)), key=itemgetter(0))]


def _dated(
    error: BaseException, ended: Sequence[tuple[BaseException, ...]], latest: int
) -> list[tuple[int, BaseException]]:
    """Return the leaves of ``error``, each with the moment before which it was raised."""
    found: list[tuple[int, BaseException]] = []
    waiting = [(error, latest)]  # a list, since a group may be nested deeper than Python's stack
    while waiting:
        one, latest = waiting.pop()
        latest = min(latest, _moment(one, ended))
        if not is_a(one, BaseExceptionGroup):
            found.append((latest, one))
            continue
        inside: list[tuple[BaseException, int]] = []
        for inner in reversed(inner_of(one)):
            latest = min(latest, _moment(inner, ended))
            inside.append((inner, latest))
        waiting += reversed(inside)
    return found[::-1]


def _moment(error: BaseException, ended: Sequence[tuple[BaseException, ...]]) -> int:
    """Return when ``error`` ended a task; later than all where it has ended none."""
    moments = (n for n, parts in enumerate(ended) if any(error is part for part in parts))
    return next(moments, len(ended))


def from_exception(
    error: BaseException, kind: str = "", *, endings: Sequence[BaseException] = ()
) -> Failure:
    """Return the failure that ``error`` is, told by the leaf that came first in time.

    What came after it is mostly what it led to, and names no other bug. endings: the errors that
    ended tasks, in the order of time. Addresses of objects in its message are left out, as they
    differ from run to run.
    """
    found = in_time(error, endings)
    first = found[0]
    name = name_of(type(first))
    message = ADDRESS.sub(" at 0x...", text_of(first).strip()) or name
    site = user_site(traceback_of(first))
    more = f"  (and {len(found) - 1} more: {', '.join(name_of(type(e)) for e in found[1:4])})"
    noted = tuple(notes_of(first))
    return Failure(
        kind=kind or name,
        message=message + (more if len(found) > 1 else ""),
        fingerprint=shorten(kind, _identity(first)),
        site=site,
        details=(*noted, *user_traceback(first)),
        exception=error,
        notes=noted,
    )


def shorten(*parts: str) -> str:
    """Return 8 hex digits that stand for ``parts``."""
    text = "\0".join(parts).encode(errors="surrogatepass")
    return blake2b(text, digest_size=4).hexdigest()


def _identity(error: BaseException) -> str:
    # the line's text and not its number: a seed survives an edit further up
    site = user_site(traceback_of(error))
    source = linecache.getline(site.file, site.line).strip()
    return f"{name_of(type(error))} {site.function} {source}"


def user_site(tb: TracebackType | None) -> Site:
    """Return the innermost place in the program's own files, else the innermost of all."""
    found, last = NOWHERE, NOWHERE
    while tb is not None:
        code = tb.tb_frame.f_code
        last = Site(code.co_filename, tb.tb_lineno, code.co_qualname)
        if is_user_file(code.co_filename):
            found = last
        tb = tb.tb_next
    return found if found is not NOWHERE else last


def user_traceback(error: BaseException) -> list[str]:
    """Return the lines of the traceback that are of the user's files; of very many, both ends."""
    shown: list[traceback.FrameSummary] = []
    for part in _ends_of(traceback_of(error)):
        shown += [frame for frame in traceback.extract_tb(*part) if is_user_file(frame.filename)]
    lines = [line.rstrip() for frame in shown for line in traceback.format_list([frame])]
    return [part for line in lines for part in line.split("\n")]


def _ends_of(tb: TracebackType | None) -> list[tuple[TracebackType | None, int | None]]:
    """Return ``tb``, or its first and its last frames, each with how many are meant (None: all)."""
    count, last = 0, tb
    while last is not None:
        count, last = count + 1, last.tb_next
    if count <= FRAMES_MAX:
        return [(tb, None)]
    last = tb
    for _ in range(count - FRAMES_MAX // 2):
        last = last and last.tb_next
    return [(tb, FRAMES_MAX // 2), (last, None)]
