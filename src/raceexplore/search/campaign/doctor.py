"""Examine a program: does it run alike each time, here and elsewhere, and what to change."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import trio

from raceexplore.kernel.errors import NotDeterministic, OutsideWorld, RaceExploreError
from raceexplore.kernel.run import run_once
from raceexplore.search.campaign import selfcheck
from raceexplore.search.programs.load import load_program
from raceexplore.search.programs.silence import silence
from raceexplore.search.programs.target import is_node_id
from raceexplore.toolbox.by_name import by_name
from raceexplore.toolbox.gaps import Gaps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program

HASH_SEEDS = ("0", "1")
SCHEDULES = 5  # the default one, and these many less one at random
CHILD = "import sys; from raceexplore.search.campaign.doctor import tell; tell(*sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at.

    level: ``ok``, ``note`` (worth knowing), or ``wrong`` (runs will not replay, or say nothing).
    advice: what to change; empty if nothing.
    """

    level: Literal["ok", "note", "wrong"]
    what: str
    advice: str = ""


def examine(reference: str, limits: Limits) -> Iterator[Finding]:
    """Yield what there is to say of the program ``path.py[:name]``, the environment first.

    Raises `BadProgram` if it cannot be loaded.
    """
    yield from environment()
    program = load_program(reference)
    try:
        with silence():
            runs = _runs(program, limits)
    except OutsideWorld as error:
        yield Finding("wrong", "it leaves the controlled world", str(error))
        return
    except RaceExploreError as error:
        yield Finding("wrong", "it cannot be explored", str(error))
        return
    yield from _first_look(runs, limits)
    twice = list(_twice(runs, limits))
    yield from twice
    alone = not is_node_id(reference)  # other processes have no fixtures
    if alone and not any(finding.level == "wrong" for finding in twice):
        yield from _elsewhere(reference, limits)


def environment() -> Iterator[Finding]:
    """Yield the versions, and whether they are supported."""
    yield Finding("ok", f"Python {platform.python_version()}, trio {trio.__version__}")
    if os.environ.get("PYTHONHASHSEED", "random") == "random":
        yield Finding("note", "strings hash differently in each process (PYTHONHASHSEED)")
    if os.environ.get("PYTHONOPTIMIZE"):
        yield Finding(
            "wrong", "PYTHONOPTIMIZE is set: no assert is checked", "unset PYTHONOPTIMIZE"
        )
    if sys.gettrace() is not None:
        yield Finding("note", "a debugger or a coverage tool traces each line: runs are slow")


def _runs(program: Program, limits: Limits) -> list[tuple[Run, int]]:
    """Return recorded runs and their choices: the default schedule, and some at random."""
    default = Gaps({})
    first = run_once(program, default, limits=limits, record=True)
    runs = [(first, sum(default.asked.values()))]
    scheduler = by_name("random")
    for _ in range(SCHEDULES - 1):
        scheduler.begin()
        run = run_once(program, scheduler, limits=limits, record=True)
        scheduler.end(run)
        runs.append((run, 0))
    return runs


def _first_look(runs: list[tuple[Run, int]], limits: Limits) -> Iterator[Finding]:
    first, choices = runs[0]
    events = f"{first.steps:,} event{'s' * (first.steps != 1)}"
    chosen = f"{choices:,} choice{'s' * (choices != 1)}"
    size = f"{events}, {chosen}, {first.virtual_s:g} s of virtual time"
    yield Finding("ok", f"the default schedule has {size}")
    if not choices and all(not run.schedule.size for run, _ in runs):
        yield Finding(
            "wrong",
            "there is nothing to choose: never could two tasks run at once",
            "start tasks that share something, in a nursery, and await between their steps",
        )
    if first.failure is not None:
        yield Finding("note", f"it fails on the default schedule: {first.failure.message}")
    cut = [run.cut for run, _ in runs if run.cut]
    if cut:
        yield Finding("wrong", f"{len(cut)} of {len(runs)} runs were cut: {cut[0]}",
                      "make the program end by itself, or raise the limit")  # fmt: skip
    elif first.steps > limits.steps // 10:
        yield Finding("note", "a run is long", "a smaller model explores more schedules a second")
    for text in dict.fromkeys(text for run, _ in runs for text in run.warnings):
        yield Finding("note", text)


def _twice(runs: list[tuple[Run, int]], limits: Limits) -> Iterator[Finding]:
    """Replay each run in this process."""
    for number, (run, _) in enumerate(runs):
        if run.outcome == "cut":
            continue
        try:
            with silence():
                selfcheck.check(run, limits, stir=number == 0)
        except NotDeterministic as error:
            yield Finding("wrong", str(error), _remedy(str(error)))
            return
    yield Finding("ok", f"{len(runs)} schedules, each run again, gave the same events")


def _remedy(message: str) -> str:
    if "outlives a run" in message:
        return "make the state inside the program, or reset it at its start"
    return "iterate over sorted(...), a list or a dict instead of a set; ask the world for chance"


def _elsewhere(reference: str, limits: Limits) -> Iterator[Finding]:
    """Run the same schedules in processes of their own, where strings hash otherwise."""
    told = [_digests_in_child(reference, limits, seed) for seed in HASH_SEEDS]
    if any(isinstance(answer, Finding) for answer in told):
        yield from [answer for answer in told if isinstance(answer, Finding)][:1]
    elif told[0] != told[1]:
        yield Finding(
            "wrong",
            "with another PYTHONHASHSEED the same schedule gives other events",
            "an order depends on a set or on hash(): iterate over sorted(...) or a dict instead",
        )
    else:
        yield Finding("ok", f"{len(HASH_SEEDS)} other processes with other hashes gave the same")


def _digests_in_child(reference: str, limits: Limits, hash_seed: str) -> list[str] | Finding:
    path = os.pathsep.join(part or os.getcwd() for part in sys.path)  # noqa: PTH109 as sys.path is
    environ = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-c", CHILD, reference, str(limits.steps), str(limits.wall_s)]
    child = subprocess.run(  # noqa: S603 our own interpreter, our own code
        command, env=environ, capture_output=True, text=True, check=False
    )
    if child.returncode:
        last = (child.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("wrong", f"it does not run in a process of its own: {last}")
    return child.stdout.split()


def tell(reference: str, steps: str, wall_s: str) -> None:
    """Print the digests of the schedules that `examine` compares; run in a child process."""
    from raceexplore.kernel.program import Limits

    with silence():
        runs = _runs(load_program(reference), Limits(steps=int(steps), wall_s=float(wall_s)))
    sys.stdout.write("\n".join(f"{run.digest}.{run.outcome}" for run, _ in runs))
