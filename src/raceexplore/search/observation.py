"""Observed runs: the program's rewritten copy, with a ledger that sees what it touches."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.run import run_once
from raceexplore.observe import hooks
from raceexplore.observe.landmarks import NONE, landmarks
from raceexplore.observe.ledger import Ledger
from raceexplore.observe.load import in_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.kernel.trace import Event


def observed_run(
    program: Program,
    scheduler: Scheduler,
    *,
    limits: Limits,
    settings: Settings,
    values: bool = False,
    watch: Callable[[Event, Any], object] | None = None,
) -> Run:
    """Run ``program`` once with the accesses of every event, and with values if wanted.

    watch: see `run_once`.
    A program that no file holds is not rewritten: its events are what it declares, or opaque.
    """
    blind = program.observed is None
    function = program.function if program.observed is None else program.observed()
    known = NONE if blind else landmarks(function)
    ledger = Ledger(values=values, blind=blind, landmarks=known)
    hooks.attach(ledger)
    try:
        with in_place(function):
            return run_once(
                replace(program, function=function),
                scheduler,
                limits=limits,
                settings=settings,
                ledger=ledger,
                watch=watch,
            )
    finally:
        hooks.attach(None)
