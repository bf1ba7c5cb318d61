"""A sheet: what one command has measured, as a reader gets it, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows under a head, all of them texts. caption: what it shows, in a few words."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one command has measured.

    outcome: for JUnit, and for the colour. word: the verdict, as HOLDS. subject: the programs.
    sentence: what was found. facts: further sentences. grids: tables. seeds: what replays a
    failure, each with its headline. picture: SVG, if there is one. alt: what it shows, in words.
    options: that a seed needs to be replayed, beside itself.
    command: what was asked, as raceexplore's command is called. seconds: wall clock.
    """

    outcome: Literal["passed", "failed", "inconclusive"]
    word: str
    subject: str
    sentence: str
    command: str
    facts: tuple[str, ...] = ()
    grids: tuple[Grid, ...] = ()
    seeds: tuple[tuple[str, str], ...] = ()
    picture: str = ""
    alt: str = ""
    options: str = ""
    seconds: float = 0.0
