"""Why a run fails, for a terminal: the orders that suffice, in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from raceexplore.report.story.clean import clean
from raceexplore.report.story.words import paragraph

if TYPE_CHECKING:
    from raceexplore.search.why.wording import Words

MOST = 4  # orders that are shown; the rest is counted


def orders(words: Words | None, width: int) -> list[Text]:
    """Return the orders that suffice for the failure, or why none do, in ``width`` columns."""
    if words is None or not words.claim():
        return []
    lines = paragraph(words.claim(), width)
    told = words.orders()
    for first, then in told[:MOST]:
        one, other = clean(f"  {first}"), clean(f"before {then}")
        if cell_len(one) + cell_len(other) < width:
            lines.append(Text(f"{one} {other}", "bold"))
        else:
            lines += [Text(one, "bold"), Text(f"    {other}", "bold")]
    if len(told) > MOST:
        lines.append(Text(f"  and {len(told) - MOST} more (--format json has all)", "dim"))
    return lines
