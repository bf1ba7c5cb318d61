"""Replay a seed, and say how exactly the run was reproduced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.program import Limits, Program, as_program
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import Seed, decode
from raceexplore.search.load import load_program, split_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.outcome import Run


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed run. reproduced: the same failure. skipped: deviations that found no place."""

    run: Run
    seed: Seed
    reproduced: bool
    skipped: tuple[Deviation, ...]


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
) -> Replayed:
    """Replay ``text`` on ``program``, or on the program that the seed refers to."""
    seed = decode(text)
    if program is None:
        found = load_program(inside(seed.program))
    else:
        found = load_program(program) if isinstance(program, str) else as_program(program)
    scheduler = Replay(seed.schedule)
    run = run_once(found, scheduler, limits=limits, settings=seed.settings, record=True)
    shown = run.failure.fingerprint if run.failure else ""
    return Replayed(run, seed, shown == seed.fingerprint, scheduler.skipped)


def inside(reference: str) -> str:
    """Return ``reference`` if it is a relative path that stays inside the working directory.

    A seed may come from a stranger: it never makes us run another file. Raises `BadSeed`.
    """
    path = Path(split_reference(reference)[0])
    here = Path.cwd().resolve()
    if path.is_absolute() or ".." in path.parts or not (here / path).resolve().is_relative_to(here):
        raise BadSeed(
            f"this seed refers to {reference!r}, outside the working directory;"
            " name the program yourself: raceexplore replay SEED PATH"
        )
    return reference
