"""The options of ``raceexplore replay`` that ask for a debugger, and what they do."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli.arguments import form

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from raceexplore.search.corpus.replay import Stored

F = TypeVar("F", bound="Callable[..., Any]")


def options(command: F) -> F:
    """Give ``command`` the options, which reach it as the keywords of `wanted` and `start`."""
    at = click.option("--at", type=click.IntRange(min=0), metavar="EVENT",
                      help="Where --pdb stops. [default: before the failure]")  # fmt: skip
    pdb = click.option("--pdb", is_flag=True, help="Step through the run, forwards and backwards.")
    editor = click.option("--debugpy", metavar="[HOST:]PORT",
                          help="Wait there for VS Code or PyCharm.")  # fmt: skip
    return pdb(editor(at(command)))


def wanted(stored: Stored, *, pdb: bool, at: int | None, debugpy: str | None) -> bool:
    """Return whether to debug and not just to replay."""
    if at is not None and not (pdb or debugpy):
        raise click.UsageError("--at is for --pdb and --debugpy")
    if pdb and debugpy:
        raise click.UsageError("--pdb or --debugpy, not both")
    return pdb or bool(debugpy) or (sys.stdin.isatty() and _halts(stored))


def _halts(stored: Stored) -> bool:
    """Return whether the program calls `breakpoint()` on this schedule."""
    from raceexplore.debug.zygote import recorded

    return hasattr(os, "fork") and bool(recorded(stored, reasons=False).breakpoints)


def start(stored: Stored, *, pdb: bool, at: int | None, debugpy: str | None) -> int:
    """Debug; return the exit status, which is that of the replay."""
    from raceexplore.debug.attach import address, attach, debugpy_module
    from raceexplore.debug.zygote import debug, recorded

    place = address(debugpy) if debugpy else None
    if place:
        debugpy_module()  # told before the replay, which may take a while
    recording = recorded(stored)
    total = len(recording.events)
    if at is not None and at >= total:
        raise click.UsageError(f"--at {at}: the events of this run are 0 to {total - 1}")
    stop = recording.failing if at is None else at
    if not (pdb or place):
        stop = -1  # a terminal, and the program calls breakpoint()
    if place:
        return attach(stored, recording, stop, place)
    return debug(stored, recording, stop)


@contextmanager
def passing_breakpoints() -> Iterator[None]:
    """Stop at no `breakpoint()` within the block, and say so after it."""
    from raceexplore.search.programs.silence import breakpoints_passed

    with breakpoints_passed() as places:
        yield
    for place in places:
        note = f"note: breakpoint() at {place} was passed; replay --pdb stops there"
        print(note, file=sys.__stderr__)


@click.command()
@click.argument("seed", metavar="SEED-or-FILE")
@click.argument("path", metavar="[PATH[:NAME]]", required=False)
@click.option("--step", type=click.IntRange(min=0), required=True, metavar="N",
              help="The event after which to look.")  # fmt: skip
@click.option("--observe", multiple=True, metavar="PACKAGE",
              help="An installed package to look into too; your own code always is.")  # fmt: skip
@form
@click.option("--json", "as_json", is_flag=True, hidden=True, help="The same as --format json.")
def show(
    *, seed: str, path: str | None, step: int, observe: Sequence[str], form: str, as_json: bool
) -> None:
    """Print tasks, variables and values as they are after an event."""
    from raceexplore.cli.streams import tell
    from raceexplore.debug.state import lines, look, state
    from raceexplore.kernel.program import Limits
    from raceexplore.search.corpus.replay import find_stored
    from raceexplore.search.programs.silence import silence

    with silence():
        stored = find_stored(seed, path, Limits(), observe=observe)
    run, chains = look(stored, step)
    total = len(run.events)
    if step >= total:
        raise click.UsageError(f"--step {step}: the events of this run are 0 to {total - 1}")
    found = state(run, chains, step)
    as_json = as_json or form == "json"
    tell(json.dumps(found) if as_json else "\n".join(lines(found)), data=as_json)


ALONE = (show,)
