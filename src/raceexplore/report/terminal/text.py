"""The report of one failure, for a terminal: at most about forty lines of styled text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from raceexplore.kernel.names import short_names
from raceexplore.kernel.outcome import headline
from raceexplore.kernel.standing.waits import NURSERY, cycle
from raceexplore.report.story.clean import clean
from raceexplore.report.story.race_words import told
from raceexplore.report.story.story import own_end
from raceexplore.report.story.what_if_words import sentence
from raceexplore.report.story.words import paragraph, shown_path, source_line
from raceexplore.report.terminal.reasons import orders
from raceexplore.report.terminal.table import schedule
from raceexplore.search.campaign.found import Found
from raceexplore.search.race_kinds.race_of import race_of
from raceexplore.search.why.cancellations import CancelWords
from raceexplore.search.why.wording import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.search.corpus.replay import Replayed

LINES = 38  # of a report, less the notes on the error, the commands, and what was explored
# Columns: in fewer, sentences are broken as ever, but what stands in a table is not cut further.
TABLE_MIN = 60
NOTES = 24  # lines of the notes on an error
WAITS = 6  # waiting tasks that are shown
SOURCES = 4  # waiting tasks up to which the line of each is shown too


def failure_report(run: Run, width: int, known: Found | Replayed | None = None) -> list[Text]:
    """Return the report of the failing, recorded ``run`` as lines for ``width`` columns.

    known: what a campaign or a replay knows of it.
    """
    failure = run.failure
    assert failure is not None
    noted = list(_noted(failure))
    lines = [*verdict(run, width), *_place(failure), *noted]
    words = Words(known.why) if known and known.why else None
    atomic = known.atomic if known else None
    race = race_of(run, known.why if known else None)
    named = paragraph(clean(told(run, race)), width, "bold") if race else []
    if failure.waits and named:
        lines += [Text(), *named]
        named = []
    if failure.waits:
        lines += [Text(), *_waiting(run, failure)]
    cited = words.events() if words else ()
    spoken_of = (*cited, *(point.event for point in race.points)) if race else cited
    cancelled = [
        line
        for text in CancelWords(run).sentences(spoken_of)
        for line in paragraph(clean(text), width)
    ]
    cured = atomic is not None and atomic.cure is not None
    cure = paragraph(sentence(atomic, run.program) if cured else _kept_cure(known), width, "green")
    if named or cancelled or cure:
        lines += [Text(), *named, *cancelled, *cure]
    why, sizes = orders(words, width), _sizes(run, known, width)
    lines += [Text(), *(why + sizes if run.schedule.size else sizes + why), Text()]
    libraries = _libraries(run, width)
    most = LINES * max(width, TABLE_MIN) // width + len(noted) - len(lines) - len(libraries)
    lines += schedule(run, width, most, words, race)
    lines += libraries
    return [_cut(line, max(width, TABLE_MIN)) for line in lines]


def _kept_cure(known: Found | Replayed | None) -> str:
    """Return what the corpus has kept on what would cure the failure."""
    return "" if known is None or isinstance(known, Found) else clean(known.cure)


def verdict(run: Run, width: int) -> list[Text]:
    """Return the lines that say what failed."""
    failure = run.failure
    assert failure is not None
    what = clean(headline(failure.kind, failure.message))
    head = Text.assemble(("FAIL", "bold red"), f"  {run.program.name}")
    if cell_len(head.plain) + cell_len(what) + 2 <= width:
        return [head.append("  ").append(what, "bold")]
    return [head, *paragraph(what, width, "bold", indent=6)[:4]]


def _place(failure: Failure) -> Iterator[Text]:
    """Yield where it failed, and the source line."""
    rest = [clean(line) for line in failure.message.split("\n")[1:4]]
    yield from (Text(f"      {line}") for line in rest)
    if failure.site.file and not failure.waits:
        site = failure.site
        yield Text(f"      {shown_path(site.file)}:{site.line} in {site.function}", "dim")
        yield Text(f"        {source_line(site)}", "red")


def _noted(failure: Failure) -> Iterator[Text]:
    """Yield the notes (PEP 678) that the program added to its error, such as a drawn history."""
    lines = failure.notes
    if lines:
        yield Text()
    yield from (Text(clean(line)) for line in lines[:NOTES])
    if len(lines) > NOTES:
        yield Text(f"... {len(lines) - NOTES} more lines of notes", "dim")


def _waiting(run: Run, failure: Failure) -> Iterator[Text]:
    """Yield the table of a deadlock: who waits where, for what, held by whom; and the cycle."""
    ring = cycle(list(failure.waits))
    waits = [wait for wait in failure.waits if wait.what != NURSERY]
    waits.sort(key=lambda wait: wait.task not in ring)
    names = short_names(wait.task for wait in failure.waits)
    for wait in waits[:WAITS]:
        text = Text("  ").append(names[wait.task], "bold cyan")
        own = own_end(run, wait.task)
        place = _shown(own or wait.site)
        if failure.kind == "livelock":
            text.append(f" goes round through {place}")
        else:
            text.append(f" waits at {place} for {wait.what}")
        if own:
            text.append(f" in {_shown(wait.site)}")
        if wait.holders:
            text.append(f", held by {', '.join(names.get(h, h) for h in wait.holders)}")
        yield text
        if len(waits) <= SOURCES:
            yield Text(f"      {source_line(own or wait.site)}")
    hidden = len(failure.waits) - min(len(waits), WAITS)
    if hidden:
        yield Text(f"  and {hidden} more, for these to end", "dim")
    if ring:
        around = " -> ".join(names.get(path, path) for path in [*ring, ring[0]])
        yield Text.assemble("  cycle  ", (around, "bold red"))


def _libraries(run: Run, width: int) -> list[Text]:
    """Return how to see inside the libraries that the program's tasks stood in."""
    inside = [e.end.file for e, own in zip(run.events, run.own, strict=False) if own.file]
    names = sorted({shown_path(file).partition("/")[0].removesuffix(".py") for file in inside})
    if not names:
        return []
    options = " ".join(f"--observe {name}" for name in names)
    told = f"{options}: show the lines of {' and '.join(names)}, and what is read and written there"
    return [Text(), *paragraph(told, width, "dim")]


def _shown(site: Site) -> str:
    return f"{shown_path(site.file)}:{site.line}"


def _sizes(run: Run, known: Found | Replayed | None, width: int) -> list[Text]:
    """Return how far the schedule is from the default one, and what shrinking did."""
    size = run.schedule.size
    if not size:
        return paragraph("It fails on the default schedule.", width)
    text = f"Needs {size} deviation{'s' * (size != 1)} (*) from the default schedule"
    if not isinstance(known, Found):
        return paragraph(f"{text}.", width)
    was = known.original.schedule.size
    text += f", shrunk from {was} in {known.shrink_runs} runs" if was > size else ""
    if not known.one_minimal:
        text += "; perhaps not all are needed"
    elif size > 1:
        text += "; each is needed"
    text += f"; {known.fewest}. " if known.fewest else ". "
    if known.in_passes is not None:
        can = "can produce it too." if known.in_passes else "was not seen to produce it."
        runtime = (run.settings.runtime or "trio").capitalize()
        text += f"{runtime}'s own loop {can}"
    return paragraph(text.rstrip(), width)


def _cut(line: Text, width: int) -> Text:
    """Return ``line`` in no more than ``width`` columns."""
    if line.cell_len > width:
        line.truncate(width - 3)
        line.append("...")
    line.rstrip()
    return line
