"""Replay a seed, and say how exactly the run was reproduced."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadProgram, BadSeed
from raceexplore.kernel.fence.watchdog import watchdog, watching
from raceexplore.kernel.outcome import headline
from raceexplore.kernel.program import Limits, Program, as_program
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import Seed, decode
from raceexplore.search.corpus.entry import drift, read
from raceexplore.search.corpus.levels import EXACT, Attempt, attempts, is_same
from raceexplore.search.observed.with_values import with_values
from raceexplore.search.programs.files import exists, is_file
from raceexplore.search.programs.load import load_program, source_digest
from raceexplore.search.programs.looked_at import must_define
from raceexplore.search.programs.silence import silence
from raceexplore.search.programs.target import find_target, is_node_id, split_reference
from raceexplore.search.why.guide import NO_GUIDE, Guide
from raceexplore.search.why.why import Why, why, why_briefly

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.corpus.entry import Entry
    from raceexplore.search.what_if.what_if import Atomicity


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed run, and how close it came to the recorded one.

    reproduced: it ended in the same failure. exact: and event by event as recorded; None where
    only a seed was given, which does not say. skipped: deviations that found no place. drift: in
    words, what differs between then and now. level: what was held on to: ``exact`` (each
    deviation at the event that it was recorded at), or a weaker one; see search/corpus/levels.py.
    why: why it fails; atomic: what would cure it; both None where nobody has looked. cure: what the
    corpus has kept on that.
    """

    run: Run
    seed: Seed
    reproduced: bool
    skipped: tuple[Deviation, ...]
    exact: bool | None = None
    drift: tuple[str, ...] = ()
    level: str = EXACT
    why: Why | None = None
    atomic: Atomicity | None = None
    cure: str = ""

    @property
    def diverged(self) -> str:
        """Why this replay says nothing of the recorded failure; empty if it does."""
        if not self.reproduced:
            return self._instead()
        # other events on other code or another trio are no surprise; on the same ones they are
        as_it_was = not any("source" in d or " was " in d for d in self.drift)
        if self.exact is False and self.level == EXACT and as_it_was:
            return "it ended in the same failure, but " + "; ".join(self.drift)
        return ""

    def _instead(self) -> str:
        failure = self.run.failure
        ended = {"passed": "the run passed", "cut": f"the run was cut: {self.run.cut}"}
        what = ended.get(self.run.outcome, "")
        if failure is not None:
            what = f"it failed otherwise ({headline(failure.kind, failure.message)})"
        reasons = list(self.drift)
        if self.skipped:
            size = self.seed.schedule.size
            reasons.append(f"{len(self.skipped)} of {size} deviations found no place")
        if not reasons:
            reasons.append("has the program changed since?")
        return f"{what}; {'; '.join(reasons)}"


def replay(
    program: Program | Callable[..., Any] | str,
    seed: str,
    *,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
) -> Run:
    """Run ``program`` on the schedule of ``seed``, with its events recorded.

    Raises `BadSeed` for a damaged seed and `BadProgram` for a program that cannot be had.
    """
    return replay_seed(seed, program, limits=limits).run


def replay_seed(
    text: str,
    program: Program | Callable[..., Any] | str | None = None,
    *,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    observe: Sequence[str] = (),
) -> Replayed:
    """Replay ``text`` on ``program``, or on the program that the seed refers to.

    A path without a name stands for the function that the seed names. observe: installed packages
    to see too, where the program is loaded here.
    """
    seed = decode(text)
    found = _found(program, seed, observe)
    scheduler = Replay(seed.schedule)
    with watching(limits.wall_s):
        run = run_once(found, scheduler, limits=limits, settings=seed.settings, record=True)
    shown = run.failure.fingerprint if run.failure else ""
    reproduced = shown == seed.fingerprint and run.outcome != "cut"
    if run.failure is not None:
        run = with_values(run, limits)
    return Replayed(run, seed, reproduced, scheduler.skipped)


def _found(
    program: Program | Callable[..., Any] | str | None, seed: Seed, observe: Sequence[str]
) -> Program:
    """Return the program that a caller names, or else the one that ``seed`` refers to."""
    if program is None or isinstance(program, str):
        return _load(program, seed, observe)
    return as_program(program)


def replay_entry(
    entry: Entry,
    program: Program | Callable[..., Any] | str | None = None,
    *,
    limits: Limits | None = None,
    aloud: bool = True,
) -> Replayed:
    """Replay a corpus entry, within the limit of steps it was found with; name what drifted.

    Where an edit keeps the recorded schedule from failing, it is tried by ever weaker levels.
    aloud: what the run that is returned prints is seen, and what a failing one read and wrote is
    collected.
    """
    limits = limits or Limits(steps=entry.max_steps)
    seed = decode(entry.seed)
    found = _found(program, seed, entry.observe)
    with watching(limits.wall_s) as watch:
        reproduced, first, (level, run, skipped) = _tried(found, seed, entry, limits, aloud=aloud)
        drifted = drift(entry, run.digest, source_digest(found))
        exact = reproduced and run.digest == entry.digest
        if aloud and not first:
            schedule = Replay(run.schedule)
            run = run_once(found, schedule, limits=limits, settings=run.settings, record=True)
        if watch.interrupted:
            raise KeyboardInterrupt
    if aloud and run.failure is not None:
        run = with_values(run, limits)
    cure = entry.cure if exact else ""
    return Replayed(run, seed, reproduced, skipped, exact, tuple(drifted), level, cure=cure)


def _tried(
    program: Program, seed: Seed, entry: Entry, limits: Limits, *, aloud: bool
) -> tuple[bool, bool, Attempt]:
    """Return the first replay of ``entry`` that reproduces it; if none does, the exact one.

    Before it: whether it reproduces it, and whether it is the exact one. aloud: what that prints
    is seen.
    """
    tries = attempts(program, seed, entry, limits)
    with nullcontext() if aloud else silence():
        first = next(tries)
    attempt = first
    with silence():
        while not is_same(entry, attempt.run):
            if watchdog.interrupted:
                raise KeyboardInterrupt
            following = next(tries, None)
            if following is None:
                return False, True, first
            attempt = following
    return True, attempt is first, attempt


@dataclass(frozen=True, slots=True)
class Stored:
    """A seed with the program it is of, ready to be replayed; entry: the corpus file it is from."""

    text: str
    seed: Seed
    program: Program
    limits: Limits
    entry: Entry | None = None


def replay_any(
    text: str,
    program: str | None,
    limits: Limits,
    *,
    limited: bool = False,
    observe: Sequence[str] = (),
) -> Replayed:
    """Replay what a user gives: a seed, or the path of a corpus file.

    limited: the limits are the user's own and not defaults, so they outweigh those of a file.
    observe: installed packages to see too, beside those of the file.
    """
    return replay_stored(find_stored(text, program, limits, limited=limited, observe=observe))


def replay_stored(stored: Stored) -> Replayed:
    """Replay what `find_stored` has found."""
    if stored.entry is None:
        return replay_seed(stored.text, stored.program, limits=stored.limits)
    return replay_entry(stored.entry, stored.program, limits=stored.limits)


def find_stored(
    text: str,
    program: str | None,
    limits: Limits,
    *,
    limited: bool = False,
    observe: Sequence[str] = (),
) -> Stored:
    """Return the seed and the program that a user means, without running it; see `replay_any`."""
    text, entry = text.strip(), None
    if not re.match(r"rx\d+-[^./]*$", text):
        # a file's name is short; asking the system for one as long as a seed is an error of its own
        if len(text) > 1000 or not (is_file(Path(text)) or text.endswith(".json")):
            raise BadSeed(f"{text[:40]!r} is neither a seed (rx1-...) nor a corpus file")
        entry = read(Path(text))
        text = entry.seed
        observe = (*entry.observe, *observe)
        if not limited:
            limits = replace(limits, steps=entry.max_steps)
    seed = decode(text)
    return Stored(text, seed, _load(program, seed, observe), limits, entry)


def _load(path: str | None, seed: Seed, observe: Sequence[str]) -> Program:
    inner, name = split_reference(seed.program)
    if path is not None:
        named = split_reference(path)[1] or is_node_id(path) or not name
        return load_program(path if named else f"{path}:{name}", observe)
    if is_node_id(seed.program):
        return load_program(inside(seed.program), observe)
    try:
        target = find_target(inside(seed.program))
        must_define(target.path, name, inner)
        return load_program(seed.program, observe)
    except BadProgram as error:
        if exists(Path(inner)):
            raise
        raise BadProgram(
            f"{error}: this seed is of {seed.program}; go to the folder that holds it, or name"
            " the file: raceexplore replay SEED PATH"
        ) from None


def inside(reference: str) -> str:
    """Return ``reference`` if it is a relative path that stays inside the working directory.

    A seed may come from a stranger: it never makes us run another file. Raises `BadSeed`.
    """
    path = Path(split_reference(reference)[0].partition("::")[0])
    here = Path.cwd().resolve()
    if path.is_absolute() or ".." in path.parts or not (here / path).resolve().is_relative_to(here):
        raise BadSeed(
            f"this seed refers to {reference!r}, outside the working directory;"
            " name the program yourself: raceexplore replay SEED PATH"
        )
    return reference


def explained(replayed: Replayed, limits: Limits) -> Replayed:
    """Return ``replayed`` with why it fails; nobody else may be watching its runs.

    Runs the program some dozen times; see `briefly_explained`.
    """
    with watching(limits.wall_s):
        return replace(replayed, why=why(replayed.run, limits))


def briefly_explained(replayed: Replayed, limits: Limits, guide: Guide = NO_GUIDE) -> Replayed:
    """Return ``replayed`` with what its first deviations are for: at most three runs.

    guide: what the corpus has kept of an explanation, which holds where the run is as it was.
    """
    with watching(limits.wall_s):
        kept = guide if replayed.exact else NO_GUIDE
        return replace(replayed, why=why_briefly(replayed.run, kept, limits))
