"""The commands on kept failures: ``raceexplore corpus list``, ``add``, ``run`` and ``test``."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli import status
from raceexplore.cli.arguments import a_failure, form
from raceexplore.search.corpus.mutation import TIMEOUT_S, patience
from raceexplore.search.programs.files import session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.search.corpus.regressions import Checked
    from raceexplore.search.corpus.replay import Stored

VERSION = 1
SESSION = re.compile(r"[\w-]{1,32}", re.ASCII)
F = TypeVar("F", bound="Callable[..., Any]")
STYLES = {"reproduces": "bold red", "fixed": "bold green", "stale": "bold yellow", "pytest": "dim"}

folder = click.option(
    "--corpus", "folder", type=click.Path(file_okay=False, path_type=Path), default="corpus",
    show_default=True, metavar="DIR", help="The folder where failures are kept.",
)  # fmt: skip


def changes(command: F) -> F:
    """Give ``command`` the options of those that change the corpus; they are heeded at once."""
    timeout = click.option(
        "--lock-timeout", type=click.FloatRange(0, 86_400), default=TIMEOUT_S, show_default=True,
        metavar="S", expose_value=False, callback=_wait,
        help="Seconds to wait while another process changes the corpus.",
    )  # fmt: skip
    named = click.option(
        "--session-id", metavar="ID", expose_value=False, callback=_name,
        help="What temporary files are named by. [random]",
    )  # fmt: skip
    return timeout(named(command))


def _wait(context: click.Context, option: click.Parameter, value: float) -> None:
    patience.seconds = value


def _name(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None and not SESSION.fullmatch(value):
        raise click.UsageError("--session-id takes up to 32 letters, digits, - and _")
    session.name = value or ""


@click.group()
def corpus() -> None:
    """Keep failures as regressions, and see which are still there."""


@corpus.command("list")
@form
@folder
def corpus_list(*, form: str, folder: Path) -> None:
    """List the failures that are kept, and what replays each."""
    from raceexplore.cli.streams import say, tell
    from raceexplore.report.terminal import listing

    _must_exist(folder)
    if form == "json":
        tell(json.dumps(listing.corpus_values(folder)), data=True)
        return
    say(listing.corpus(folder), sys.stdout)


def _must_exist(folder: Path) -> None:
    if not folder.is_dir():
        raise click.UsageError(f"there is no folder {folder}; `raceexplore run` makes one")


@corpus.command()
@a_failure
@click.option("--as", "name", required=True, metavar="NAME",
              help="What to call it: small letters, digits, - and _.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace what has that name.")
@folder
@form
@changes
@click.pass_obj
def add(
    version: str,
    /,
    *,
    seed: str,
    path: str | None,
    observe: Sequence[str],
    name: str,
    force: bool,
    folder: Path,
    form: str,
) -> None:
    """Keep a failing seed as the regression NAME.

    It is replayed first and must fail now (else exit status 4), is shrunk, and is written to
    DIR/NAME.json with what finds it again after the program has been edited.
    """
    from raceexplore.cli.streams import of_the_program
    from raceexplore.kernel.outcome import headline
    from raceexplore.search.corpus.regressions import keep, place_of
    from raceexplore.search.programs.silence import Nowhere

    place = place_of(name, folder, force=force)
    with of_the_program(Nowhere()):
        entry, was, replaced = keep(_stored(seed, path, observe), place, version, force=force)
    if form == "json":
        from raceexplore.cli.streams import tell

        value = {"version": VERSION, "kept": str(place), "name": name, "seed": entry.seed}
        tell(json.dumps({**value, "replaced": replaced or None}), data=True)
        return
    instead = f", in the place of {was}" if was else ""
    option = "" if folder == Path("corpus") else f" --corpus {folder}"
    if replaced:
        _say((f"replaced  {replaced}", "yellow"))
    _say(
        (f"kept   {place}{instead}", "bold"),
        (f"       {headline(entry.kind, entry.message)}", ""),
        (f"check  raceexplore corpus run {name}{option}", "green"),
        (f"test   raceexplore corpus test {name}{option}", "green"),
    )


def _stored(seed: str, path: str | None, observe: Sequence[str] = ()) -> Stored:
    from raceexplore.kernel.program import Limits
    from raceexplore.search.corpus.replay import find_stored

    return find_stored(seed, path, Limits(), observe=observe)


def _say(*lines: tuple[str, str]) -> None:
    from rich.text import Text

    from raceexplore.cli.streams import say
    from raceexplore.report.story.clean import clean

    say([Text(clean(text), style) for text, style in lines], sys.stdout)


@corpus.command("run")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@form
@click.option("--json", "as_json", is_flag=True, hidden=True, help="The same as --format json.")
@folder
def corpus_run(*, names: tuple[str, ...], form: str, as_json: bool, folder: Path) -> int:
    r"""Replay the failures that are kept: all, or those named.

    Each is told in a line. `reproduces`: it still fails. `fixed`: its schedule passes now, and so
    do 200 others. `stale`: its schedule says nothing any more, because its tasks, the program or
    the file are gone. `pytest`: it belongs to a test, which replays it itself.

    \b
    Exit status: 0 all are fixed, 1 a program still fails, 3 none fails but some are stale,
    2 wrong usage, 130 interrupted.
    """
    from raceexplore.cli.streams import of_the_program, tell
    from raceexplore.search.corpus.regressions import check, kept
    from raceexplore.search.programs.silence import Nowhere

    as_json = as_json or form == "json"
    if not names:
        _must_exist(folder)
    done = []
    for path in kept(names, folder):
        with of_the_program(Nowhere()):
            done.append(check(path))
        if not as_json:
            _say(_line(done[-1]))
    if as_json:
        tell(json.dumps(_value(done)), data=True)
    else:
        _say((_sum(done), "dim"))
    return _ended(done)


def _line(checked: Checked) -> tuple[str, str]:
    from raceexplore.kernel.outcome import headline

    entry, how = checked.entry, f" ({checked.level})" if checked.level else ""
    what = f"  {entry.program}  {headline(entry.kind, entry.message)}" if entry else ""
    why = f"; {_first(checked.why)}" if checked.why else ""
    text = f"{checked.verdict:<10}  {checked.path.stem}{what}{how}{why}"
    return text, STYLES[checked.verdict]


def _first(text: str) -> str:
    return text.split("\n", maxsplit=1)[0]


def _sum(done: Sequence[Checked]) -> str:
    counts = Counter[str](checked.verdict for checked in done)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES if counts[verdict])
    return f"{len(done)} kept: {told}" if done else "nothing is kept"


def _ended(done: Sequence[Checked]) -> int:
    if any(checked.fails for checked in done):
        return status.FOUND
    stale = any(checked.verdict == "stale" for checked in done)
    return status.INCONCLUSIVE if stale else status.NOTHING


def _value(done: Sequence[Checked]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "exit_status": _ended(done),
        "entries": [
            {
                "name": checked.path.stem,
                "file": str(checked.path),
                "verdict": checked.verdict,
                "level": checked.level or None,
                "why": checked.why,
                "fails": checked.fails,
                **{
                    key: getattr(checked.entry, key, None)
                    for key in ("program", "kind", "message", "fingerprint", "seed", "found_at")
                },
            }
            for checked in done
        ],
    }


TEST = """from raceexplore import assert_fixed


def test_{name}():
    # {told}
    assert_fixed({given})
"""


@corpus.command()
@click.argument("seed", metavar="SEED-or-NAME")
@click.argument("path", metavar="[PATH[:NAME]]", required=False)
@folder
def test(*, seed: str, path: str | None, folder: Path) -> None:
    """Print a pytest function that fails as long as the failure is there.

    Of a failure that is kept, by its name or its file, the test survives more edits of the
    program than of a bare seed. Run it in the folder that the program's path begins in.
    """
    from raceexplore.cli.streams import of_the_program, tell
    from raceexplore.report.story.clean import clean
    from raceexplore.search.corpus.regressions import NAME, suggested_name, told
    from raceexplore.search.programs.silence import Nowhere

    if NAME.fullmatch(seed) and (file := folder / f"{seed}.json").is_file():
        seed = str(file)
    with of_the_program(Nowhere()):
        stored = _stored(seed, path)
        what = clean(told(stored))
    kind = what.partition(":")[0]
    name = Path(seed).stem if stored.entry else suggested_name(stored.program.name, kind)
    given = [seed.strip(), *([stored.program.name] if path else [])]
    text = TEST.format(
        name="".join(c if c.isalnum() else "_" for c in name),
        told=what if len(what) < 90 else f"{what[:87]}...",
        given=", ".join(json.dumps(word) for word in given),
    )
    tell(text)
