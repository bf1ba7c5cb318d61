"""The arguments and options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.kernel.program import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

WALL_S = Limits().wall_s
F = TypeVar("F", bound="Callable[..., Any]")
form = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
                    show_default=True, help="What to print.")  # fmt: skip
max_steps = click.option(
    "--max-steps", type=int, metavar="N", help="Events after which a run is cut."
)
wall_limit = click.option("--wall-limit", type=float, default=WALL_S, show_default=True,
                          metavar="S", help="Seconds an event may take.")  # fmt: skip


observe = click.option(
    "--observe", multiple=True, metavar="PACKAGE",
    help="An installed package to look into too; your own code always is.",
)  # fmt: skip


def a_failure(command: F) -> F:
    """Give ``command`` what names a failing schedule: ``seed``, ``path`` and ``observe``."""
    path = click.argument("path", metavar="[PATH[:NAME]]", required=False)
    return click.argument("seed", metavar="SEED-or-FILE")(path(observe(command)))


def limits(max_steps: int | None, wall_limit: float = WALL_S) -> Limits:
    """Return the limits that the options ask for. Raises click's UsageError."""
    if max_steps is not None and max_steps < 1:
        raise click.UsageError(f"--max-steps must be at least 1, not {max_steps}")
    if wall_limit <= 0:
        raise click.UsageError(f"--wall-limit must be more than 0 s, not {wall_limit:g}")
    return Limits(steps=max_steps or Limits().steps, wall_s=wall_limit)
