"""What would cure a failure, in words and as a value: the section of code to make atomic."""

from __future__ import annotations

import linecache
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.text import Text

from raceexplore.report.story.clean import clean
from raceexplore.report.story.words import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.kernel.program import Program
    from raceexplore.search.what_if.statements import Span
    from raceexplore.search.what_if.what_if import Atomicity, Trial

SHOWN_LINES = 12  # of one section
RIVALS = 2  # other functions that are named


def sentence(answer: Atomicity | None, program: Program) -> str:
    """Return what is known, in a sentence; empty where there is nothing to tell."""
    if answer is None:
        return ""
    if answer.cure is not None:
        return told(answer.cure, program)
    if answer.refused:
        return f"What would cure it is not known: {clean(answer.refused)}."
    if not answer.tried:
        return ""
    count = f"{answer.tried} section{'s' * (answer.tried != 1)}"
    if answer.gave_up:
        return f"Making one section of code atomic is no cure so far: {count} tried, not all."
    return f"Making one section of code atomic is no cure: with each of {count} tried, a run fails."


def told(trial: Trial, program: Program) -> str:
    """Return what became of the failure in ``trial``, and no more than is known."""
    where = f"With {places(trial.spans, program)} {_how(trial.spans)}"
    if not trial.runs:
        return f"Nothing was tried: {trial.why}."
    if not trial.cured:
        return f"{where}, a run still fails: {clean(trial.why)} (run {trial.runs:,})."
    if trial.every:
        left_out = f", {trial.left_out}" if trial.left_out else ""
        thus = " in this way" if trial.others else ""
        known = f"no schedule fails{thus} (all {trial.every:,} explored{left_out})"
    else:
        failing, runs = trial.without
        without = f"without, in {failing:,} of {runs:,}" if failing else "nor without, in as many"
        known = f"it was not found again in {trial.runs:,} runs ({without})"
    others = f"; but a run fails otherwise: {clean(trial.others)}" if trial.others else ""
    return f"{where}, {known}{_also(trial.rivals, program)}{others}."


def _also(rivals: Sequence[Span], program: Program) -> str:
    """Return who else touches what the section does, and so has to take the lock."""
    if not rivals:
        return ""
    by_code = [list(group) for _, group in groupby(rivals, key=lambda span: span.code)]
    told = [_place(spans, program) for spans in by_code[:RIVALS]]
    if len(by_code) > RIVALS:
        told.append("others")
    verb = "touches" if len(rivals) == 1 and rivals[0].lines == 1 else "touch"
    return f"; {' and '.join(told)} {verb} the same data"


def places(spans: Sequence[Span], program: Program) -> str:
    """Return where ``spans`` are; the file is named where it is not the program's own."""
    return " and ".join(_place([span], program) for span in spans)


def _place(spans: Sequence[Span], program: Program) -> str:
    """Return where ``spans`` of one function are."""
    one = len(spans) == 1 and spans[0].lines == 1
    lines = [f"{s.first}-{s.last}" if s.lines > 1 else str(s.first) for s in spans]
    own = shown_path(str(program.source)) if program.source else ""
    file = shown_path(spans[0].code.file)
    where = f"line{'s' * (not one)} {', '.join(lines)} of {spans[0].name}"
    return where + (f" ({file})" if file != own else "")


def _how(spans: Sequence[Span]) -> str:
    return "atomic" if len(spans) == 1 else "under one lock"


def source_lines(spans: Sequence[Span]) -> Iterator[Text]:
    """Yield the source of ``spans``, each under the name of its file."""
    for span in spans:
        yield Text(f"  {shown_path(span.code.file)}", "dim")
        numbers = range(span.first, span.last + 1)
        text = "".join(linecache.getline(span.code.file, number) for number in numbers)
        lines = textwrap.dedent(text.expandtabs()).splitlines()
        for number, line in list(zip(numbers, lines, strict=False))[:SHOWN_LINES]:
            yield Text(f"{number:>6} | ", "dim").append(clean(line))
        if span.lines > SHOWN_LINES:
            yield Text(f"       | ... {span.lines - SHOWN_LINES} more lines", "dim")


def atomicity_value(answer: Atomicity | None) -> dict[str, Any] | None:
    """Return ``answer`` as plain values that JSON can hold."""
    if answer is None:
        return None
    return {
        "cure": None if answer.cure is None else trial_value(answer.cure),
        "tried": answer.tried,
        "gave_up": answer.gave_up,
        "refused": answer.refused,
    }


def trial_value(trial: Trial) -> dict[str, Any]:
    """Return ``trial`` as plain values that JSON can hold."""
    return {
        "spans": [_span_value(span) for span in trial.spans],
        "rivals": [_span_value(span) for span in trial.rivals],
        "cured": trial.cured,
        "runs": trial.runs,
        "every_schedule": trial.every,
        "left_out": trial.left_out,
        "failing_without": list(trial.without) if trial.without[1] else None,
        "why": trial.why,
        "others": trial.others,
    }


def _span_value(span: Span) -> dict[str, Any]:
    return {
        "file": shown_path(span.code.file),
        "function": span.code.function,
        "first": span.first,
        "last": span.last,
    }
