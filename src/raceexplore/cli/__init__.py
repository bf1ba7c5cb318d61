"""The command line: its commands, options, exit statuses and streams."""

from raceexplore.cli.main import call, main

__all__ = ["call", "main"]
