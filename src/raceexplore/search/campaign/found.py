"""What a campaign of runs found, as values."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from raceexplore.kernel.outcome import headline

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program
    from raceexplore.search.what_if.what_if import Atomicity
    from raceexplore.search.why.why import Why

Stopped = Literal["budget", "failure", "complete", "time", "interrupted", "stuck", "doubt"]
VACUOUS = "there is nothing to explore: no await at which two tasks could go on, and no draw"


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """One bug: all failures with one fingerprint.

    first_run: index of the first run that showed it, from 0. count: runs that showed it.
    run: the shrunk run, with its events; original: the run as found. one_minimal: taking any one
    deviation away makes this failure disappear. fewest: what is known of schedules with fewer
    preemptions, in words. shrink_runs: what shrinking cost. in_passes: whether trio's own loop can
    produce it; None where nobody has looked. tasks: the paths of its tasks, those of the default
    schedule first. why: what each deviation of the shrunk
    run turns round, and the orders that suffice; atomic: what would cure it; both None where nobody
    has looked. printed: what the shrunk run prints, if it was looked at.
    """

    fingerprint: str
    kind: str
    message: str
    first_run: int
    count: int
    run: Run
    original: Run
    one_minimal: bool = False
    fewest: str = ""
    shrink_runs: int = 0
    in_passes: bool | None = None
    why: Why | None = None
    atomic: Atomicity | None = None
    printed: str = ""
    tasks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        size = self.run.schedule.size
        return f"<Found {headline(self.kind, self.message)}; {size} deviations; {self.run.seed}>"


@dataclass(frozen=True, slots=True, repr=False)
class Campaign:
    """Many runs of one program with one budget.

    runs: started; cut: of these, ended by a limit. complete: an exhaustive scheduler finished.
    stopped: why it ended. classes: distinct trace classes (None: nothing was observed). unseen:
    Good-Turing's estimate that the next run shows a new class. covered: what a complete campaign
    has explored, in the scheduler's words. certificate: what is now known,
    in words. relative: what all that is said of trace classes is relative to, by name. shortfall:
    why a campaign that was to prove something has not. is_vacuous: no run could go on in more than
    one way anywhere. stuck: a run of which an event did not reach an await, which ends the
    campaign. never: `World.sometimes` conditions that held in no run. seconds: wall clock.
    explain_runs: what it took, beside ``runs``, to shrink what was found and to explain it.
    """

    program: Program
    scheduler: str
    entropy: int
    runs: int
    cut: int
    failures: tuple[Found, ...]
    complete: bool
    stopped: Stopped
    seconds: float
    classes: int | None = None
    unseen: float | None = None
    covered: str = ""
    certificate: tuple[str, ...] = ()
    relative: tuple[str, ...] = ()
    shortfall: str = ""
    is_vacuous: bool = False
    never: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    explain_runs: int = 0
    stuck: Run | None = None

    def __repr__(self) -> str:
        ended = f"{self.runs:,} run{'s' * (self.runs != 1)}, {self.scheduler}, {self.stopped}"
        return f"<Campaign of {self.program.name}: {self.verdict}; {ended}>"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        first, *rest = map(escape, self._lines())
        return "<pre><b>{}</b>\n{}</pre>".format(first, "\n".join(rest))

    def _lines(self) -> list[str]:
        """Return the campaign in a few lines: the verdict, each failure and what replays it."""
        told = [f"{self.program.name}: {self.verdict}"]
        for found in self.failures:
            site = found.run.failure.site if found.run.failure else None
            place = f", {site.file}:{site.line}" if site and site.file else ""
            told += [f"  {headline(found.kind, found.message)}{place}", f"    {found.run.seed}"]
        told.append(
            f"{self.runs:,} run{'s' * (self.runs != 1)} in {self.seconds:.1f} s; scheduler"
            f" {self.scheduler}; entropy {self.entropy}; ended by: {self.stopped}"
        )
        return [*told, *self.certificate, *(f"warning: {text}" for text in self.warnings)]

    @property
    def verdict(self) -> str:
        """What the campaign says, in a few words."""
        if self.failures:
            return f"{len(self.failures)} failure{'s' * (len(self.failures) != 1)}"
        return f"inconclusive: {self.inconclusive}" if self.inconclusive else "no failure found"

    @property
    def completed_runs(self) -> int:
        """Runs that passed or failed, and were not cut."""
        return self.runs - self.cut

    @property
    def inconclusive(self) -> str:
        """Why a campaign that found nothing says nothing; empty if it does say something."""
        if self.stopped == "stuck":
            before, default = "a run was cut: ", "a run did not reach an await"
            cut = [text for text in self.warnings if text.startswith(before)]
            return cut[-1].removeprefix(before) if cut else default
        if not self.completed_runs:
            return "no run came to its end"
        if self.never:
            names = ", ".join(repr(name) for name in self.never)
            return f"sometimes({names}) held in no run"
        if self.is_vacuous:
            return VACUOUS
        return self.shortfall
