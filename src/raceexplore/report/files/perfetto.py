"""The run as a Chrome trace, which Perfetto and chrome://tracing open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from raceexplore.report.page.source import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from raceexplore.report.story.rows import Arrow, Step
    from raceexplore.report.story.view import View

TICK_US: Final = 1_000  # an event's place on the time axis: virtual time has many of no length


def chrome_trace(view: View) -> dict[str, Any]:
    """Return the trace: a thread for each task, a slice for each event, a flow for each wake-up.

    Event n begins at n x 1,000 us and lasts 900 us, so that slices never overlap; its virtual time
    stands among its arguments.
    """
    rows = view.rows
    events = [_name(0, "process_name", view.run.program.name)]
    for tid, lane in enumerate(rows.lanes, 1):
        order = {"name": "thread_sort_index", "ph": "M", "pid": 1, "tid": tid}
        events.append(_name(tid, "thread_name", lane.path))
        events.append({**order, "args": {"sort_index": tid}})
    deviations = {s.step: s.why for s in rows.switches if s.deviation >= 0}
    events += [_slice(step, deviations.get(step.number, "")) for step in rows.steps]
    events += _flows((a for a in rows.arrows if a.kind in ("wakes", "joins")), rows.steps)
    events += [_instant(step, why) for step, why in deviations.items()]
    other = {"program": view.run.program.name, "seed": view.run.seed, "digest": view.run.digest}
    return {"displayTimeUnit": "ms", "otherData": other, "traceEvents": events}


def _name(tid: int, what: str, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": 1, "tid": tid, "args": {"name": name}}


def _slice(step: Step, why: str) -> dict[str, Any]:
    touched = [
        f"{'W' if t.write else 'R'} {t.label} {t.after if t.write else t.before}".rstrip()
        for t in step.touches
        if t.contended
    ]
    told = {
        "event": step.number,
        "from": f"{shown(step.begin.file)}:{step.begin.line}",
        "to": f"{shown(step.end.file)}:{step.end.line}" if step.end.file else "",
        "then": step.stop,
        "virtual_s": step.time_s,
        "shared": touched,
        "notes": list(step.notes),
        "deviation": why,
    }
    return {
        "name": step.begin.function or "start",
        "cat": "event",
        "ph": "X",
        "ts": step.number * TICK_US,
        "dur": TICK_US * 9 // 10,
        "pid": 1,
        "tid": step.lane + 1,
        "args": {key: value for key, value in told.items() if value not in ("", [])},
    }


def _flows(arrows: Iterable[Arrow], steps: tuple[Step, ...]) -> Iterator[dict[str, Any]]:
    """Yield the two ends of each flow, which bind to the slices that they lie in."""
    for number, arrow in enumerate(arrows, 1):
        both = {"name": arrow.kind, "cat": "wake", "id": number, "pid": 1}
        source, target = steps[arrow.source], steps[arrow.target]
        ts = source.number * TICK_US + TICK_US * 8 // 10
        yield {**both, "ph": "s", "ts": ts, "tid": source.lane + 1}
        yield {**both, "ph": "f", "bp": "e", "ts": target.number * TICK_US, "tid": target.lane + 1}


def _instant(step: int, why: str) -> dict[str, Any]:
    place = {"ph": "i", "s": "p", "ts": step * TICK_US, "pid": 1, "tid": 0}
    return {"name": f"deviation: {why}", "cat": "deviation", **place}
