"""What the ``race`` fixture is, and each explored test uses: explore, replay, keep, report."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from raceexplore.kernel.errors import Inconclusive
from raceexplore.kernel.fence.watchdog import interruptible
from raceexplore.kernel.program import Limits, Program, as_program
from raceexplore.kernel.seed import decode
from raceexplore.pytest_plugin.kept import known_of, saved, with_note
from raceexplore.pytest_plugin.options import (
    asked_for,
    corpus_folder,
    needs_choices,
    servers_in_use,
)
from raceexplore.pytest_plugin.settings import is_marked
from raceexplore.pytest_plugin.spare import spared
from raceexplore.search.as_exception import error_of
from raceexplore.search.campaign.found import VACUOUS, Campaign, Found
from raceexplore.search.campaign.in_sight import in_sight
from raceexplore.search.corpus.replay import Replayed, explained, replay, replay_entry, replay_seed
from raceexplore.search.explore import explore
from raceexplore.search.programs.silence import silence
from raceexplore.search.programs.standing_tests import visitor
from raceexplore.search.what_if.what_if import atomicity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from raceexplore.kernel.outcome import Run

    Observe = bool | Sequence[str]  # whether, or the installed packages to look into too

PIN = (
    "pin     --race replays it first; so does @pytest.mark.raceexplore(budget=200) above a function"
)
NO_FAILURES = (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)


class Race:
    """What the ``race`` fixture is."""

    def __init__(self, item: pytest.Item) -> None:
        self._item, self._config = item, item.config
        self._needs_choices = False

    def explore(self, program: Program | Callable[..., Any], **options: Any) -> Campaign | None:
        """Explore ``program``; raise its own exception, with the report as a note, if it can fail.

        options: budget, entropy, scheduler, time, order, steps, virtual_s, wall_s, time_limit_s;
        those of the command line go first. needs_choices: where nothing can be explored, the
        test fails. Failures that the corpus knows of this test are
        replayed before. With --race-replay the program runs on that seed only, and None is
        returned. Raises `Inconclusive` if the runs say nothing.
        """
        __tracebackhide__ = True
        own = dict(options)
        self._needs_choices = needs_choices(self._config, own)
        asked = asked_for(self._config, own)
        real = servers_in_use(self._config)
        if real is not None:
            asked["jobs"] = 1  # other processes have no connection
        with (
            real or nullcontext(),
            interruptible(asked["limits"].wall_s),
            spared(self._item, lambda: self.explore(program, **options)),
        ):
            return self._explore(program, asked)

    def _explore(
        self, program: Program | Callable[..., Any], asked: dict[str, Any]
    ) -> Campaign | None:
        __tracebackhide__ = True
        if hasattr(self._config, "workerinput"):
            asked["jobs"] = 1  # pytest-xdist shares the tests; its threads forbid to fork
        program = replace(as_program(program), name=self._item.nodeid, source=self._item.path)
        if (visit := visitor()) is not None:
            visit(program)
            return None
        if text := self._config.getoption("race_replay"):
            self.replay(program, text, limits=asked["limits"], observe=asked["observe"])
            return None
        self._replay_corpus(program, asked["limits"], asked["observe"])
        with silence():
            campaign = explore(program, **asked)
        self._tell("schedules", campaign.runs)
        if campaign.stopped == "interrupted":
            raise KeyboardInterrupt
        if campaign.failures:
            found = campaign.failures[0]
            again = replay(program, found.run.seed, limits=asked["limits"])  # aloud, for pytest
            run = replace(found.run, failure=again.failure) if again.failure else found.run
            self._fail(run, found, limits=asked["limits"])
        why = campaign.inconclusive
        if why == VACUOUS and not self._needs_choices:  # a test that needs no schedule has passed
            self._pass_by(why)
        elif why:
            self._tell("verdict", "inconclusive")
            told = f"neither passed nor failed: {'; '.join([why, *campaign.warnings])}"
            error = Inconclusive(told)
            if campaign.stuck is not None:
                error.add_note(self._replay_line(campaign.stuck))
            raise error
        if campaign.cut:
            self._item.warn(pytest.PytestWarning("; ".join(campaign.warnings)))
        self._tell("verdict", "passed")
        return campaign

    def replay(
        self,
        program: Program | Callable[..., Any],
        seed: str,
        *,
        limits: Limits = Limits(),  # noqa: B008 a frozen value
        observe: bool | Sequence[str] = True,
    ) -> Run:
        """Run ``program`` on the schedule of ``seed``; return the run, or raise its failure."""
        __tracebackhide__ = True
        program = _seen(as_program(program), seed, limits, observe)
        replayed = replay_seed(seed, program, limits=limits)
        if replayed.run.failure is not None:
            self._fail(replayed.run, explained(replayed, limits), limits=limits)
        if replayed.run.cut:
            self._tell("verdict", "inconclusive")
            raise Inconclusive(f"neither passed nor failed: a run was cut: {replayed.run.cut}")
        self._tell("verdict", "passed")
        return replayed.run

    def _replay_corpus(self, program: Program, limits: Limits, observe: Observe) -> None:
        """Replay what earlier sessions found in this test; raise the first that still fails."""
        __tracebackhide__ = True
        folder = corpus_folder(self._config)
        for path, entry in known_of(self._item, program.name, folder) if folder else ():
            limits = replace(limits, steps=max(limits.steps, entry.max_steps))
            run = replay_entry(entry, program, limits=limits, aloud=False).run
            if run.failure is not None:
                seen = _seen(program, run.seed, limits, observe)
                again = replay_seed(run.seed, seen, limits=limits)
                self._fail(again.run, explained(again, limits), kept=path, limits=limits)

    def _fail(
        self, run: Run, known: Found | Replayed, *, limits: Limits, kept: Path | None = None
    ) -> None:
        """Raise the failure of ``run`` with the report as its note; kept: its file, if it has one.

        What a campaign has found is saved now, unless the test is expected to fail.
        """
        __tracebackhide__ = True
        from raceexplore.report.terminal.text import failure_report

        error = error_of(run)
        if isinstance(error, NO_FAILURES):
            raise error
        self._tell("verdict", "failed")
        self._tell("seed", run.seed)
        if run.program.observed is not None:
            with silence():
                known = replace(known, atomic=atomicity(run, limits))
        lines = [line.plain for line in failure_report(run, 100, known)]
        lines += ["", self._replay_line(run)]
        if not is_marked(self._item):
            lines.append(PIN)
        if kept:
            lines.append(f"known   {kept}")
        elif self._is_expected():
            pass
        elif isinstance(known, Found) and (folder := corpus_folder(self._config)):
            lines.append(saved(self._item, known, folder))
        raise with_note(error, run, "\n".join(lines))

    def _pass_by(self, why: str) -> None:
        """Tell that there was nothing to explore; with --race, that is no pass."""
        self._tell("note", why)
        if not is_marked(self._item):
            pytest.skip(f"raceexplore: {why}")

    def _replay_line(self, run: Run) -> str:
        how = "" if is_marked(self._item) else "--race "
        return f"replay  pytest {shlex.quote(self._item.nodeid)} {how}--race-replay={run.seed}"

    def _is_expected(self) -> bool:
        """Return whether a mark says that the test fails: its failure is not worth keeping."""
        marks = self._item.iter_markers("xfail")
        return any(all(mark.args) and mark.kwargs.get("condition", True) for mark in marks)

    def _tell(self, name: str, value: object) -> None:
        """Add a property to the JUnit report."""
        self._item.user_properties.append((f"raceexplore.{name}", str(value)))


def _seen(program: Program, seed: str, limits: Limits, observe: Observe) -> Program:
    """Return ``program`` as one whose failure on ``seed`` is told with what it read and wrote."""
    if observe is False:
        return program
    packages = () if observe is True else observe
    settings, schedule = decode(seed).settings, decode(seed).schedule
    return in_sight(program, schedule, settings=settings, limits=limits, packages=packages)
