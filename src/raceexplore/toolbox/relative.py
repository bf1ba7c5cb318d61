"""What a claim about all trace classes is relative to: by name, what a run did unobserved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from raceexplore.kernel.outcome import Run

NAMED = 3  # reasons that are told by name; the rest are counted
UNCHECKED = "no assert is checked, since Python runs with -O (or PYTHONOPTIMIZE)"
DRAWS = "what the program draws was always the neutral draw"


def relative_to(run: Run) -> tuple[str, ...]:
    """Return what a claim that rests on the events of the observed ``run`` is relative to.

    Each reason once, in the order of the events; none if every event is ordered exactly.
    """
    found: dict[str, None] = {}
    if run.settings.time != "strict":
        found["the clock was not let go on while tasks could run"] = None
    if run.settings.order != "any":
        found["only the orders of trio's own passes were run"] = None
    if not __debug__:
        found[UNCHECKED] = None
    found.update(dict.fromkeys(event.opaque for event in run.events if event.opaque))
    return tuple(found)


def weaker(reasons: Collection[str]) -> str:
    """Return what is added to the name of what a search has explored that is relative to those."""
    drawn = ", each draw neutral" if DRAWS in reasons else ""
    return drawn + (", relative" if any(reason != DRAWS for reason in reasons) else "")


def sentence(reasons: tuple[str, ...]) -> str:
    """Return the first line of a certificate that is relative to ``reasons``."""
    return f"relative, so no proof: {'; '.join(_named(reasons))}"


def _named(reasons: tuple[str, ...]) -> Iterator[str]:
    yield from reasons[:NAMED]
    if len(reasons) > NAMED:
        yield f"and {len(reasons) - NAMED} more"
