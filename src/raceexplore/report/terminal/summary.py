"""What a campaign explored, what was found, and what to do next, as lines of styled text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from raceexplore.report.story.clean import clean
from raceexplore.report.story.next_steps import debug_command, keep_command, replay_command
from raceexplore.report.story.words import paragraph
from raceexplore.report.terminal.text import failure_report, verdict
from raceexplore.search.corpus.levels import ALIGNED, EXACT, GUIDED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from raceexplore.search.campaign.found import Campaign
    from raceexplore.search.corpus.replay import Replayed

RATED = 1000  # runs below which a rate would mostly tell what shrinking took
PRINTED = 10  # lines of what a failing run prints that are shown
IN_FULL = 3  # failures that are reported in full; the rest in a line and a command
PROOFS = ("every schedule", "every trace class")  # what has to be covered to say that none fails
WEAKER = {
    ALIGNED: "aligned by the lines that tasks wait at",
    GUIDED: "guided by the order constraints that suffice",
}
ENDS = {
    "budget": "budget spent",
    "failure": "stopped at the first failure",
    "complete": "complete",
    "time": "time limit reached",
    "interrupted": "interrupted",
    "doubt": "no race left to reverse",
    "stuck": "stopped: an event did not reach an await",
}


def campaign_report(campaign: Campaign, width: int, saved: Mapping[str, Path]) -> list[Text]:
    """Return all that a terminal shows of a campaign; ``saved`` is the file of each fingerprint."""
    lines: list[Text] = []
    for number, found in enumerate(campaign.failures):
        report = failure_report(found.run, width, found)
        lines += report if number < IN_FULL else verdict(found.run, width)
        lines += _printed(found.printed, width)
        lines.append(Text())
        lines.append(Text("replay  ", "bold").append(replay_command(found.run), "green"))
        if found.fingerprint in saved:
            command = debug_command(found.run, saved[found.fingerprint])
            lines.append(Text("debug   ", "bold").append(command, "green"))
        if command := keep_command(found.run, saved.get(found.fingerprint)):
            lines.append(Text("keep    ", "bold").append(command, "green"))
        if found.fingerprint in saved:
            lines.append(Text("saved   ", "bold").append(str(saved[found.fingerprint])))
        lines.append(Text())
    if not campaign.failures:
        lines += _nothing_found(campaign, width)
    lines += explored(campaign, width)
    return lines


def _printed(text: str, width: int) -> list[Text]:
    """Return the last lines of what the failing run printed."""
    printed = [clean(line.rstrip()) for line in text.splitlines()]
    if not any(printed):
        return []
    hidden = len(printed) - PRINTED
    what = f"printed by this run, the last {PRINTED} of {len(printed)} lines:"
    head = what if hidden > 0 else "printed by this run:"
    shown = [Text(f"  {line}") for line in printed[-PRINTED:]]
    for line in shown:
        line.truncate(max(width, 40), overflow="ellipsis")
    return [Text(), Text(head, "dim"), *shown]


def replay_report(replayed: Replayed, width: int) -> list[Text]:
    """Return all that a terminal shows of a replay."""
    run = replayed.run
    if run.failure is not None:
        lines = [*failure_report(run, width, replayed), Text()]
    else:
        lines = [Text(f"{run.outcome.upper()}  {run.program.name}  {run.cut}".rstrip(), "bold")]
    if replayed.diverged:
        how, style = "diverged", "bold red"
    elif replayed.exact:
        how, style = "reproduced exactly: event by event as recorded", "bold green"
    elif replayed.exact is None:
        how, style = "reproduced: it ends as the seed says", "bold green"
    elif replayed.level == EXACT:
        how, style = f"reproduced, with other events: {'; '.join(replayed.drift)}", "bold yellow"
    else:
        how = f"reproduced, {WEAKER[replayed.level]}: {'; '.join(replayed.drift)}"
        style = "bold yellow"
    lines += paragraph(f"{how} (digest {run.digest})", width, style)
    if replayed.reproduced and replayed.level != EXACT and (command := keep_command(run)):
        lines.append(Text("keep this schedule instead  ", "bold").append(command, "green"))
    if replayed.exact and replayed.drift:
        lines += paragraph(f"note: {'; '.join(replayed.drift)}", width, "dim")
    for text in run.warnings:
        lines += paragraph(f"warning: {text}", width, "yellow")
    if run.failure is not None and replayed.atomic is None:
        lines += paragraph(
            "--explain: which ordering decides it, and what would cure it", width, "dim"
        )
    return lines


def explored(campaign: Campaign, width: int) -> list[Text]:
    """Return what was explored, and what a reader should be warned of."""
    rate = campaign.runs / campaign.seconds if campaign.seconds else 0
    parts = [
        f"{campaign.runs:,} run{'s' * (campaign.runs != 1)} in {campaign.seconds:.1f} s"
        + (f" ({rate:,.0f}/s)" if campaign.runs >= RATED else ""),
        f"scheduler {campaign.scheduler}",
        f"entropy {campaign.entropy}",
        ENDS[campaign.stopped] + (f": {campaign.covered}" if campaign.covered else ""),
    ]
    if campaign.classes is not None:
        parts.insert(1, f"{campaign.classes:,} trace class{'es' * (campaign.classes != 1)}")
    if campaign.cut:
        parts.append(f"{campaign.cut:,} cut short")
    if campaign.explain_runs:
        parts.append(f"{campaign.explain_runs:,} more runs to shrink and explain what was found")
    lines = paragraph(f"explored {'; '.join(parts)}", width, "dim")
    told = campaign.inconclusive
    if campaign.stopped != "failure":  # who has a failure asks what it is, not what else there is
        for text in campaign.certificate:
            lines += [] if text == told else paragraph(text, width)
    for text in campaign.warnings:
        if not (told and told in text):
            lines += paragraph(f"warning: {text}", width, "yellow")
    if campaign.never and campaign.failures:
        names = ", ".join(repr(name) for name in campaign.never)
        lines += paragraph(f"warning: sometimes({names}) held in no run", width, "yellow")
    return lines


def _nothing_found(campaign: Campaign, width: int) -> list[Text]:
    name, why = campaign.program.name, campaign.inconclusive
    if campaign.stopped == "interrupted":
        head = Text.assemble(("INTERRUPTED", "bold yellow"), f"  {name}  nothing found so far")
    elif why:
        head = Text.assemble(("INCONCLUSIVE", "bold yellow"), f"  {name}  {why}")
    else:
        what = "no schedule fails" if campaign.covered in PROOFS else "no failure found"
        head = Text.assemble(("OK", "bold green"), f"  {name}  {what}")
    lines = paragraph(head.plain, width)
    for span in head.spans:
        lines[0].stylize(span.style, span.start, span.end)
    if campaign.stuck is not None:
        command = replay_command(campaign.stuck)
        lines.append(Text("replay  ", "bold").append(command, "green"))
    return lines
