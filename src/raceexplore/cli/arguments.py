"""The arguments and options that several commands have."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from raceexplore.cli import status
from raceexplore.kernel.fence.watchdog import watchdog
from raceexplore.kernel.program import ALLOWED, Limits, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WALL_S = Limits().wall_s
LONGEST_S = 86_400
F = TypeVar("F", bound="Callable[..., Any]")


def _form(context: click.Context, option: click.Parameter, value: str) -> str:
    status.manner.is_json = value == "json"
    return value


form = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
                    callback=_form, show_default=True, help="What to print.")  # fmt: skip
max_steps = click.option(
    "--max-steps", type=int, metavar="N", help="Events after which a run is cut."
)
wall_limit = click.option("--wall-limit", type=float, default=WALL_S, show_default=True,
                          metavar="S", help="Seconds an event may take.")  # fmt: skip


allow_relative = click.option("--allow-relative", is_flag=True,
                              help="Count a proof relative to unseen code as one.")  # fmt: skip


def a_program(command: F) -> F:
    """Give ``command`` the argument that names a program, ``path``; as Python, also -m."""
    module = click.option(
        "-m", "module", metavar="MODULE", callback=_module, expose_value=False,
        help="Run a module, as python -m does.",
    )  # fmt: skip
    path = click.argument(
        "path", metavar="PATH[:NAME]", required=False, callback=_path, shell_complete=files
    )
    return path(module(command))


def _module(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None and not context.resilient_parsing:
        context.meta["raceexplore.module"] = value


def _path(context: click.Context, argument: click.Parameter, value: str | None) -> str | None:
    module = context.meta.get("raceexplore.module")
    if context.resilient_parsing:
        return value
    if module is None and value is None:
        raise click.UsageError("name a program: PATH[:NAME], or -m MODULE")
    if module is not None and value is not None:
        raise click.UsageError(f"{value} or -m {module}, not both")
    return value if module is None else str(module)


def files(
    context: click.Context, argument: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell complete the names of files."""
    return [CompletionItem(incomplete, type="file")]


def scheduler_names(
    context: click.Context, argument: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the schedulers that ``incomplete`` may become."""
    from raceexplore.toolbox.by_name import available

    return [CompletionItem(name) for name in available() if name.startswith(incomplete)]


observe = click.option(
    "--observe", multiple=True, metavar="PACKAGE",
    help="An installed package to look into too; your own code always is.",
)  # fmt: skip


def a_failure(command: F) -> F:
    """Give ``command`` what names a failing schedule: ``seed``, ``path`` and ``observe``."""
    path = click.argument("path", metavar="[PATH[:NAME]]", required=False, shell_complete=files)
    seed = click.argument("seed", metavar="SEED-or-FILE", shell_complete=files)
    return seed(path(observe(command)))


def limits(max_steps: int | None, wall_limit: float = WALL_S) -> Limits:
    """Return the limits that the options ask for. Raises click's UsageError."""
    if max_steps is not None and max_steps < 1:
        raise click.UsageError(f"--max-steps must be at least 1, not {max_steps}")
    if not wall_limit > 0:  # nor is nan
        raise click.UsageError(f"--wall-limit must be more than 0 s, not {wall_limit:g}")
    if wall_limit > LONGEST_S:
        raise click.UsageError(f"--wall-limit is at most {LONGEST_S} s, a day, not {wall_limit:g}")
    watchdog.wall_s = wall_limit  # of all that this command runs, its import included
    return Limits(steps=max_steps or Limits().steps, wall_s=wall_limit)


MEANING = (
    click.option("--entropy", type=int, default=0, metavar="N", show_default=True,
                 help="What every random draw follows."),
    click.option("--time", "time_mode", type=click.Choice(["strict", "elastic"]),
                 default="strict", show_default=True,
                 help="Elastic: a deadline may also fire while tasks can run."),
    click.option("--order", type=click.Choice(["any", "passes"]), default="any",
                 show_default=True, help="Passes: only the orders of the runtime's own loop."),
    click.option("--runtime", type=click.Choice(["trio", "asyncio", "both"]),
                 help="Both: one after the other. Unless told, the one that the program imports."),
    click.option("--allow", multiple=True, type=click.Choice(ALLOWED), metavar="KIND",
                 help="A kind of failure that is none here, as 'tasks left'."),
    click.option("--cancel", is_flag=False, flag_value="*", default="", metavar="[NAMES]",
                 help="Cancel tasks at any await: all but main, or those named so, as 'get*'."),
)  # fmt: skip


def meaning(command: F) -> F:
    """Give ``command`` the options that say what a run means."""
    for option in reversed(MEANING):
        command = option(command)
    return command


def settings(given: dict[str, Any]) -> Settings:
    """Take what `meaning` has put into ``given``, but for the entropy, and return its meaning."""
    return Settings(
        time=given.pop("time_mode"),
        order=given.pop("order"),
        entropy=given["entropy"],
        runtime=given.pop("runtime") or "",
        allow=",".join(given.pop("allow")),
        cancel=given.pop("cancel"),
    )


SERVERS = (
    click.option("--postgres", default="", metavar="DSN",
                 help="A real PostgreSQL in place of the simulated ones."),
    click.option("--redis", default="", metavar="URL",
                 help="A real Redis in place of the simulated ones."),
)  # fmt: skip


def real_servers(command: F) -> F:
    """Give ``command`` the options that name real servers, as ``postgres`` and ``redis``."""
    for option in reversed(SERVERS):
        command = option(command)
    return command


@contextmanager
def servers_in_use(given: dict[str, Any]) -> Iterator[str]:
    """Take the options out of ``given`` and use what they name; yield its name, if any."""
    postgres, redis = given.pop("postgres"), given.pop("redis")
    if not (postgres or redis):
        yield ""
        return
    if given.get("jobs", 1) != 1:
        raise click.UsageError("--postgres and --redis take one process: leave out --jobs")
    from raceexplore.cli import status
    from raceexplore.sim.real import servers

    with servers(postgres=postgres, redis=redis) as found:
        name = " and ".join(found.names)
        status.note(f"on {name}, in databases of our own, which are dropped or emptied at the end")
        yield name
