"""The schedule of a run in words, segment by segment: a wide layout and a narrow one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from raceexplore.kernel.choice import TIMES
from raceexplore.kernel.events.trace import NOWHERE, Site
from raceexplore.kernel.names import short_names
from raceexplore.report.story.clean import clean
from raceexplore.report.story.contested import short_labels
from raceexplore.report.story.story import Fold, Segment, fold, segments
from raceexplore.report.story.words import source_line
from raceexplore.search.why.cancellations import CancelWords

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from raceexplore.kernel.events.trace import Access
    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.search.race_kinds.case import Race
    from raceexplore.search.why.wording import Words

ACCESSES_MAX, ACCESSES_MIN = 6, 2  # of one segment: in general, and where there are many
VERB_MAX = 24  # columns of what a task does
NARROW = 90  # columns; below, a layout of its own
VERBS = {
    "preempted": "is preempted",
    "gives way": "gives way",
    "waits": "waits",
    "ends": "ends",
    "cancelled": "is cancelled",
    "fails": "fails",
}
STYLES = {"preempted": "bold yellow", "fails": "bold red"}
STAR = "bold yellow"
NEUTRAL = {
    "latency": "instead of the median",
    "tie": "to end at a deadline",
    "fault": "instead of no fault",
    "data": "instead of the first option",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the schedule: what a task does, and the line of source where."""

    verb: str
    place: str
    source: str
    style: str = ""


def schedule(
    run: Run, width: int, most: int, words: Words | None = None, race: Race | None = None
) -> list[Text]:
    """Return the schedule in words, segment by segment, in about ``most`` lines.

    words: what each deviation is for, where that is known. race: what ``run`` shows.
    """
    telling = Telling(run, words, race)
    told, narrow = telling.segments, width < NARROW
    shown: list[Segment | Fold] = []
    for accesses in (ACCESSES_MAX, ACCESSES_MIN):
        rows = {s.first: telling.rows(s, accesses) for s in told}
        size = {first: len(of) + narrow for first, of in rows.items()}
        shown = fold(told, size, max(8, most - 2), telling.decisive)
        if sum(size[s.first] if isinstance(s, Segment) else 1 for s in shown) <= most:
            break
    names = short_names(s.task for s in told)
    moves = any(s.time_s for s in told)
    if narrow:
        place_width = max(len(row.place) for of in rows.values() for row in of)
        return [line for s in shown for line in _stacked(s, rows, names, place_width)]
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
    clock_width = max([9, *(len(_seconds(s.time_s)) + 1 for s in shown if isinstance(s, Segment))])
    clock = f"{'time':<{clock_width}}" if moves else ""
    verb_width = min(VERB_MAX, max([15, *(len(row.verb) + 1 for row in visible)]))
    head = f"  {'step':<8}{clock}{'task':<{task_width}}  {'does':<{verb_width}}"
    out = [Text(f"{head}{'line':>{place_width}}  source", "dim")]
    for s in shown:
        if isinstance(s, Fold):
            out.append(folded_line(s, names, moves=moves))
            continue
        for number, row in enumerate(rows[s.first]):
            first = number == 0
            text = Text("* " if first and _deviates(s) else "  ", "bold yellow")
            text.append(f"{_steps(s) if first else '':<8}", "dim")
            text.append(f"{_seconds(s.time_s) if first and moves else '':<{len(clock)}}", "dim")
            name = _clip(names[s.task], task_width) if first else ""
            text.append(set_cell_size(name, task_width) + "  ", "bold cyan")
            text.append(f"{row.verb + ' ':<{verb_width}}", row.style)
            text.append(f"{row.place:>{place_width}}  ", "dim")
            text.append(row.source)
            out.append(text)
    return out


def _stacked(
    s: Segment | Fold, rows: dict[int, list[Row]], names: dict[str, str], place_width: int
) -> list[Text]:
    """Return the narrow layout: the task on a line of its own, what it does below."""
    if isinstance(s, Fold):
        return [folded_line(s, names, moves=bool(s.to_s))]
    head = Text("* " if _deviates(s) else "  ", "bold yellow")
    head.append(f"{_steps(s)}  ", "dim").append(names[s.task], "bold cyan")
    if s.time_s:
        head.append(f"  at {_seconds(s.time_s)}", "dim")
    out = [head]
    for row in rows[s.first]:
        text = Text("    ").append(f"{row.verb + ' ':<15}", row.style)
        out.append(text.append(f"{row.place:>{place_width}}  ", "dim").append(row.source))
    return out


class Telling:
    """Knows what there is to tell of each segment of one run.

    decisive: the numbers of the events that a report of it speaks of.
    """

    def __init__(self, run: Run, words: Words | None, race: Race | None) -> None:
        self._run, self._words, self._cancels = run, words, CancelWords(run)
        self.segments = segments(run)
        self._main = str(run.program.source) if run.program.source else ""
        self._labels = short_labels(a.label for s in self.segments for a in s.accesses)
        points = race.points if race else ()
        self._raced = {(point.label, point.line) for point in points}
        cited = words.events() if words is not None else ()
        self.decisive = {*cited, *(p.event for p in points), *self._cancels.events(cited)} - {-1}

    def rows(self, s: Segment, accesses: int) -> list[Row]:
        """Return the lines that tell one segment, with so many accesses."""
        reasons = _reasons(s, self._words)
        spoken_of = any(s.first <= number <= s.last for number in self.decisive)
        if accesses == ACCESSES_MIN and s.picks and not (spoken_of or s.stop == "fails"):
            return reasons[:1]  # one of many draws: that it deviates, and to what
        told = replace(s, accesses=_first(s.accesses, self._raced, accesses))
        return [*reasons, *self._rows(told)]

    def _rows(self, s: Segment) -> list[Row]:
        inside = [Row(*_access(access, self._main, self._labels)) for access in s.accesses]
        inside += [Row("notes", "", clean(note)) for note in s.notes[:3]]
        inside += self._cancelling(s)
        start, stop = "starts" if s.fresh else "goes on", VERBS[s.stop]
        if s.cancelled:
            start = "is cancelled"
        begin = Row(start, _number(s.begin, self._main), source_line(s.begin))
        why = [Row("", "", text) for text in self._cancelled(s)]
        end = _end(s, self._main, self._run.failure)
        nowhere = end.place in {"", begin.place} and not end.style
        if nowhere and not inside:
            stops = stop.removeprefix("is ")
            verb = start if s.cancelled and s.stop == "cancelled" else f"{start}, {stops}"
            return [replace(begin, verb=verb), *why]
        if nowhere and not end.place:
            inside[-1] = replace(inside[-1], verb=f"{inside[-1].verb}, {stop.removeprefix('is ')}")
            return [begin, *why, *inside]
        if not inside and s.fresh and not s.star:  # the first line of a function says little
            return [replace(end, verb=f"{start}, {stop}" if s.stop == "waits" else stop)]
        return [begin, *why, *inside, end]

    def _cancelled(self, s: Segment) -> list[str]:
        """Return what the task was waiting for when it was cancelled, and by whom."""
        return [clean(text) for text in self._cancels.of(self._run.events[s.first])]

    def _cancelling(self, s: Segment) -> list[Row]:
        """Return whom the segment cancels, and on which line."""
        rows = []
        for event in self._run.events[s.first : s.last + 1]:
            for cancel in self._cancels.calls(event):
                file, _, number = cancel.called.rpartition(":")
                site = Site(file, int(number), "") if number else NOWHERE
                text = source_line(site)
                whom = self._cancels.whom(cancel)
                told = f"{whom}: {text}" if text else f"{whom}: {self._cancels.failing(event)}"
                rows.append(Row("cancels", _number(site, self._main), clean(told)))
        return rows


def _first(
    accesses: Sequence[Access], raced: Collection[tuple[str, str]], most: int
) -> tuple[Access, ...]:
    """Return at most so many ``accesses`` with something to tell, those of the race first."""
    told = [access for access in accesses if access.before or access.after]
    weight = {a: ((a.label, a.line) not in raced, n) for n, a in enumerate(told)}
    kept = sorted(told, key=lambda a: weight[a])[:most]
    return tuple(a for a in told if a in kept)


def _reasons(s: Segment, words: Words | None) -> list[Row]:
    """Return what deviates from the default schedule here, and what for."""
    out = []
    aim = words.aim(s.chosen, s.task) if words is not None else ""
    if s.early:
        early = "a deadline fires although a task could go on"
        out.append(Row("TIME PASSES", "", early, STAR))
    if s.star and s.over:
        over = short_names([s.over])[s.over]
        aim = aim.replace(f"before {over} ", "before it ")
        out.append(Row("PREEMPTS", "", clean(f"{over}, {aim}" if aim else over), STAR))
    elif s.star:
        out.append(Row("GOES FIRST", "", clean(aim) or "another task had waited longer", STAR))
    for kind, label, value, number in s.picks:
        text = f"{clean(label)} = {_drawn(value)} {NEUTRAL[kind]}"
        if kind in TIMES:
            text = f"{clean(label)} takes {_drawn(value)} {NEUTRAL[kind]}"
        out.append(Row(kind.upper(), "", text, STAR))
        if words is not None and (aim := words.aim(number, "")):
            out.append(Row("", "", clean(aim)))
    return out


def _end(s: Segment, main: str, failure: Failure | None) -> Row:
    """Return the line that says where and why the segment stopped."""
    style = STYLES.get(s.stop, "")
    if s.stop != "fails":
        return Row(VERBS[s.stop], _number(s.end, main), source_line(s.end), style)
    if failure is None or failure.kind != s.error:
        return Row("fails", "", s.error, style)
    site = failure.site
    told = source_line(site) or clean(failure.message.split("\n")[0])
    return Row("fails", _number(site, main), told, style)


def _drawn(value: str) -> str:
    try:
        return _seconds(float(value))
    except ValueError:
        return clean(value)


def _seconds(moment: float) -> str:
    if not moment:
        return "0"
    return f"{moment:.4g} s" if moment >= 1 else f"{moment * 1000:.3g} ms"


def _access(access: Access, main: str, labels: dict[str, str]) -> tuple[str, str, str]:
    file, _, number = access.line.rpartition(":")
    place = number if file in {"", main} else f"{Path(file).name}:{number}"
    label = labels[access.label]
    if not access.write:
        return "reads", place, clean(f"{label} = {access.before}")
    before = f"{access.before} -> " if access.before else ""
    return "writes", place, clean(f"{label} = {before}{access.after}")


def _number(site: Site, main: str) -> str:
    """Return the line, with the file unless it is the program's own."""
    if not site.file:
        return ""
    return str(site.line) if site.file == main else f"{Path(site.file).name}:{site.line}"


def _deviates(s: Segment) -> bool:
    return bool(s.star or s.early or s.picks)


def _steps(s: Segment) -> str:
    return str(s.first) if s.first == s.last else f"{s.first}-{s.last}"


def folded_line(f: Fold, names: dict[str, str], *, moves: bool) -> Text:
    """Return the line that stands for what is folded; moves: time passes in the run."""
    who = ", ".join(names[task] for task in f.tasks[:4])
    more = f" and {len(f.tasks) - 4} more" if len(f.tasks) > 4 else ""
    steps = f"step {f.first}" if f.first == f.last else f"steps {f.first} to {f.last}"
    same = f.from_s == f.to_s
    at = f"at {_seconds(f.to_s)}" if same else f"from {_seconds(f.from_s)} to {_seconds(f.to_s)}"
    when = f", {at}" if moves else ""
    return Text(f"  ...     {steps}{when}, in the default order: {who}{more}", "dim")


def _clip(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 2) + ".."
