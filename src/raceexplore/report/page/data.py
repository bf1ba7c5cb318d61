"""The data of the page: the rows of a run in columns, with each text and each stack kept once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from raceexplore.report.page.source import source_files
from raceexplore.report.story.what_if_words import atomicity_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.outcome import Run
    from raceexplore.report.story.rows import Timeline
    from raceexplore.report.story.view import Side, View
    from raceexplore.search.observed.watched_run import Frame

VERSION: Final = 1
STEPS_MAX: Final = 20_000  # of a longer run the page holds the last ones


class _Table:
    """Gives each value a number, in the order of first use."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def __call__(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


def page_data(view: View) -> dict[str, Any]:
    """Return all that the page shows, as values that JSON can hold.

    Columns hold one entry a step; ``chain`` names the stack after that step, and a task's stack
    does not change until its next step, so these deltas are the whole state.
    """
    first = max(0, len(view.rows.steps) - STEPS_MAX)
    texts, sites, chains = _Table(), _Table(), _Table()
    columns = _columns(view.rows, first, texts, sites)
    columns["chain"] = [chains(chain) for chain in view.chains[first:]]
    frames = _Table()
    stacks = [[frames(frame) for frame in chain] for chain in chains.numbers]
    told_frames = [_frame(frame, texts, sites) for frame in frames.numbers]
    files = _Table()
    places = [_place(site, files) for site in sites.numbers]
    own = _own_files(frames.numbers, view)
    return {
        "version": VERSION,
        **_verdict(view),
        "first": first,
        "window": [max(first, view.rows.window[0]), view.rows.window[1]],
        "lanes": _lanes(view.rows),
        "steps": columns,
        **_changes(view.rows, first),
        "domain": _domain(view.domain, first, texts),
        "chains": stacks,
        "frames": told_frames,
        "texts": list(texts.numbers),
        "sites": places,
        "files": source_files(list(files.numbers), _visited(sites.numbers, own)),
        "others": [_side(side) for side in view.others],
    }


def _verdict(view: View) -> dict[str, Any]:
    run = view.run
    failure = run.failure
    return {
        "title": view.title,
        "program": run.program.name,
        "outcome": run.outcome,
        "kind": failure.kind if failure else "",
        "message": failure.message if failure else run.cut,
        "details": list(failure.details[-30:]) if failure else [],
        "diagnosis": list(view.diagnosis),
        "atomic": atomicity_value(view.atomic),
        "commands": [list(pair) for pair in view.commands],
        "environment": view.environment,
        "seed": run.seed,
        "deviations": deviations(run),
        "why": view.words.value() if view.words else None,
        "facts": {
            "events": len(run.events),
            "tasks": len(view.rows.lanes),
            "deviations": run.schedule.size,
            "preemptions": run.preemptions,
            "virtual_s": run.virtual_s,
            "time": run.settings.time,
            "digest": run.digest,
            "skipped": view.skipped,
        },
    }


def deviations(run: Run) -> list[str]:
    """Return the deviations of the schedule of ``run`` in words, one a line."""
    return [
        f"after event {d.nth} of {d.at}, {d.take} goes on"
        if d.kind == "task"
        else f"{d.kind} {d.at}, draw {d.nth + 1}: option {d.take}"
        for d in run.schedule.deviations
    ]


def _lanes(rows: Timeline) -> list[list[Any]]:
    return [
        [lane.path, lane.name, lane.depth, lane.first, lane.last, int(lane.involved), lane.waits]
        for lane in rows.lanes
    ]


def _columns(rows: Timeline, first: int, texts: _Table, sites: _Table) -> dict[str, Any]:
    steps = rows.steps[first:]
    return {
        "lane": [step.lane for step in steps],
        "nth": [step.nth for step in steps],
        "begin": [sites(step.begin) for step in steps],
        "end": [sites(step.end) for step in steps],
        "time": [step.time_s for step in steps],
        "stop": [texts(step.stop) for step in steps],
        "error": {s.number: s.error for s in steps if s.error},
        "woken": {s.number: list(s.woken) for s in steps if s.woken},
        "notes": {s.number: list(s.notes) for s in steps if s.notes},
        "cancelled": {s.number: s.cancelled for s in steps if s.cancelled},
        "cancels": {s.number: s.cancels for s in steps if s.cancels},
        "draws": {
            s.number: [[d.label, d.value, d.deviation] for d in s.draws] for s in steps if s.draws
        },
        "touches": _touches(steps, texts, sites),
    }


def _touches(steps: Sequence[Any], texts: _Table, sites: _Table) -> list[list[int]]:
    """Return (step, label, flags, before, after, file's site); flags: 1 write, 2 contended."""
    return [
        [
            step.number,
            texts(touch.label),
            touch.write + 2 * touch.contended,
            texts(touch.before),
            texts(touch.after),
            sites(step.begin._replace(file=touch.file, line=touch.line, call="")),
        ]
        for step in steps
        for touch in step.touches
    ]


def _changes(rows: Timeline, first: int) -> dict[str, Any]:
    switches = [
        [s.step, s.source, s.target, s.deviation, int(s.preempted), s.why]
        for s in rows.switches
        if s.step >= first
    ]
    arrows = [[a.kind, a.source, a.target, a.label] for a in rows.arrows if a.source >= first]
    told = rows.race
    parts = [[p.step, p.words, p.label] for p in told.parts if p.step >= first] if told else []
    race = {"kind": told.kind, "parts": parts} if told and parts else None
    return {"switches": switches, "arrows": arrows, "race": race}


def _domain(
    states: Sequence[tuple[tuple[str, str], ...]], first: int, texts: _Table
) -> list[list[int]]:
    """Return (step, name, value) of each part of the domain's state when it changes."""
    known: dict[str, str] = {}
    changes = []
    for step in range(first, len(states)):
        rows = dict(states[step])
        for name in known.keys() - rows.keys():
            rows[name] = ""
        changes += [
            [step, texts(name), texts(text)]
            for name, text in rows.items()
            if known.get(name) != text
        ]
        known.update(rows)
    return changes


def _frame(frame: Frame, texts: _Table, sites: _Table) -> list[Any]:
    pairs = [texts(text) for pair in frame.variables for text in pair]
    return [sites(frame.site), int(frame.own), pairs]


def _place(site: Site, files: _Table) -> list[Any]:
    return [files(site.file), site.line, site.function, site.call]


def _own_files(frames: Iterable[Frame], view: View) -> set[str]:
    """Return the files whose source the page shows: the program's own."""
    own = {frame.site.file for frame in frames if frame.own}
    return own | {step.begin.file for step in view.rows.steps} | ({_main(view.run)} - {""})


def _main(run: Run) -> str:
    return str(run.program.source or "")


def _visited(sites: Iterable[Site], own: set[str]) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {}
    for site in sites:
        if site.file in own:
            lines.setdefault(site.file, set()).add(site.line)
    return lines


def _side(side: Side) -> dict[str, Any]:
    run, rows = side.run, side.rows
    return {
        "title": side.title,
        "outcome": run.outcome,
        "message": f"{run.failure.kind}: {run.failure.message}" if run.failure else run.cut,
        "deviations": deviations(run),
        "lanes": [[lane.path, lane.name] for lane in rows.lanes],
        "lane": [step.lane for step in rows.steps[:STEPS_MAX]],
        "nth": [step.nth for step in rows.steps[:STEPS_MAX]],
        "switches": [[s.step, s.source, s.target, s.deviation, s.why] for s in rows.switches],
    }
