"""The options of ``raceexplore replay`` that ask for a debugger, and ``raceexplore show``."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli.arguments import form
from raceexplore.cli.status import INCONCLUSIVE, NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

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
@click.option("--step", type=click.IntRange(min=0), metavar="N",
              help="The event after which to look.")  # fmt: skip
@click.option("--where", metavar="EXPR", help="Look after the first event after which it holds.")
@click.option("--audit", is_flag=True, help="List who did what and when, and because of what.")
@click.option("--undo", metavar="N|LOG#N",
              help="What depends on event N, or on entry N of an event log.")  # fmt: skip
@click.option("--observe", multiple=True, metavar="PACKAGE",
              help="An installed package to look into too; your own code always is.")  # fmt: skip
@form
@click.option("--json", "as_json", is_flag=True, hidden=True, help="The same as --format json.")
def show(
    *, seed: str, path: str | None, observe: Sequence[str], form: str, as_json: bool, **what: Any
) -> int:
    """Print tasks, variables and values as they are after an event; or how they came about.

    One of --step, --where, --audit and --undo says what to show.
    """
    from raceexplore.cli.streams import tell
    from raceexplore.kernel.program import Limits
    from raceexplore.search.corpus.replay import find_stored
    from raceexplore.search.programs.silence import silence

    wanted = [name for name, value in what.items() if value is not None and value is not False]
    if len(wanted) != 1:
        raise click.UsageError("say what to show: one of --step, --where, --audit and --undo")
    with silence():
        stored = find_stored(seed, path, Limits(), observe=observe)
    found, lines = SHOWN[wanted[0]](stored, what[wanted[0]])
    as_json = as_json or form == "json"
    tell(json.dumps(found) if as_json else "\n".join(lines), data=as_json)
    return NOTHING if found else INCONCLUSIVE


Shown = tuple[Any, "Iterable[str]"]


def _step(stored: Stored, step: int) -> Shown:
    from raceexplore.debug.show.state import lines, look, state

    seen = look(stored, step)
    _check(step, f"--step {step}", len(seen.run.events))
    found = state(seen, step)
    return found, lines(found)


def _where(stored: Stored, text: str) -> Shown:
    from raceexplore.debug.show.where import first_where

    try:
        number, why = first_where(stored, text)
    except SyntaxError as error:
        raise click.UsageError(f"--where {text}: {error.msg}") from None
    if number is None:
        return None, [f"{text}: holds after no event{why}"]
    found, lines = _step(stored, number)
    return {"where": text, **found}, [f"{text}: first after event {number}", "", *lines]


def _audit(stored: Stored, _: object) -> Shown:
    from raceexplore.debug.show.audit import audit, audit_lines
    from raceexplore.debug.show.state import look

    entries = audit(look(stored, 0).run)
    return {"audit": entries}, audit_lines(entries)


def _undo(stored: Stored, text: str) -> Shown:
    from raceexplore.debug.show.state import look
    from raceexplore.debug.show.undo import undo_entry, undo_event, undo_lines

    log, mark, number = text.rpartition("#")
    if not (number.isascii() and number.isdecimal()) or (mark and not log):
        raise click.UsageError(f"--undo is the number of an event, or like log#3, not {text}")
    if log:
        found = undo_entry(stored, log, int(number))
    else:
        run = look(stored, 0).run
        _check(int(number), f"--undo {text}", len(run.events))
        found = undo_event(run, int(number))
    return found, undo_lines(found)


def _check(number: int, option: str, total: int) -> None:
    if number >= total:
        raise click.UsageError(f"{option}: the events of this run are 0 to {total - 1}")


SHOWN: dict[str, Callable[[Stored, Any], Shown]] = {
    "step": _step, "where": _where, "audit": _audit, "undo": _undo,
}  # fmt: skip
ALONE = (show,)
