"""The command group: its help in sections, and its defaults from the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from raceexplore.search.programs.pyproject import project_settings

SECTIONS = {
    "Find a failure": ("run", "prove", "flaky", "doctor"),
    "Measure it": ("predict", "sample", "sweep", "compare", "chaos", "cli-score"),
    "Look at it": ("replay", "report", "show", "what-if"),
    "Keep it": ("corpus",),
    "Begin": ("new", "models", "schedulers"),
}
# which commands take a setting, and what they call it
OPTIONS = {
    "budget": "budget",
    "corpus": "folder",
    "entropy": "entropy",
    "jobs": "jobs",
    "observe": "observe",
    "order": "order",
    "scheduler": "scheduler",
    "time": "time_mode",
}


class Sections(click.Group):
    """A group that lists its commands by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a section for each purpose; what is in none comes last."""
        left = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
        sections = {**SECTIONS, "Other": tuple(left)}
        width = max(map(len, left))
        for title, names in sections.items():
            here = [name for name in names if name in left]
            left = [name for name in left if name not in here]
            limit = formatter.width - 6 - width
            rows = [
                (f"{name:<{width}}", self.commands[name].get_short_help_str(limit)) for name in here
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def project_defaults(group: click.Group) -> dict[str, Any]:
    """Return what the project's settings give the commands of ``group``, as click wants it."""
    settings = {OPTIONS[key]: value for key, value in project_settings(Path.cwd()).items()}
    return _defaults(group, settings) if settings else {}


def _defaults(group: click.Group, settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found[name] = _defaults(command, settings)
        else:
            known = {parameter.name for parameter in command.params}
            found[name] = {key: value for key, value in settings.items() if key in known}
    return found
