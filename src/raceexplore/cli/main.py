"""Door: the command line."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from raceexplore import __version__
from raceexplore.cli import arguments, both, commands, debugger, outputs, status, what_if
from raceexplore.cli import corpus as keeping
from raceexplore.cli.evidence import under
from raceexplore.cli.flaky import explored
from raceexplore.cli.groups import Sections, project_defaults
from raceexplore.cli.streams import of_the_program
from raceexplore.kernel.errors import NeedsPytest, RaceExploreError
from raceexplore.kernel.fence.watchdog import watchdog, watching
from raceexplore.kernel.program import Limits
from raceexplore.search.programs.silence import Nowhere

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.search.campaign.found import Campaign, Found
    from raceexplore.search.corpus.replay import Replayed

F = TypeVar("F", bound="Callable[..., Any]")
COMPLETION = "_RACEEXPLORE_COMPLETE"  # set by the shell that asks what a word can become
HELP = """\b
Examples:
  raceexplore run models/ticketing/buggy.py --budget 10000
  raceexplore run shop.py:main --scheduler pct:depth=3 --stop never
  raceexplore replay rx1-...

\b
Exit status: 0 nothing found, 1 a failure found, 2 wrong usage, 3 inconclusive,
4 refused (not deterministic, diverged, outside world), 5 the corpus is locked,
70 a crash of raceexplore, 130 interrupted.
"""


def main() -> NoReturn:
    """Run the command line and exit."""
    from raceexplore.cli.streams import open_all
    from raceexplore.search.processes.supervisor import supervised

    open_all()
    ended = supervised(lambda: _called(sys.argv[1:]), status)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is told, and done
    raise SystemExit(ended)


def _called(arguments: Sequence[str]) -> int:
    ended = call(arguments)
    warnings.simplefilter("ignore")  # what the program leaves behind would warn after our last word
    return ended


def call(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status, which is 1 only for a failure found."""
    status.manner.is_json, status.manner.held = False, None
    try:
        with watching(Limits().wall_s):  # nothing of the program's runs outside of this
            ended = cli.main(
                list(arguments), prog_name="raceexplore", standalone_mode=False, obj=__version__
            )
            if watchdog.heed():  # something was left out, and what there is has been told
                return status.INTERRUPTED
        return outputs.written(ended if isinstance(ended, int) else status.NOTHING)
    except NeedsPytest as needed:
        from raceexplore.cli import inside_pytest

        return inside_pytest.told(needed.node_id, lambda: call(arguments))
    except BaseException as error:  # noqa: BLE001 nothing may look like "failure found"
        if isinstance(error, SystemExit) and COMPLETION in os.environ:  # click's own way to end
            return int(error.code or 0)
        # when the reader of the help has gone, click puts a stream of its own here, and exits
        if isinstance(error, SystemExit) and type(sys.stdout).__module__.startswith("click"):
            return status.NOTHING
        return status.after(error, __version__)


def _show_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001
    if wanted and not context.resilient_parsing:
        from raceexplore.cli.streams import tell

        tell(status.versions(__version__))
        context.exit()


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"]}, epilog=HELP)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False,
              callback=_show_version, help="Show the versions that matter and exit.")  # fmt: skip
@click.pass_context
def cli(context: click.Context) -> None:
    """Run async programs under many schedules; shrink and replay those that fail."""
    context.default_map = project_defaults(cli)


def _option(*names: str, **settings: Any) -> Callable[[F], F]:
    settings.setdefault("show_default", settings.get("default") is not None)
    return click.option(*names, **settings)


_explain = _option("--explain", is_flag=True,
                   help="Find out why it fails, and what would cure it; that takes more runs."
                   )  # fmt: skip


def _exploring(command: F) -> F:
    """Give ``command`` what `run` and `prove` take; the scheduler is not among it."""
    for option in reversed((
        arguments.a_program,
        _option("--budget", type=int, default=10_000, metavar="N", help="Runs to spend."),
        arguments.meaning,
        _option("--stop", type=click.Choice(["first", "never"]), default="first",
                help="Stop at the first failure?"),
        _option("--time-limit", type=float, metavar="S",
                help="Seconds after which no run begins."),
        _option("--explain/--no-explain", default=True,
                help="Find out why it fails, and what would cure it; that takes more runs."),
        commands.jobs, arguments.observe, keeping.folder, keeping.changes, arguments.form,
        arguments.max_steps, arguments.wall_limit, outputs.options,
    )):  # fmt: skip
        command = option(command)
    return command


@cli.command()
@_option("--scheduler", metavar="NAME[:opt=value,...]", help="See `raceexplore schedulers`.",
         shell_complete=arguments.scheduler_names)  # fmt: skip
@_exploring
@arguments.real_servers
def run(**given: Any) -> int:
    """Look for a schedule on which a program fails.

    The program is PATH[:NAME], as shop.py, shop.py:main or shop.py:Till.close; a module, as
    shop.till:main or -m shop; or a test of pytest's, as tests/test_shop.py::test_till.
    """
    with arguments.servers_in_use(given):
        return _run(**given)


@cli.command()
@click.argument("tests", nargs=-1, required=True, metavar="TEST...")
@_option("--budget", type=int, default=2_000, metavar="N", help="Runs to spend on a test.")
@_option(
    "--time-limit",
    type=float,
    default=60.0,
    metavar="S",
    help="Seconds after which no run of a test begins.",
)
@_option(
    "--cancel",
    is_flag=False,
    flag_value="*",
    default="",
    metavar="[NAMES]",
    help="Cancel tasks at any await, too.",
)
def flaky(*, tests: tuple[str, ...], budget: int, time_limit: float, cancel: str) -> int:
    """Find out why async tests are flaky: FILE::TEST, of whatever plugin runs them.

    The tests stay as they are: of pytest-asyncio, pytest-trio, anyio's plugin, or
    IsolatedAsyncioTestCase, with their fixtures, which are made anew in each run.
    """
    from raceexplore.cli.streams import tell

    if strange := [test for test in tests if "::" not in test]:
        raise click.UsageError(f"name a test, as tests/test_x.py::test_y, not {strange[0]}")
    options = ["--budget", str(budget), "--time-limit", str(time_limit)]
    options += ["--cancel", cancel] if cancel else []
    return explored(tests, lambda test: call(["run", test, *options]), tell)


def _run(*, form: str, folder: Path, **given: Any) -> int:
    paths: dict[str, Path] = {}
    limits = arguments.limits(given.pop("max_steps"), given.pop("wall_limit"))
    what = outputs.asked(given)

    def keep(found: Found) -> None:
        _keep(found, folder, limits, paths)

    if given["runtime"] == "both":
        return both.compared(
            partial(_campaign, limits, keep), given, partial(_print_campaign, paths)
        )
    try:
        campaign = _campaign(limits, keep, **given)
    except (RaceExploreError, KeyboardInterrupt):
        for path in paths.values():
            status.note(_kept(path))
        raise
    if given["explain"]:
        campaign = what_if.answered(campaign, limits)
    for found in campaign.failures:
        keep(found)
    if form == "json":
        from raceexplore.cli.streams import tell
        from raceexplore.report.files.as_json import campaign_value

        tell(json.dumps(campaign_value(campaign)), data=True)
    else:
        _print_campaign(paths, campaign)
    with of_the_program(Nowhere()):
        lines = outputs.of_campaign(campaign, what, limits)
    refused = outputs.tell_lines(lines, form)
    ended = status.with_outputs(status.campaign_status(campaign), refused=refused)
    return status.with_lock(ended)


def _print_campaign(paths: dict[str, Path], campaign: Campaign) -> None:
    from raceexplore.cli.streams import say, width_of
    from raceexplore.report.terminal.summary import campaign_report

    say(campaign_report(campaign, width_of(sys.stdout), paths), sys.stdout)


def _campaign(
    limits: Limits,
    keep: Any,
    *,
    path: str,
    scheduler: str | None,
    observe: Sequence[str] = (),
    **given: Any,
) -> Campaign:
    """Load the program and explore it; what the runs print is not shown."""
    from raceexplore.cli.progress import progress_bar
    from raceexplore.search.explore import DEFAULT, explore
    from raceexplore.search.programs.load import load_program
    from raceexplore.toolbox.by_name import by_name

    # wrong options are told before the program is imported
    commands.tell_jobs(given["jobs"], by_name(scheduler or DEFAULT), scheduler or DEFAULT)
    if given["budget"] < 1:
        raise click.UsageError(f"the budget must be at least 1 run, not {given['budget']}")
    settings = arguments.settings(given)
    with of_the_program(sys.stderr):
        program = load_program(path, observe)
    given["time_limit_s"] = given.pop("time_limit")
    quiet = of_the_program(Nowhere())
    with progress_bar(sys.stderr, given["budget"]) as tick, quiet, debugger.passing_breakpoints():

        def found_one(found: Found) -> None:
            keep(found)
            if tick is not None:
                tick.found()

        return explore(
            program,
            scheduler=scheduler or DEFAULT,
            settings=settings,
            limits=limits,
            progress=tick,
            on_found=found_one,
            **given,
        )


@cli.command()
@_exploring
@arguments.allow_relative
@click.pass_context
def prove(context: click.Context, /, *, allow_relative: bool, **given: Any) -> Any:
    """Show that no schedule fails: run every trace class, then try to refute it.

    Exit status 0 is a proof; 3, if it is relative to unseen code, or the budget ends before it.
    """
    scheduler = "prove:relative_is_enough=true" if allow_relative else "prove"
    return context.invoke(run, scheduler=scheduler, **given)


@cli.command()
@arguments.a_failure
@_explain
@arguments.real_servers
@under.options
@debugger.options
@arguments.form
@arguments.max_steps
@arguments.wall_limit
def replay(**given: Any) -> int:
    """Replay a failing schedule: a seed, or a file of the corpus."""
    with arguments.servers_in_use(given) as servers:
        return _replay(servers, **given)


def _replay(
    servers: str,
    *,
    seed: str,
    path: str | None,
    observe: Sequence[str],
    form: str,
    explain: bool,
    **given: Any,
) -> int:
    from raceexplore.search.corpus.replay import find_stored, replay_stored

    max_steps = given.pop("max_steps")
    _, conditions, limits = under.asked(given, max_steps, given.pop("wall_limit"))
    began = time.perf_counter()
    with of_the_program(sys.stderr):
        stored = find_stored(seed, path, limits, limited=max_steps is not None, observe=observe)
    stored = under.put(stored, conditions)
    if debugger.wanted(stored, **given):
        return debugger.start(stored, **given)
    with of_the_program(sys.stderr), debugger.passing_breakpoints():
        replayed = replay_stored(stored)
    replayed = what_if.looked_into(replayed, stored, explain=explain)
    if form == "json":
        from raceexplore.cli.streams import tell
        from raceexplore.report.files.as_json import replay_value

        value = replay_value(replayed, time.perf_counter() - began)
        real = {"real_servers": status.there(replayed, servers)} if servers else {}
        tell(json.dumps(value | real), data=True)
    else:
        from raceexplore.cli.streams import say, tell, width_of
        from raceexplore.report.terminal.summary import replay_report

        say(replay_report(replayed, width_of(sys.stdout)), sys.stdout)
        if servers:
            tell(status.there(replayed, servers))
    return _replay_status(replayed, servers)


def _replay_status(replayed: Replayed, servers: str = "") -> int:
    if servers:  # of them no recording says what is right
        return status.FOUND if replayed.run.failure else status.NOTHING
    if replayed.diverged:
        status.complain(f"the replay diverged: {replayed.diverged}")
        return status.REFUSED
    return status.FOUND if replayed.run.failure else status.NOTHING


@cli.command()
@arguments.a_failure
@_explain
@outputs.options
@arguments.max_steps
@arguments.wall_limit
def report(
    *, seed: str, path: str | None, observe: Sequence[str], explain: bool, **given: Any
) -> int:
    """Write a page, a trace, a picture, ... of a failing schedule."""
    from raceexplore.search.corpus.replay import find_stored, replay_stored

    max_steps = given.pop("max_steps")
    limits, what = arguments.limits(max_steps, given.pop("wall_limit")), outputs.asked(given)
    if not (what.files or what.junit or what.github):
        raise click.UsageError("name a file to write, e.g. --html report.html")
    with of_the_program(Nowhere()):
        stored = find_stored(seed, path, limits, limited=max_steps is not None, observe=observe)
        replayed = replay_stored(stored)
        if what.files:
            replayed = what_if.looked_into(replayed, stored, explain=explain)
        lines = outputs.of_replay(replayed, what, limits)
    refused = outputs.tell_lines(lines)
    ended = _replay_status(replayed) if replayed.diverged else status.NOTHING
    return status.with_outputs(ended, refused=refused)


for _command in (*commands.ALONE, *debugger.ALONE, keeping.corpus, what_if.what_if):
    cli.add_command(_command)


def _keep(found: Found, folder: Path, limits: Limits, paths: dict[str, Path]) -> None:
    """Save ``found`` in the corpus; a failure that cannot be saved is still one."""
    from raceexplore.report.story.what_if_words import sentence
    from raceexplore.search.corpus.entry import entry_of, save
    from raceexplore.search.corpus.mutation import LockHeld
    from raceexplore.search.processes.testament import testament

    cured = found.atomic is not None and found.atomic.cure is not None
    cure = sentence(found.atomic, found.run.program) if cured else ""
    entry = entry_of(found, __version__, limits, cure=cure)
    try:
        path, _ = save(entry, folder)
        paths[found.fingerprint] = path
        testament.leave(_kept(path))
    except LockHeld as held:
        status.manner.held = held  # the failure is told first
    except OSError as error:
        status.warn_once(f"the failure could not be saved in {folder}: {error.strerror}")


def _kept(path: Path) -> str:
    return f"a failure that was found before is kept in {path}"
