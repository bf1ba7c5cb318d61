"""The self-check: the same schedule twice must give the same events."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from raceexplore.kernel.errors import NotDeterministic
from raceexplore.kernel.events.trace import fingerprint
from raceexplore.kernel.fence.watchdog import STUCK
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.campaign.suspects import Before, before_runs, scattered, snapshot

if TYPE_CHECKING:
    from raceexplore.kernel.events.trace import Event, Site
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits

OFTEN, OFTEN_UNTIL, SELDOM = 20, 200, 100  # which runs: see `is_due`
SURVIVES = "state that outlives a run: a module global, a cache, a default argument"
CHANCE = "the order of a set or dict of objects (by id or hash), real time, or a thread"
STIRRED = 5  # replays of the first run, each with its objects elsewhere in memory
STIRRED_STEPS = 50_000  # events after which these replays cost more than they are worth

# The digests of the first runs that were stirred and did the same, by the program's function.
_stirred: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def is_due(index: int) -> bool:
    """Return whether the run of that index is run twice: many early ones, and 1 % of the others.

    What varies from run to run does so most often from the first one on; and a check costs as much
    as nine runs that are not recorded.
    """
    return index % (OFTEN if index < OFTEN_UNTIL else SELDOM) == 0


def check(run: Run, limits: Limits, *, stir: bool = False, before: Before | None = None) -> None:
    """Replay the recorded ``run``; raise `NotDeterministic` unless every event is the same.

    before: what was there before the first run of all.
    stir: replay several times, and let the program's objects lie elsewhere in memory each time,
    so that an order by their ids shows itself here and not in another process. What has been
    stirred in this process before, and did the same as now, is not replayed again.
    """
    ballast: list[object] = []
    if stir and _is_known(run):
        return
    short = run.steps * STIRRED < STIRRED_STEPS
    for turn in range(STIRRED if stir and short else 1):
        if stir:
            ballast += scattered(turn)
        second = _again(run, limits)
        if STUCK in second.cut:
            short = False  # given up: it shows nothing, and what the others show is not noted
        elif not _same(run, second):
            raise NotDeterministic(
                f"{difference(run, second)}; the likely cause is {_cause(run, limits, before)}"
            )
    if stir and short:
        _note(run)


def _is_known(run: Run) -> bool:
    """Return whether a run of the same function with the same digest was stirred before.

    A second campaign over one program, as tests and tools make them by the hundred, would else
    spend more on these replays than on its runs. ``run`` is itself one more of them: objects lie
    elsewhere in memory by now, and it did the same.
    """
    try:
        return run.digest in _stirred.get(run.program.function, ())
    except TypeError:  # neither hashable nor weakly referable: not kept
        return False


def _note(run: Run) -> None:
    with suppress(TypeError):
        _stirred.setdefault(run.program.function, set()).add(run.digest)


def _cause(run: Run, limits: Limits, before: Before | None) -> str:
    """Return the likely cause of a difference, from what more replays show."""
    before = before or before_runs(run.program)
    one = _again(run, limits)
    once = snapshot(run.program, before.loaded)
    changed = before.changed(once)
    if not changed:  # perhaps in a module that a run has imported
        _again(run, limits)
        changed = Before(once, ()).changed(snapshot(run.program, before.loaded))
    if changed:
        return f"state that outlives a run: {', '.join(changed[:3])} changed during it"
    ballast: list[object] = []
    for turn in range(STIRRED, 2 * STIRRED):
        ballast += scattered(turn)
        if not _same(one, _again(run, limits)):
            return CHANCE
    return f"{SURVIVES}; or {CHANCE}"


def same_end(run: Run, again: Run, limits: Limits, before: Before) -> None:
    """Raise `NotDeterministic` unless ``again``, a replay of ``run``, ended as it did."""
    blind = run.program.observed is None  # no rewritten copy, whose first run may differ
    if blind and _end(run) == _end(again) and run.digest and run.digest != again.digest:
        raise NotDeterministic(
            f"{difference(run, again)}; the likely cause is {_cause(again, limits, before)}"
        )
    if _end(run) != _end(again):
        raise NotDeterministic(
            f"the same schedule ended as {_told_end(run)} and then as {_told_end(again)};"
            f" the likely cause is {_cause(again, limits, before)}"
        )


def difference(one: Run, other: Run) -> str:
    """Say in words where two runs of one schedule part."""
    head = "the same schedule gave two different runs"
    for first, second in zip(one.events, other.events, strict=False):
        if fingerprint(first) != fingerprint(second):
            what, then = _apart(first, second)
            return f"{head}: event {first.number} was {what} and then {then}"
    if len(one.events) != len(other.events):
        return f"{head}: {len(one.events)} events and then {len(other.events)}"
    return f"{head}: {_told_end(one)} and then {_told_end(other)}"


def _apart(one: Event, other: Event) -> tuple[str, str]:
    """Return two texts that tell the events apart."""
    texts = _steps(one), _steps(other)
    if texts[0] != texts[1]:
        return texts
    for name in ("woken", "draws", "notes", "time_s"):
        was, now = getattr(one, name), getattr(other, name)
        if was != now:
            return f"{texts[0]} ({name.removesuffix('_s')}: {_plain(was)})", _plain(now)
    return texts


def _steps(event: Event) -> str:
    return f"{event.task} from {_place(event.begin)} to {_place(event.end)}"


def _place(site: Site) -> str:
    return f"{site.file.rpartition('/')[2]}:{site.line}" if site.file else "its end"


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _again(run: Run, limits: Limits) -> Run:
    replay = Replay(run.schedule)
    return run_once(run.program, replay, limits=limits, settings=run.settings, record=True)


def _same(one: Run, other: Run) -> bool:
    return one.digest == other.digest and _end(one) == _end(other)


def _end(run: Run) -> str:
    return run.failure.fingerprint if run.failure else run.outcome


def _told_end(run: Run) -> str:
    return f"{run.failure.kind}: {run.failure.message}" if run.failure else run.outcome
