"""The pictures of the documents can be taken again, and show something."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from browser import installed
from screenshots import IMAGES, ROOT, take

pytestmark = [
    pytest.mark.skipif(
        not installed() and not os.environ.get("CI"),
        reason="no chromium with chromedriver is installed (Debian: chromium chromium-driver)",
    ),
    pytest.mark.xdist_group("browser"),
]


def size(picture: Path) -> tuple[int, int]:
    head = picture.read_bytes()[:24]
    assert head.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_pictures_are_taken_in_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    pictures = take(tmp_path)
    assert [picture.name for picture in pictures] == [
        "report-light.png", "report-dark.png", "report-compare.png", "report-phone.png",
        "happens-before.svg",
    ]  # fmt: skip
    sizes = [size(picture) for picture in pictures[:-1]]
    assert sizes == [(1280, 1120), (1280, 1120), (1280, 900), (390, 844)]
    assert all(picture.stat().st_size > 30_000 for picture in pictures[:-1])  # not a blank page
    evidence = {"ticketing-boundaries.svg", "ticketing-sigma.svg"}  # drawn without a browser
    assert {picture.name for picture in pictures} == {f.name for f in IMAGES.iterdir()} - evidence
