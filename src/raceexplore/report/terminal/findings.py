"""What the doctor found, as lines of styled text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from raceexplore.search.campaign.doctor import Finding

STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def findings(found: Iterable[Finding]) -> Iterator[Text]:
    """Yield a line for each finding, and one more where there is something to change."""
    for finding in found:
        yield Text.assemble((f"{finding.level:<7}", STYLES[finding.level]), finding.what)
        if finding.advice:
            yield Text(f"       {finding.advice}", "bold")
