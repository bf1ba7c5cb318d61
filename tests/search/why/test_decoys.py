"""The first ten lines name what a program was mended by, and not what only looks like a bug."""

from __future__ import annotations

from pathlib import Path

import pytest

import decoys
from command import Rx

# It is called through ``function(*args)``, which counts as a look at each argument (see observe/).
FOOLED = {"TRACING"}


def first_lines(rx: Rx, folder: Path, name: str) -> str:
    text = decoys.HEAD + decoys.PROGRAMS[name]
    (folder / "shop.py").write_text(text, encoding="utf-8")
    return " ".join(" ".join(rx("run", "shop.py").out.split("\n")[:10]).split())


@pytest.mark.parametrize("name", [name for name in decoys.CAUSES if name not in FOOLED])
def test_the_first_ten_lines_name_the_cause_and_no_decoy(name: str, rx: Rx, tmp_path: Path) -> None:
    told = first_lines(rx, tmp_path, name)
    assert decoys.CAUSES[name] in told
    assert decoys.DECOYS[name] not in told


def test_at_most_one_in_fourteen_is_told_wrongly() -> None:
    assert len(FOOLED) * 14 <= len(decoys.CAUSES)
    assert set(decoys.CAUSES) == set(decoys.DECOYS) == set(decoys.PROGRAMS)
