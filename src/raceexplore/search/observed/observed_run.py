"""Observed runs: the program's rewritten copy, with a ledger that sees what it touches."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from raceexplore.kernel.errors import RaceExploreError
from raceexplore.kernel.run import run_once
from raceexplore.kernel.runtimes.imports import runtime_of
from raceexplore.kernel.scheduler import Replay
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.hooks.posted_calls import note_posted
from raceexplore.observe.hooks.witness import witnessed
from raceexplore.observe.ledger.landmarks import NONE, landmarks
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.library_code import libraries_observed, library_modules
from raceexplore.observe.load import in_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler


_warm: WeakSet[Callable[..., Any]] = WeakSet()  # functions that have run before


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
    if not blind and function not in _warm:
        _warm.add(function)
        _warm_up(replace(program, function=function), limits, settings)
    modules = library_modules(settings.runtime or program.runtime or runtime_of(program.function))
    try:
        with in_place(function), libraries_observed(modules):
            known = NONE if blind else landmarks(function, modules)
            ledger = Ledger(
                values=values,
                insertion_order=not values,
                blind=blind,
                landmarks=known,
                by_variable=values,
                calls=note_posted,
            )
            hooks.attach(ledger)
            with witnessed(ledger) if values else nullcontext():
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


def _warm_up(program: Program, limits: Limits, settings: Settings) -> None:
    """Run ``program`` once, and forget it.

    What it imports and caches at first use is there after that, and has a name: a first run that
    touches more than all later ones would be of another trace class.
    """
    with suppress(RaceExploreError), in_place(program.function):
        run_once(program, Replay(), limits=limits, settings=settings)
