"""What chaos has shown, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from raceexplore.search.chaos.campaign import windows
from raceexplore.search.evidence.intervals import bound, percent
from raceexplore.sim.chaos import Ruling

if TYPE_CHECKING:
    from raceexplore.search.chaos.campaign import ChaosCampaign
    from raceexplore.search.chaos.runs import ChaosRun
    from raceexplore.search.evidence.intervals import Interval
    from raceexplore.sim.chaos import Answered, Struck

HEAD = ("fault", "runs", "strikes", "calls", "pass", "fail", "unshown")
HEADS = {Ruling.PASS: "HOLDS", Ruling.FAIL: "FAIL", Ruling.INCONCLUSIVE: "INCONCLUSIVE"}


def campaign_lines(program: str, done: ChaosCampaign) -> list[str]:
    """Return the verdict, a table of faults, the probes and the resilience score."""
    lines = [
        f"{HEADS[done.ruling]}  {program} under {done.plan.name}",
        f"      {verdict(done)}",
        "",
    ]
    width = max(len(fault.name) for fault in done.plan.faults) + 2
    for name, *numbers in fault_rows(done):
        lines.append(f"{name:{width}}" + "".join(f"{each:>9}" for each in numbers))
    return [*lines, *fact_lines(done)]


def fact_lines(done: ChaosCampaign) -> list[str]:
    """Return what the table does not tell: why faults did not strike, the probes, the score."""
    count, failed = len(done.runs), len(done.failed)
    lines = _reasons(done)
    lines += ["", *_probes(done)] if any(_answers(done)) else []
    worst = min(done.runs, key=lambda each: each.report.score)
    between = _ends(done.score_interval)
    over = f", on average over {count} runs (95 %: {between})" if count > 1 else ""
    score = f"resilience score {done.score:.4g} of 100{over}"
    if failed and count > 1:
        score += f"; least {worst.report.score:.4g} (run {worst.number})"
    lines += ["", score]
    lines += _fault_scores(done) if count > 1 and len(done.plan.faults) > 1 else []
    aborted = sum(bool(each.report.aborted) for each in done.runs)
    lines += [f"{_runs(aborted)} aborted"] if aborted else []
    return lines


def fault_rows(done: ChaosCampaign) -> list[tuple[str, ...]]:
    """Return a head, and what each fault of the plan has met."""
    rows: list[tuple[str, ...]] = [HEAD]
    for fault in done.plan.faults:
        found = [f for each in done.runs for f in each.report.faults if f.name == fault.name]
        rows.append((fault.name, *map(str, _row(found))))
    return rows


def _fault_scores(done: ChaosCampaign) -> list[str]:
    """Return the score of each fault, with its interval."""
    told = []
    for fault in done.plan.faults:
        mean, interval = done.fault_score(fault.name)
        told.append(f"  {fault.name}: {mean:.4g} (95 %: {_ends(interval)})")
    return told


def _ends(interval: Interval) -> str:
    return f"{interval.low:.4g} to {interval.high:.4g}"


def verdict(done: ChaosCampaign) -> str:
    """Return what the campaign has shown, in a sentence."""
    count, failed = len(done.runs), len(done.failed)
    if failed:
        broken = [each for each in done.failed if each.report.failure]
        why = f"; first {broken[0].report.failure}" if broken else ""
        told = f"{failed} of {count} runs failed" if count > 1 else "the run failed"
        return told + why
    if done.ruling is Ruling.INCONCLUSIVE:
        if done.never_struck:
            return f"nothing is shown: {', '.join(done.never_struck)} never struck"
        return "nothing is shown: most runs saw no fault strike"
    held = f"all {count} runs held" if count > 1 else "the run held"
    return f"{held}: a rate of failures above {percent(bound(count))} is excluded (95 %)"


def _row(found: list[Struck]) -> list[int]:
    rulings = [each.ruling for each in found]
    return [
        sum(each.took_effect for each in found),
        sum(len(each.strikes) for each in found),
        sum(each.touched for each in found),
        *(rulings.count(one) for one in (Ruling.PASS, Ruling.FAIL, Ruling.INCONCLUSIVE)),
    ]


def _reasons(done: ChaosCampaign) -> list[str]:
    """Return why faults did not strike, or were not let through, once each."""
    told: dict[str, int] = {}
    for each in done.runs:
        for fault in each.report.faults:
            reasons = [f"did not strike: {fault.reason}"] if fault.reason else []
            reasons += [f"was withheld: {why}" for why in fault.withheld if not fault.reason]
            for reason in reasons:
                told[f"{fault.name} {reason}"] = told.get(f"{fault.name} {reason}", 0) + 1
    return [f"  {text} ({_runs(count)})" for text, count in told.items()][:6]


def _answers(done: ChaosCampaign) -> Iterable[tuple[int, Answered]]:
    for each in done.runs:
        once = {probe.name: probe for fault in each.report.faults for probe in fault.probes}
        for probe in once.values():
            yield each.number, probe


def _probes(done: ChaosCampaign) -> list[str]:
    by_name: dict[str, list[tuple[int, Answered]]] = {}
    for number, probe in _answers(done):
        by_name.setdefault(probe.name, []).append((number, probe))
    return [_probe_line(name, found) for name, found in by_name.items()]


def _probe_line(name: str, found: list[tuple[int, Answered]]) -> str:
    asked = sum(probe.asked for _, probe in found)
    head = f"probe {name} ({found[0][1].mode}): asked {asked} times"
    broken = [(number, probe) for number, probe in found if probe.failed]
    if not broken:
        missed = sum(not probe.asked for _, probe in found)
        return head + (f"; not asked in {_runs(missed)}" if missed else "; it held")
    number, first = broken[0]
    return (
        f"{head}; failed in {_runs(len(broken))}; run {number} at {first.at_s:.3f} s: {first.why}"
    )


def windows_lines(done: ChaosCampaign, beside: ChaosCampaign) -> list[str]:
    """Return how often strikes met each window, placed by event and placed by time."""
    named = windows(done.plan)
    event, time = done.reached(named), beside.reached(named)
    width = max(map(len, named)) + 2
    lines = ["", f"{'a kill met somebody in':{max(width, 24)}}{'by event':>10}{'by time':>10}"]
    lines += [f"{name:{max(width, 24)}}{event[name]:>10}{time[name]:>10}" for name in named]
    met = [sum(bool(count) for count in one.values()) for one in (event, time)]
    lines.append(f"{'windows reached':{max(width, 24)}}{met[0]:>10}{met[1]:>10}")
    lines.append(f"{'kills':{max(width, 24)}}{done.strikes:>10}{beside.strikes:>10}")
    return lines


def run_lines(name: str, one: ChaosRun) -> list[str]:
    """Return what happened in one run: strikes in the order of time, and what each was amidst."""
    report = one.report
    lines = [f"{HEADS[one.ruling]}  {name} under {report.name}, run {one.number}"]
    lines += [f"      {report.failure}"] if report.failure else []
    lines += [f"      aborted: {report.aborted}"] if report.aborted else []
    told = [
        (strike.at_s, f"{fault.name} strikes {strike.victim}{_amidst(strike.amidst)}")
        for fault in report.faults
        for strike in fault.strikes
    ]
    once = {probe.name: probe for fault in report.faults for probe in fault.probes}
    told += [
        (probe.at_s, f"probe {probe.name} fails: {probe.why}")
        for probe in once.values()
        if probe.failed
    ]
    lines += ["", *(f"{at_s:10.4f} s  {text}" for at_s, text in sorted(told))]
    lines += [f"{fault.name}: {fault.reason}" for fault in report.faults if fault.reason]
    lines += [f"{fault.name} withheld: {why}" for fault in report.faults for why in fault.withheld]
    cost = f"{one.run.steps:,} events, {one.run.virtual_s:.4g} virtual seconds"
    lines += ["", f"resilience score {report.score:.4g} of 100; {cost}"]
    return lines


def _runs(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _amidst(spans: tuple[str, ...]) -> str:
    if not spans:
        return ""
    told = ", ".join(dict.fromkeys(each if len(each) < 40 else f"{each[:37]}..." for each in spans))
    return f", amidst {told}" if len(told) < 120 else f", amidst {told[:117]}..."
