"""What a report of one run is made from, gathered once for all its forms."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from raceexplore.kernel.choice import Schedule
from raceexplore.report.story.next_steps import keep_command, target
from raceexplore.report.story.race_words import told
from raceexplore.report.story.timeline import NURSERY_TOLD, timeline
from raceexplore.report.story.what_if_words import sentence
from raceexplore.search.campaign.found import Found
from raceexplore.search.observed.watched_run import watched_run
from raceexplore.search.race_kinds.race_of import race_of
from raceexplore.search.why.cancellations import CancelWords
from raceexplore.search.why.wording import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.report.story.rows import Lane, Timeline
    from raceexplore.search.corpus.replay import Replayed
    from raceexplore.search.observed.watched_run import Frame
    from raceexplore.search.what_if.what_if import Atomicity


@dataclass(frozen=True, slots=True)
class Side:
    """A run of the same program to compare with. title: what it is, in words."""

    title: str
    run: Run
    rows: Timeline


@dataclass(frozen=True, slots=True)
class View:
    """One run, ready to be shown.

    chains: see `Watched`. others: runs to compare it with. diagnosis: sentences, the most telling
    first. commands: (what it does, the line to type). skipped: deviations that found no place.
    atomic: what would cure the failure; None if nobody has asked.
    words: why it fails; None where that is not known. domain: see `Watched`.
    """

    run: Run
    rows: Timeline
    chains: tuple[tuple[Frame, ...], ...]
    others: tuple[Side, ...] = ()
    diagnosis: tuple[str, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    skipped: int = 0
    atomic: Atomicity | None = None
    words: Words | None = None
    domain: tuple[tuple[tuple[str, str], ...], ...] = ()

    @property
    def title(self) -> str:
        """The page's title: the verdict and the program."""
        verdict = self.run.failure.kind if self.run.failure else self.run.outcome
        return f"{verdict} in {self.run.program.name}"

    @property
    def environment(self) -> str:
        """The Python and the trio that made this report, and the machine's kind."""
        python = platform.python_version()
        return f"Python {python}, trio {trio.__version__}, {platform.system().lower()}"


def view(run: Run, *, limits: Limits, known: Found | Replayed | None = None) -> View:
    """Run ``run`` again, observed, and its neighbours too; return what there is to show.

    known: what a campaign or a replay knows of it; the schedule as a campaign has found it stands
    beside the shrunk one.
    """
    program, settings = run.program, run.settings
    found = known if isinstance(known, Found) else None
    atomic = known.atomic if known else None
    why = known.why if known else None
    words = Words(why) if why else None
    watched = watched_run(program, run.schedule, settings=settings, limits=limits)
    race = race_of(watched.run, why)
    rows = timeline(watched.run, race=race)
    schedules = [("No deviation: the run on the default schedule", Schedule())]
    if found is not None and found.original.schedule != run.schedule:
        schedules.insert(0, ("As found, before shrinking", found.original.schedule))
    others = []
    for title, schedule in schedules if run.schedule.size else schedules[:-1]:
        other = watched_run(program, schedule, settings=settings, limits=limits).run
        others.append(Side(title, other, timeline(other)))
    return View(
        watched.run,
        rows,
        watched.chains,
        tuple(others),
        (
            *filter(None, [told(watched.run, race)]),
            *CancelWords(watched.run).sentences(words.events() if words else ()),
            *diagnosis(watched.run, rows, others, found),
            *(words.lines() if words else ()),
            *([sentence(atomic, program)] if atomic is not None and atomic.cure else []),
        ),
        commands(run),
        watched.skipped,
        atomic,
        words,
        watched.domain,
    )


def diagnosis(
    run: Run, rows: Timeline, others: Sequence[Side] = (), found: Found | None = None
) -> list[str]:
    """Return what happened, in sentences; the race is told before."""
    said = []
    stuck = [f"{lane.name} {lane.waits}" for lane in rows.lanes if _is_stuck(lane)]
    if stuck:
        more = f"; {len(stuck) - 6} more" if len(stuck) > 6 else ""
        said.append("; ".join(stuck[:6]) + more + ".")
    said += _size(run, found)
    quiet = [side for side in others if not side.run.schedule.size]
    if quiet and run.schedule.size:
        ends = {"passed": "passes", "failed": "fails too", "cut": "is cut by a limit"}
        said.append(f"Without any deviation the program {ends[quiet[0].run.outcome]}.")
    return said


def _is_stuck(lane: Lane) -> bool:
    return bool(lane.waits) and lane.waits.partition(":")[0] != NURSERY_TOLD


def _size(run: Run, found: Found | None) -> list[str]:
    count = run.schedule.size
    if not count:
        return ["It needs no deviation: the program does this on the default schedule."]
    text = f"It takes {count} deviation{'s' * (count != 1)} from the default schedule"
    if found is not None and found.original.schedule.size > count:
        text += f" (shrunk from {found.original.schedule.size} in {found.shrink_runs:,} runs)"
    return [text + "."]


def commands(run: Run) -> tuple[tuple[str, str], ...]:
    """Return the lines to type: what each does, and the line."""
    named = target(run)
    keep = keep_command(run) if run.failure else ""
    return (
        ("replay", f"raceexplore replay {named}"),
        *([("keep as a regression test", keep)] if keep else []),
        ("this page again", f"raceexplore report {named} --html report.html"),
        ("open in Perfetto", f"raceexplore report {named} --perfetto trace.json"),
    )
