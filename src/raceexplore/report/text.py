"""The report of one failure, for a terminal: at most about forty lines of styled text."""

from __future__ import annotations

import linecache
import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from raceexplore.kernel.errors import BadSeed
from raceexplore.kernel.trace import NOWHERE
from raceexplore.kernel.waits import NURSERY, cycle
from raceexplore.report.story import Fold, Segment, fold, segments, short_names
from raceexplore.search.replay import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.kernel.trace import Access, Site
    from raceexplore.search.campaign import Found

NARROW = 90  # columns; below, a layout of its own
SCHEDULE_LINES = 20
VERBS = {
    "preempted": "is preempted",
    "gives way": "gives way",
    "waits": "waits",
    "ends": "ends",
    "cancelled": "is cancelled",
    "fails": "fails",
}
STYLES = {"preempted": "bold yellow", "fails": "bold red"}


class Row:
    """One line of the schedule: what a task does, and the line of source where."""

    def __init__(self, verb: str, place: str, source: str, style: str = "") -> None:
        self.verb, self.place, self.source, self.style = verb, place, source, style


def failure_report(run: Run, width: int, found: Found | None = None) -> list[Text]:
    """Return the report of the failing, recorded ``run`` as lines for ``width`` columns.

    found: what the campaign knows of it; None for a replay.
    """
    failure = run.failure
    assert failure is not None
    lines = [*verdict(run, width), *_place(failure)]
    if failure.waits:
        lines += [Text(), *_waiting(failure)]
    lines += [Text(), *_sizes(run, found, width), *schedule(run, width)]
    return [_cut(line, width) for line in lines]


def verdict(run: Run, width: int) -> list[Text]:
    """Return the lines that say what failed."""
    failure = run.failure
    assert failure is not None
    message = clean(failure.message.split("\n")[0])
    what = failure.kind if message == failure.kind else f"{failure.kind}: {message}"
    head = Text.assemble(("FAIL", "bold red"), f"  {run.program.name}")
    if cell_len(head.plain) + cell_len(what) + 2 <= width:
        return [head.append("  ").append(what, "bold")]
    return [head, *paragraph(what, width, "bold", indent=6)[:4]]


def paragraph(text: str, width: int, style: str = "", *, indent: int = 0) -> list[Text]:
    """Return ``text`` in lines of at most ``width`` columns."""
    wrapped = textwrap.wrap(text, width - indent, subsequent_indent="", break_on_hyphens=False)
    return [Text(" " * indent).append(line, style) for line in wrapped]


def clean(text: str) -> str:
    """Return ``text`` with what could move a terminal's cursor spelled out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def replay_command(run: Run) -> str:
    """Return the shortest command that replays ``run`` from here.

    It names the program only where the seed may not: outside the working directory.
    """
    try:
        inside(run.program.name)
    except BadSeed:
        return f"raceexplore replay {run.seed} {shlex.quote(run.program.name)}"
    return f"raceexplore replay {run.seed}"


def shown_path(file: str) -> str:
    """Return ``file`` relative to the working directory if it is inside it."""
    path = Path(file)
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def source_line(site: Site) -> str:
    """Return the text of the line that ``site`` is, or an empty one."""
    return clean(linecache.getline(site.file, site.line).strip())


def schedule(run: Run, width: int) -> list[Text]:
    """Return the schedule in words, segment by segment."""
    told = segments(run)
    main = str(run.program.source) if run.program.source else ""
    rows = {s.first: _rows(s, main, run.failure) for s in told}
    narrow = width < NARROW
    size = {first: len(of) + narrow for first, of in rows.items()}
    names = short_names(s.task for s in told)
    shown = fold(told, size, SCHEDULE_LINES)
    moves = any(s.time_s for s in told)
    if narrow:
        return [line for s in shown for line in _stacked(s, rows, names)]
    return _table(shown, rows, names, moves=moves)


def _table(
    shown: list[Segment | Fold],
    rows: dict[int, list[Row]],
    names: dict[str, str],
    *,
    moves: bool,
) -> list[Text]:
    """Return the wide layout: step, task, what it does, line, source."""
    visible = [row for s in shown if isinstance(s, Segment) for row in rows[s.first]]
    task_width = min(24, max(len(name) for name in [*names.values(), "task"]))
    place_width = max([4, *(len(row.place) for row in visible)])
    clock_width = max([9, *(len(_time(s)) + 1 for s in shown if isinstance(s, Segment))])
    clock = f"{'time':<{clock_width}}" if moves else ""
    head = f"  {'step':<8}{clock}{'task':<{task_width}}  {'does':<15}"
    out = [Text(f"{head}{'line':>{place_width}}  source", "dim")]
    for s in shown:
        if isinstance(s, Fold):
            out.append(_folded(s, names))
            continue
        for number, row in enumerate(rows[s.first]):
            first = number == 0
            text = Text("* " if first and s.star else "  ", "bold yellow")
            text.append(f"{_steps(s) if first else '':<8}", "dim")
            text.append(f"{_time(s) if first and moves else '':<{len(clock)}}", "dim")
            name = _clip(names[s.task], task_width) if first else ""
            text.append(set_cell_size(name, task_width) + "  ", "bold cyan")
            text.append(f"{row.verb:<15}", row.style)
            text.append(f"{row.place:>{place_width}}  ", "dim")
            text.append(row.source)
            out.append(text)
    return out


def _stacked(s: Segment | Fold, rows: dict[int, list[Row]], names: dict[str, str]) -> list[Text]:
    """Return the narrow layout: the task on a line of its own, what it does below."""
    if isinstance(s, Fold):
        return [_folded(s, names)]
    head = Text("* " if s.star else "  ", "bold yellow")
    head.append(f"{_steps(s)}  ", "dim").append(names[s.task], "bold cyan")
    if s.time_s:
        head.append(f"  at {_time(s)}", "dim")
    out = [head]
    for row in rows[s.first]:
        text = Text("     ").append(f"{row.verb:<13}", row.style)
        out.append(text.append(f"{row.place:>4}  ", "dim").append(row.source))
    return out


def _rows(s: Segment, main: str, failure: Failure | None) -> list[Row]:
    """Return the lines that tell one segment."""
    out = []
    if s.early:
        who = "although a task could go on"
        out.append(Row("TIME PASSES", "", f"the earliest deadline fires {who}", "bold yellow"))
    if s.star and s.over:
        out.append(Row("PREEMPTS", "", short_names([s.over])[s.over], "bold yellow"))
    elif s.star:
        out.append(Row("GOES FIRST", "", "another task had waited longer", "bold yellow"))
    out += [
        Row(f"{kind}", "", f"{clean(label)} = {clean(value)}", "bold yellow")
        for kind, label, value in s.picks
    ]
    inside = [Row(*_access(access, main)) for access in s.accesses[:6]]
    inside += [Row("notes", "", clean(note)) for note in s.notes[:3]]
    site, style = s.end, STYLES.get(s.stop, "")
    if s.stop == "fails":
        site = failure.site if failure is not None and failure.kind == s.error else NOWHERE
    start, stop = "starts" if s.fresh else "goes on", VERBS[s.stop]
    begin = Row(start, _number(s.begin, main), source_line(s.begin))
    end = Row(stop, _number(site, main), source_line(site) or s.error, style)
    if not inside and not style and (site.file == "" or site == s.begin):
        begin.verb = f"{start}, {stop.removeprefix('is ')}"
        return [*out, begin]
    if not inside and s.fresh and not s.star:  # the first line of a function says little
        end.verb = f"{start}, {stop}" if s.stop == "waits" else stop
        return [*out, end]
    return [*out, begin, *inside, end]


def _access(access: Access, main: str) -> tuple[str, str, str]:
    file, _, number = access.line.rpartition(":")
    place = number if file in ("", main) else f"{Path(file).name}:{number}"
    if not access.write:
        return "reads", place, f"{clean(access.label)} = {clean(access.before)}"
    values = f"{access.before} -> {access.after}" if access.before or access.after else ""
    return "writes", place, clean(f"{access.label} {values}".strip())


def _number(site: Site, main: str) -> str:
    """Return the line, with the file unless it is the program's own."""
    if not site.file:
        return ""
    return str(site.line) if site.file == main else f"{Path(site.file).name}:{site.line}"


def _steps(s: Segment) -> str:
    return str(s.first) if s.first == s.last else f"{s.first}-{s.last}"


def _time(s: Segment) -> str:
    return f"{s.time_s:.4g} s"


def _folded(f: Fold, names: dict[str, str]) -> Text:
    who = ", ".join(names[task] for task in f.tasks[:4])
    more = f" and {len(f.tasks) - 4} more" if len(f.tasks) > 4 else ""
    steps = f"step {f.first}" if f.first == f.last else f"steps {f.first} to {f.last}"
    return Text(f"  ...     {steps}, in the default order: {who}{more}", "dim")


def _place(failure: Failure) -> Iterator[Text]:
    """Yield where it failed, and the source line."""
    rest = [clean(line) for line in failure.message.split("\n")[1:4]]
    yield from (Text(f"      {line}") for line in rest)
    if failure.site.file and not failure.waits:
        site = failure.site
        yield Text(f"      {shown_path(site.file)}:{site.line} in {site.function}", "dim")
        yield Text(f"        {source_line(site)}", "red")


def _waiting(failure: Failure) -> Iterator[Text]:
    """Yield the table of a deadlock: who waits where, for what, held by whom; and the cycle."""
    waits = [wait for wait in failure.waits if wait.what != NURSERY][:8]
    names = short_names(wait.task for wait in failure.waits)
    ring = cycle(list(failure.waits))
    for wait in waits:
        text = Text("  ").append(names[wait.task], "bold cyan")
        place = f"{shown_path(wait.site.file)}:{wait.site.line}"
        if failure.kind == "livelock":
            text.append(f" goes round through {place}")
        else:
            text.append(f" waits at {place} for {wait.what}")
        if wait.holders:
            text.append(f", held by {', '.join(names.get(h, h) for h in wait.holders)}")
        yield text
        yield Text(f"      {source_line(wait.site)}")
    hidden = len(failure.waits) - len(waits)
    if hidden:
        yield Text(f"  {hidden} more wait{'s' * (hidden == 1)} for these to end", "dim")
    if ring:
        around = " -> ".join(names.get(path, path) for path in [*ring, ring[0]])
        yield Text.assemble("  cycle  ", (around, "bold red"))


def _sizes(run: Run, found: Found | None, width: int) -> list[Text]:
    """Return how far the schedule is from the default one, and what shrinking did."""
    size = run.schedule.size
    if not size:
        return paragraph("It fails on the default schedule: no switch is needed.", width)
    text = f"Needs {size} deviation{'s' * (size != 1)} (*) from the default schedule"
    if found is None:
        return paragraph(f"{text}.", width)
    was = found.original.schedule.size
    text += f", shrunk from {was} in {found.shrink_runs} runs; "
    text += "each is needed. " if found.one_minimal else "perhaps not all are needed. "
    passes = "can produce it too." if found.in_passes else "was not seen to produce it."
    return paragraph(f"{text}Trio's own order of tasks {passes}", width)


def _clip(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 2) + ".."


def _cut(line: Text, width: int) -> Text:
    """Return ``line`` in no more than ``width`` columns."""
    if line.cell_len > width:
        line.truncate(width - 3)
        line.append("...")
    line.rstrip()
    return line
