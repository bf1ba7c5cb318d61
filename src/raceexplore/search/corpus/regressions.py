"""Failures kept as regressions: put one into the corpus by name, and see which are still there."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from raceexplore.kernel.errors import BadOption, BadProgram, BadSeed, Diverged, RaceExploreError
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.outcome import headline
from raceexplore.kernel.program import Limits
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import decode
from raceexplore.search.as_exception import ReportNote, brief, error_of
from raceexplore.search.campaign.found import Found
from raceexplore.search.campaign.task_order import tasks
from raceexplore.search.corpus.aligned import new_names
from raceexplore.search.corpus.entry import entry_of, file_name, paths_of, read, stem, write
from raceexplore.search.corpus.levels import is_same
from raceexplore.search.corpus.mutation import changing
from raceexplore.search.corpus.replay import find_stored, inside, replay_entry, replay_stored
from raceexplore.search.programs.files import exists
from raceexplore.search.programs.silence import silence
from raceexplore.search.programs.target import is_node_id
from raceexplore.search.shrink.shrink import Shrinking
from raceexplore.search.why.why import why
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program
    from raceexplore.search.corpus.entry import Entry
    from raceexplore.search.corpus.replay import Replayed, Stored

SHRINK_RUNS = 2_000
SEARCHED = 200  # schedules that must pass before a failure whose schedule passes is called fixed
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
Verdict = Literal["reproduces", "fixed", "stale", "pytest"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a kept failure does now.

    verdict: ``reproduces``; ``fixed`` (its schedule passes, and so do 200 others); ``stale`` (the
    replay says nothing); ``pytest`` (it belongs to a test, which replays it). level: how it was
    reproduced. why: in words. fails: the program fails now, in this way or another. entry: None
    if the file is damaged.
    """

    path: Path
    entry: Entry | None
    verdict: Verdict
    why: str = ""
    level: str = ""
    fails: bool = False


def suggested_name(program: str, kind: str) -> str:
    """Return a name for a failure of that kind in ``program``, e.g. ``bank-deadlock``."""
    text = f"{stem(program)}-{kind}".lower()
    return re.sub(r"[^a-z0-9_]+", "-", text).strip("-_")[:64].rstrip("-_")


def place_of(name: str, folder: Path, *, force: bool) -> Path:
    """Return the file that ``name`` stands for. Raises `BadOption` for a name that will not do."""
    if not NAME.fullmatch(name):
        fit = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-_")[:64]
        hint = f"; say {fit!r}" if NAME.fullmatch(fit) else ""
        raise BadOption(
            f"{name[:80]!r} cannot be a name: it takes up to 64 small letters, digits, - and _,"
            f" and begins with a letter or a digit{hint}"
        )
    path = folder / f"{name}.json"
    if path.exists() and not force:
        raise _taken(path)
    return path


def _taken(path: Path) -> BadOption:
    return BadOption(f"{path} is there already; take another name, or --force to replace it")


class Kept(NamedTuple):
    """What `keep` has written.

    gone: the file that ``raceexplore run`` had saved the same failure in, which is gone now.
    replaced: what was kept under that name before, in a line; empty if nothing was.
    """

    entry: Entry
    gone: Path | None
    replaced: str


def keep(stored: Stored, path: Path, version: str, *, force: bool) -> Kept:
    """Shrink the failure of ``stored`` and write it to ``path``.

    version: raceexplore's own. Raises `Diverged` if it does not fail now, and
    `BadOption` if ``path`` exists, unless ``force``; `LockHeld` if another process changes the
    folder for too long.
    """
    inside(stored.program.name)
    done = replay_stored(stored)
    if done.diverged or done.run.failure is None:
        instead = done.diverged or "the run passed"
        raise Diverged(f"nothing is kept, since this does not fail as recorded: {instead}")
    with watching(stored.limits.wall_s) as watch:
        shrunk = Shrinking(done.run, SHRINK_RUNS, stored.limits).shrink().run
        if watch.interrupted:
            raise KeyboardInterrupt
        run = _recorded(shrunk, stored.limits)
        paths = tasks(run, stored.limits)
        found = replace(_as_found(run), why=why(run, stored.limits), tasks=paths)
    entry = entry_of(found, version, stored.limits)
    try:
        with changing(path.parent):
            before = _there(path)
            write(entry, path, replace=force)
            return Kept(entry, _superseded(entry, path), before)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise BadOption(f"{path} cannot be written: {error.strerror}") from None


def _there(path: Path) -> str:
    """Return what is kept in ``path`` now, in a line; empty if nothing is."""
    if not exists(path):
        return ""
    try:
        old = read(path)
    except BadSeed:
        return "a file that could not be read"
    return f"{old.program}: {headline(old.kind, old.message)} ({old.fingerprint})"


def _recorded(run: Run, limits: Limits) -> Run:
    replay = Replay(run.schedule)
    return run_once(run.program, replay, limits=limits, settings=run.settings, record=True)


def _as_found(run: Run) -> Found:
    failure = run.failure
    assert failure is not None
    return Found(failure.fingerprint, failure.kind, failure.message, 0, 1, run, run)


def _superseded(entry: Entry, path: Path) -> Path | None:
    """Remove the file that `save` gave a name of its own, if it holds the same failure."""
    old = path.with_name(file_name(entry))
    try:
        same = old != path and read(old).program == entry.program
    except BadSeed:
        return None
    if same:
        old.unlink(missing_ok=True)
    return old if same else None


def kept(names: tuple[str, ...], folder: Path) -> list[Path]:
    """Return the files of ``names``, each a name or a path; all of ``folder`` if there are none.

    Raises `BadOption` for a name that is not there.
    """
    there = paths_of(folder)
    if not names:
        return there
    found = []
    for name in names:
        path = folder / f"{name}.json"
        if not exists(path):
            path = Path(name)
        if not exists(path):
            has = ", ".join(p.stem for p in there[:8]) or "nothing"
            raise BadOption(f"nothing is kept as {name!r} in {folder}; it holds {has}")
        found.append(path)
    return found


def check(path: Path) -> Checked:
    """Replay the failure kept in ``path``; damaged files and missing programs are ``stale``."""
    try:
        entry = read(path)
    except BadSeed as error:
        return Checked(path, None, "stale", str(error))
    if is_node_id(entry.program):
        return Checked(
            path, entry, "pytest", "this seed belongs to a pytest test, which replays it first"
        )
    try:
        with _apart():
            return _judged(path, entry)
    except RaceExploreError as error:
        return Checked(path, entry, "stale", str(error))


def _judged(path: Path, entry: Entry) -> Checked:
    done = replay_entry(entry, aloud=False)
    if done.reproduced:
        why = "" if done.exact else "; ".join(done.drift)
        return Checked(path, entry, "reproduces", why, done.level, fails=True)
    if why := stale(done, entry):
        return Checked(path, entry, "stale", why, fails=done.run.failure is not None)
    again = searched(done.run.program, entry)
    if again is not None:
        why = f"its schedule passes, but another fails in the same way: {again.seed}"
        return Checked(path, entry, "reproduces", why, "searched", fails=True)
    size = done.seed.schedule.size
    lost = f", {len(done.skipped)} of its {size} deviations impossible" if done.skipped else ""
    return Checked(path, entry, "fixed", f"its schedule passes{lost}, and {SEARCHED} others")


def stale(done: Replayed, entry: Entry | None = None) -> str:
    """Return why ``done``, which did not reproduce, says nothing; empty if it does say something.

    A schedule whose tasks are all there but cannot be put into that order is one that was fixed.
    """
    if done.run.outcome != "passed":
        return done.diverged
    now = tasks(done.run, Limits())
    names = new_names(entry.tasks, now) if entry else {}
    there = [path for path in entry.tasks if "/" in path] if entry else []
    if there and not any(names.get(path, path) in now for path in there):
        return f"none of its {len(there)} tasks is there any more, such as {there[0]}"
    asked = [path for d in done.skipped if d.kind == "task" for path in (d.at, str(d.take))]
    gone = [path for path in asked if names.get(path, path) not in {*now, "clock"}]
    return f"the task {gone[0]} of its schedule is not there any more" if gone else ""


def searched(program: Program, entry: Entry) -> Run | None:
    """Return a run among 200 random ones that fails as ``entry`` says; None if there is none."""
    settings, limits = decode(entry.seed).settings, Limits(steps=entry.max_steps)
    scheduler = by_name("random", entropy=settings.entropy)
    with watching(limits.wall_s) as watch:
        for _ in range(SEARCHED):
            scheduler.begin()
            run = run_once(program, scheduler, limits=limits, settings=settings)
            if watch.interrupted:
                raise KeyboardInterrupt
            if is_same(entry, run):
                return run
    return None


@contextmanager
def _apart() -> Iterator[None]:
    """Forget the program's modules after the block: the next program may name its own alike."""
    known, path, here = set(sys.modules), list(sys.path), Path.cwd().resolve()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - known:
            file = Path(getattr(sys.modules[name], "__file__", None) or "/")
            if file.is_relative_to(here) and "site-packages" not in file.parts:
                del sys.modules[name]


def assert_fixed(seed: str, program: str | None = None) -> None:
    """Raise the failure that ``seed``, or a file of the corpus, recorded, if it is still there.

    program: ``path/to/file.py:name``, where the seed may not name it. For regression tests:
    `raceexplore corpus test` prints them. Raises `Diverged` if the program has changed so much
    that the schedule says nothing any more.
    """
    __tracebackhide__ = True
    stored = find_stored(seed, program, Limits())
    with silence():
        done = replay_stored(stored)
    if done.run.failure is not None:
        error = error_of(done.run)
        error.add_note(ReportNote("\n".join(brief(done.run))))
        raise error
    if why := stale(done, stored.entry) or done.run.cut:
        raise Diverged(f"this test says nothing any more: {why}; find the failure again, if it can")


def told(stored: Stored) -> str:
    """Return in one line how ``stored`` failed; by running it, where only a seed is there."""
    if stored.entry is not None:
        return headline(stored.entry.kind, stored.entry.message)
    with silence():
        failure = replay_stored(stored).run.failure
    if failure is None:
        raise BadProgram("the seed does not fail now: there is nothing to test for")
    return headline(failure.kind, failure.message)
