"""From what was observed to a score: the table, and what the table does not ask."""

from __future__ import annotations

from dataclasses import dataclass

from raceexplore.search.cli_score.herd import sentences
from raceexplore.search.cli_score.lock_held import lock_held

LEVELS = (
    "parallel commands corrupt or lose each other's changes, and say nothing",
    "there is a lock, but who meets it gets no structured error",
    "who meets the lock gets a structured error, and the lock is always given back",
    "files are written whole, temporary ones are one's own, and waiting for a lock has an end",
)


@dataclass(frozen=True, slots=True)
class Symptom:
    """Something that was seen.

    kind: its name, for programs. what: in a sentence. how: the calls, or the output, line by line.
    rate: in how many runs of how many, where that was counted.
    """

    kind: str
    what: str
    how: tuple[str, ...] = ()
    rate: str = ""


@dataclass(slots=True)
class Observations:
    """What was seen of a tool; None: it was looked for, and not seen.

    lost: two commands succeeded, and a change is gone. corrupted: the check fails after two that
    succeeded, or what was there before is gone. told: the first structured error. waited: a command
    waited for another. untold: a command failed because of another, without a structured error.
    wrong_error: a structured error with something missing. endless: a command waits for as long as
    another is stopped. kept: a lock that a killed command leaves behind is never free again. torn:
    a command that is killed, or read meanwhile, shows half a file. shared: a temporary file of
    several. retry_s: what the error tells a caller to wait.
    causes: what is wrong in the tool's calls, by name.
    """

    lost: Symptom | None = None
    corrupted: Symptom | None = None
    told: Symptom | None = None
    waited: Symptom | None = None
    untold: Symptom | None = None
    wrong_error: Symptom | None = None
    endless: Symptom | None = None
    kept: Symptom | None = None
    torn: Symptom | None = None
    shared: Symptom | None = None
    retry_s: float | None = None
    causes: tuple[str, ...] = ()
    effort: str = ""

    def note_error(self, output: str, error: str, how: tuple[str, ...]) -> None:
        """Note how a command told that it could not do its work because of another."""
        told = lock_held(output, error)
        if told is None:
            last = ((error or output).strip().splitlines() or ["nothing"])[-1]
            what = f"a command that meets another fails, and says {last[:120]!r}"
            self.untold = self.untold or Symptom("unstructured-error", what, how)
        elif told.wrong:
            what = f"of the LOCK_HELD error, {told.wrong}"
            self.wrong_error = self.wrong_error or Symptom("incomplete-error", what, how)
        else:
            self.told = self.told or Symptom("lock-held", "a structured LOCK_HELD error", how)
            self.retry_s = told.retry_after_ms / 1000


@dataclass(frozen=True, slots=True)
class Score:
    """level: by the table. reasons: why it is not the next one. flags: what the table does not ask.

    herd: what becomes of many callers that retry as they are told. causes: what the tool's calls do
    wrong, by name. effort: what was tried.
    """

    level: int
    reasons: tuple[Symptom, ...] = ()
    flags: tuple[Symptom, ...] = ()
    causes: tuple[str, ...] = ()
    effort: str = ""
    sentence: str = ""
    herd: tuple[str, ...] = ()


def judge(seen: Observations) -> Score:
    """Return the score. A silent loss beside a lock is no matter of the table, and is flagged."""
    silent = [finding for finding in (seen.corrupted, seen.lost) if finding is not None]
    locks = seen.told is not None or seen.waited is not None
    if silent and not locks:
        return _score(0, silent, [], seen)
    first = [f for f in (seen.untold, seen.wrong_error, seen.endless, seen.kept) if f is not None]
    if first:
        return _score(1, first, silent, seen)
    second = [f for f in (seen.torn, seen.shared) if f is not None]
    if second:
        return _score(2, second, silent, seen)
    return _score(3, [], silent, seen)


def _score(level: int, reasons: list[Symptom], flags: list[Symptom], seen: Observations) -> Score:
    sentence = f"{level}: {LEVELS[level]}"
    if flags:
        kind = "corrupts files" if seen.corrupted is not None else "loses updates"
        sentence = f"{level} by the table, but it {kind}"
    herd = () if seen.retry_s is None else sentences(seen.retry_s)
    return Score(level, tuple(reasons), tuple(flags), seen.causes, seen.effort, sentence, herd)
