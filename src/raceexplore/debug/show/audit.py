"""Who did what and when, and because of what: a run as a list of deeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.trace import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run


def audit(run: Run) -> list[dict[str, Any]]:
    """Return an entry for each event of ``run`` that wrote, drew, noted or failed at something.

    event: its number. who: the task. when_s: virtual seconds. what: in words. because: numbers of
    the events that made it possible, the last one of its own task included.
    """
    last: dict[str, int] = {}
    found = []
    for event in run.events:
        what = list(deeds(event))
        own = [last[event.task]] if event.task in last else []
        last[event.task] = event.number
        if what:
            found.append(
                {
                    "event": event.number,
                    "who": event.task,
                    "when_s": event.time_s,
                    "what": what,
                    "because": sorted({*own, *event.causes}),
                }
            )
    return found


def deeds(event: Event) -> Iterator[str]:
    """Yield what ``event`` did that others may see, in words."""
    yield from event.notes
    for access in event.accesses:
        if access.write and access.label and access.kind is not Kind.SCOPE:
            change = f" = {access.before} -> {access.after}" if access.after else ""
            yield f"writes {access.label}{change}"
    yield from (f"draws {label} = {value}" for label, index, value in event.draws if index)
    if event.error:
        yield f"fails with {event.error}"


def audit_lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    """Yield `audit` as lines for a reader."""
    width = max([len(entry["who"]) for entry in entries], default=0)
    for entry in entries:
        because = ", ".join(map(str, entry["because"])) or "-"
        first = f"{entry['event']:>5}  {entry['when_s']:>8g} s  {entry['who']:{width}}"
        for number, what in enumerate(entry["what"]):
            lead = first if number == 0 else " " * len(first)
            yield f"{lead}  {what}" + (f"  (after {because})" if number == 0 else "")
