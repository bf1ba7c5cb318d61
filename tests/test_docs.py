"""The documents tell the truth: their examples run, and print what is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from documents import DOCUMENTS, ROOT, compared, play

# a reader's machine is not ours, and a registry is his own choice
# but for the home of a simulated machine
ELSEWHERE = re.compile(r"(^|[\s`(])/(?!home/u)[a-z]+/|://pypi|pythonhosted", re.MULTILINE)


# what a newcomer reads first is compared word by word and digit by digit
WHOLE = {"README.md", "docs/tutorial.md"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_examples_of_a_document_run(path: Path, tmp_path: Path) -> None:
    for block in play(path.read_text(encoding="utf-8"), tmp_path):
        for command in block:
            if command.printed is not None:
                # make docs writes what it prints now into the document
                shown, printed = compared(command, whole=name(path) in WHOLE)
                assert printed == shown, command.command


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_a_document_names_no_place_of_one_machine(path: Path) -> None:
    assert ELSEWHERE.search(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_the_links_of_a_document_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [t for t in targets if not (path.parent / t).exists()] == []
