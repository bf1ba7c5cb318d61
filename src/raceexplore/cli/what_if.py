"""The command ``raceexplore what-if``: what would become of a failure if code were atomic."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import arguments, status
from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.search.campaign.found import Campaign
    from raceexplore.search.corpus.replay import Replayed, Stored
    from raceexplore.search.what_if.what_if import Atomicity, Trial

LINES = re.compile(r"(?:(?P<file>.+):)?(?P<first>[0-9]{1,9})(?:-(?P<last>[0-9]{1,9}))?")


def answer(run: Run, limits: Limits) -> Atomicity | None:
    """Return what would cure the failure of ``run``; None if it has none, or it is not asked."""
    from raceexplore.cli.progress import doing
    from raceexplore.search.programs.silence import silence
    from raceexplore.search.what_if.what_if import atomicity

    if run.failure is None:
        return None
    with doing(sys.stderr, "looking for what would cure it"), silence():
        return atomicity(run, limits)


def looked_into(replayed: Replayed, stored: Stored, *, explain: bool) -> Replayed:
    """Return ``replayed`` with what its deviations are for, which takes three runs at most.

    explain: with all that can be found out, why it fails and what would cure it.
    """
    from raceexplore.cli.progress import doing
    from raceexplore.search.corpus.replay import briefly_explained, explained
    from raceexplore.search.why.guide import Guide

    if not explain:
        guide = Guide.from_plain(stored.entry.orders if stored.entry else [])
        return briefly_explained(replayed, stored.limits, guide)
    with doing(sys.stderr, "looking for why it fails"):
        told = explained(replayed, stored.limits)
    return replace(told, atomic=answer(replayed.run, stored.limits))


def answered(campaign: Campaign, limits: Limits) -> Campaign:
    """Return ``campaign`` with what would cure its first failure, and what that prints.

    Ctrl-C ends the search for it; the campaign then counts as interrupted, and is told as it is.
    """
    from raceexplore.kernel.fence.watchdog import watchdog
    from raceexplore.kernel.started import started
    from raceexplore.search.campaign.printed import printed

    if not campaign.failures or campaign.stopped == "interrupted":
        return campaign
    first, *others = campaign.failures
    before = started.runs
    try:
        first = replace(first, printed=printed(first.run, limits))
        first = replace(first, atomic=answer(first.run, limits))
    except KeyboardInterrupt:
        watchdog.interrupted = True
    return replace(
        campaign,
        failures=(first, *others),
        explain_runs=campaign.explain_runs + started.runs - before,
        stopped="interrupted" if watchdog.heed() else campaign.stopped,
    )


@click.command("what-if")
@arguments.a_failure
@click.option("--atomic", multiple=True, metavar="[FILE:]FROM[-TO]",
              help="Lines to make atomic; more of them are under one lock.")  # fmt: skip
@arguments.form
@arguments.max_steps
@arguments.wall_limit
def what_if(
    *, seed: str, path: str | None, observe: Sequence[str], atomic: tuple[str, ...], form: str,
    max_steps: int | None, wall_limit: float,
) -> int:  # fmt: skip
    """Ask which lines, made atomic, make a failure disappear.

    Or, with --atomic, whether those do.
    """
    from raceexplore.cli.streams import of_the_program
    from raceexplore.search.corpus.replay import find_stored, replay_stored
    from raceexplore.search.what_if.what_if import STEPS_MAX, can_ask

    limits = arguments.limits(max_steps, wall_limit)
    with of_the_program(sys.stderr):
        stored = find_stored(seed, path, limits, limited=max_steps is not None, observe=observe)
        replayed = replay_stored(stored)
    if replayed.run.failure is None or replayed.diverged:
        status.complain(f"there is no failure to ask about: {replayed.diverged or 'it passed'}")
        return status.REFUSED
    run = replayed.run
    if not can_ask(run):
        raise BadOption(
            f"what-if needs a program in a file, a run of at most {STEPS_MAX:,} events, and order"
            " 'any': in trio's own passes no task can go on before all others"
        )
    if atomic:
        return _one(run, stored.limits, atomic, form)
    return _smallest(run, stored.limits, form)


def _one(run: Run, limits: Limits, atomic: tuple[str, ...], form: str) -> int:
    """Tell what becomes of the failure if the lines that the user names are atomic."""
    from raceexplore.kernel.fence.watchdog import watching
    from raceexplore.report.story.what_if_words import told, trial_value
    from raceexplore.search.programs.silence import silence
    from raceexplore.search.what_if.what_if import WhatIf

    asked = WhatIf(run, limits)
    spans = tuple(asked.span_at(*_lines(text, run)) for text in atomic)
    with silence(), watching(limits.wall_s):
        trial = asked.trial(spans)
        if trial.others:
            trial = asked.trial(spans, every_failure=False)
    _print(form, trial_value(trial), told(trial, run.program), trial)
    return status.NOTHING if trial.cured else status.FOUND


def _smallest(run: Run, limits: Limits, form: str) -> int:
    """Tell the smallest section that makes the failure disappear."""
    from raceexplore.report.story.what_if_words import atomicity_value, sentence

    found = answer(run, limits)
    told = sentence(found, run.program)
    told = told or "Nothing to make atomic: no task was interrupted in the middle of anything."
    cure = found.cure if found else None
    _print(form, atomicity_value(found), told, cure)
    return status.NOTHING if cure else status.FOUND


def _lines(text: str, run: Run) -> tuple[str, int, int]:
    """Return the file, the first and the last line that ``text`` names."""
    match = LINES.fullmatch(text)
    if match is None:
        raise click.UsageError(f"--atomic is [FILE:]FROM[-TO], as shop.py:14-19, not {text!r}")
    first = int(match["first"])
    last = int(match["last"] or first)
    if not 0 < first <= last:
        raise click.UsageError(f"--atomic {text}: the lines are counted from 1, downwards")
    return match["file"] or str(run.program.source), first, last


def _print(form: str, value: Any, told: str, trial: Trial | None) -> None:
    from raceexplore.cli.streams import say, tell, width_of
    from raceexplore.report.story.what_if_words import source_lines
    from raceexplore.report.story.words import paragraph

    if form == "json":
        tell(json.dumps(value), data=True)
        return
    say(paragraph(told, width_of(sys.stdout)), sys.stdout)
    if trial is not None:
        say(source_lines(trial.spans), sys.stdout)
