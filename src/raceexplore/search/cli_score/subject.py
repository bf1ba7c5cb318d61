"""The tool under test: which of its commands changes something, and which shows it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from raceexplore.kernel.errors import BadOption
from raceexplore.search.programs.files import is_file

FIRST = 101  # numbers of one length: none is a part of another


@dataclass(frozen=True, slots=True)
class ToolUnderTest:
    """Two commands as words; ``{n}`` stands for a number, ``{session}`` for a name of one run.

    mutate: changes something, another thing for each number. check: shows all that was changed.
    """

    mutate: tuple[str, ...]
    check: tuple[str, ...]

    def change(self, number: int) -> tuple[str, ...]:
        """Return the words of the command that makes the change ``number``."""
        return tuple([_filled(word, number) for word in self.mutate])

    def marks(self, number: int) -> tuple[str, ...]:
        """Return what the check shows of that change."""
        return tuple([_filled(word, number) for word in self.mutate if "{n}" in word])

    def missing(self, shown: str, numbers: list[int]) -> list[int]:
        """Return which of these changes ``shown`` has not got."""
        return [n for n in numbers if any(mark not in shown for mark in self.marks(n))]


def subject(
    mutate: str, check: str, *, is_real: bool = False, copied: Collection[str] = ()
) -> ToolUnderTest:
    """Return the tool of these two command lines.

    is_real: they are run in another folder, so that paths of files in them are made full, but for
    those that are ``copied`` into it. Raises `BadOption` if nothing tells changes apart.
    """
    try:
        made = ToolUnderTest(tuple(shlex.split(mutate)), tuple(shlex.split(check)))
    except ValueError as error:
        raise BadOption(f"a command line cannot be split into words: {error}") from None
    if not made.marks(FIRST):
        raise BadOption(f"{mutate!r} needs {{n}} in a word: the number of the change")
    if not made.check:
        raise BadOption("--check is the command that shows what was changed, as 'config list'")
    return ToolUnderTest(_full(made.mutate, copied), _full(made.check, copied)) if is_real else made


def _full(words: tuple[str, ...], copied: Collection[str]) -> tuple[str, ...]:
    """Return ``words`` with the paths of files from the root on, and of a command that is found."""
    first = shutil.which(words[0])
    full = [
        str(Path(word).absolute()) if word not in copied and is_file(Path(word)) else word
        for word in words
    ]
    return (str(Path(first).absolute()) if first else full[0], *full[1:])


def _filled(word: str, number: int) -> str:
    return word.replace("{n}", str(number)).replace("{session}", f"session-{number}")
