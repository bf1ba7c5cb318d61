"""Results as JUnit XML, which every CI server reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from raceexplore.report.story.next_steps import keep_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.outcome import Run
    from raceexplore.search.campaign.found import Campaign

FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. kind: of the failure, or why it is inconclusive. seconds: wall clock."""

    suite: str
    name: str
    outcome: Literal["passed", "failed", "inconclusive"]
    kind: str = ""
    message: str = ""
    text: str = ""
    seconds: float = 0.0
    properties: tuple[tuple[str, str], ...] = ()


def of_campaign(campaign: Campaign) -> tuple[Case, ...]:
    """Return a case for each failure that ``campaign`` found, else the one for all of it."""
    suite, seconds = campaign.program.name, campaign.seconds
    told = (
        ("scheduler", campaign.scheduler),
        ("runs", str(campaign.runs)),
        ("entropy", str(campaign.entropy)),
        ("complete", str(campaign.complete).lower()),
    )
    if campaign.failures:
        share = seconds / len(campaign.failures)
        return tuple(_failed(suite, found.run, share, told) for found in campaign.failures)
    why = "interrupted" if campaign.stopped == "interrupted" else campaign.inconclusive
    name = f"explore with {campaign.scheduler}"
    if why:
        return (Case(suite, name, "inconclusive", "inconclusive", why, "", seconds, told),)
    return (Case(suite, name, "passed", seconds=seconds, properties=told),)


def of_run(run: Run) -> Case:
    """Return the case of one run: a run that was cut is neither passed nor failed."""
    suite = run.program.name
    if run.failure is not None:
        return _failed(suite, run, 0.0, ())
    told = (("seed", run.seed),)
    if run.outcome == "cut":
        return Case(suite, "replay", "inconclusive", "cut", run.cut, properties=told)
    return Case(suite, "replay", "passed", properties=told)


def _failed(suite: str, run: Run, seconds: float, told: tuple[tuple[str, str], ...]) -> Case:
    failure = run.failure
    assert failure is not None
    keep = keep_command(run)
    lines = (
        *failure.details, "", f"replay: raceexplore replay {run.seed}",
        *([f"keep:   {keep}"] if keep else []),
    )  # fmt: skip
    name = f"{failure.kind} {failure.fingerprint}"
    properties = (*told, ("seed", run.seed))
    message, text = failure.message, "\n".join(lines).strip()
    return Case(suite, name, "failed", failure.kind, message, text, seconds, properties)


def junit_xml(cases: Sequence[Case]) -> str:
    """Return the XML of ``cases``, one suite for each program. Inconclusive counts as an error."""
    root = Element("testsuites", _counts(cases))
    for name in dict.fromkeys(case.suite for case in cases):
        mine = [case for case in cases if case.suite == name]
        suite = SubElement(root, "testsuite", {"name": _clean(name), **_counts(mine)})
        for case in mine:
            _add(suite, case)
    indent(root)
    body = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}\n'


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    outcomes = [case.outcome for case in cases]
    return {
        "tests": str(len(cases)),
        "failures": str(outcomes.count("failed")),
        "errors": str(outcomes.count("inconclusive")),
        "skipped": "0",
        "time": f"{sum(case.seconds for case in cases):.3f}",
    }


def _add(suite: Element, case: Case) -> None:
    names = {"classname": _clean(case.suite), "name": _clean(case.name)}
    element = SubElement(suite, "testcase", {**names, "time": f"{case.seconds:.3f}"})
    if case.properties:
        properties = SubElement(element, "properties")
        for name, value in case.properties:
            SubElement(properties, "property", {"name": name, "value": _clean(value)})
    if case.outcome != "passed":
        tag = "failure" if case.outcome == "failed" else "error"
        told = {"type": _clean(case.kind), "message": _clean(case.message)}
        SubElement(element, tag, told).text = _clean(case.text)


def _clean(text: str) -> str:
    """Return ``text`` less what XML cannot hold, however it is escaped."""
    return FORBIDDEN.sub("\ufffd", text)
